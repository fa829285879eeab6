"""A registry by its own protocol (OCI distribution): is an image there, and copy it by digest from another one.

Nothing is unpacked or rebuilt: manifests and blobs go over as they are, and each is counted by its digest before it is
called copied. docs/adr/0022-releases-beside-the-state.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

import urllib3

from delivery import logins
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.protect import MANIFESTS
from delivery.proxies import Pools

REFERENCE = re.compile(r"^(?P<host>[^/@]+)/(?P<path>[^@:]+)@(?P<digest>sha256:[0-9a-f]{64})$")
NO_DIGEST = f"sha256:{'0' * 64}"
"""Nothing has it: that it is not there is an answer of a registry that is reached and lets somebody in."""
LOOPBACK = re.compile(r"^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$")
"""Registries that are asked without TLS, as Docker does it."""
REACHED = 5.0
"""Seconds for a registry to take a connection."""
LIMIT = 60.0
"""Seconds without a byte."""
PIECE = 1 << 20
"""Bytes of a blob that are held at once."""
LARGEST_MANIFEST = 4 << 20
"""Bytes: registries take no larger one."""
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_RETRIES = urllib3.Retry(total=3, connect=1, status_forcelist=(429, 502, 503), backoff_factor=1, raise_on_status=False)


@dataclass(frozen=True)
class Reference:
    """``host/path@sha256:…``, taken apart."""

    host: str
    path: str
    digest: str

    @classmethod
    def of(cls, image: str) -> Reference:
        """ValueError where it is no reference by digest."""
        match = REFERENCE.match(image)
        if match is None:
            raise ValueError(f"{image} is no reference of the form host/path@sha256:…")
        return cls(match["host"], match["path"], match["digest"])

    @property
    def repository(self) -> str:
        """Host and path."""
        return f"{self.host}/{self.path}"


class Registry:
    """One repository of a registry. Methods raise DeliveryError, naming it, where it refuses or cannot be reached."""

    def __init__(self, host: str, path: str, actions: str = "pull", pool: urllib3.PoolManager | None = None) -> None:
        self.name = f"{host}/{path}"
        self._base = f"{'http' if LOOPBACK.match(host) else 'https'}://{host}/v2/"
        self._host, self._path, self._actions = host, path, actions
        self._pool = pool or Pools(timeout=urllib3.Timeout(connect=REACHED, read=LIMIT), retries=_RETRIES)
        self._authorization: str | None = None

    def has(self, kind: str, digest: str) -> bool:
        """Is this manifest or blob (``kind``: manifests, blobs) there?"""
        with self._ask("HEAD", f"{kind}/{digest}", good=(200, 404)) as answer:
            return int(answer.status) == 200

    def manifest(self, digest: str) -> tuple[bytes, str]:
        """A manifest as it was pushed, and its media type. Its digest has been counted."""
        with self._ask("GET", f"manifests/{digest}", good=(200,)) as answer:
            content = answer.read(LARGEST_MANIFEST, decode_content=True)
            kind = str(answer.headers.get("Content-Type", MANIFESTS[1])).partition(";")[0]
        if _digest(content) != digest:
            raise self._wrong(digest, _digest(content))
        return content, kind

    def tagged(self, tag: str) -> str | None:
        """The digest of what a tag names; None where there is no such tag."""
        with self._ask("GET", f"manifests/{tag}", good=(200, 404)) as answer:
            return _digest(answer.read(LARGEST_MANIFEST, decode_content=True)) if answer.status == 200 else None

    def blob(self, digest: str) -> Iterator[bytes]:
        """A blob, piece by piece; fails at the end where it is not what its digest says."""
        seen = hashlib.sha256()
        with self._ask("GET", f"blobs/{digest}", good=(200,)) as answer:
            for piece in answer.stream(PIECE, decode_content=False):
                seen.update(piece)
                yield piece
        if f"sha256:{seen.hexdigest()}" != digest:
            raise self._wrong(digest, f"sha256:{seen.hexdigest()}")

    def put_manifest(self, content: bytes, kind: str, reference: str) -> None:
        """Push a manifest under a tag or its digest."""
        with self._ask("PUT", f"manifests/{reference}", good=(201,), body=content, headers={"Content-Type": kind}):
            return

    def put_blob(self, digest: str, size: int, pieces: Iterator[bytes]) -> None:
        """Push a blob; the registry counts its digest itself and refuses what does not fit."""
        with self._ask("POST", "blobs/uploads/", good=(202,)) as answer:
            where = urljoin(f"{self._base}{self._path}/blobs/uploads/", str(answer.headers["Location"]))
        whole = f"{where}{'&' if '?' in where else '?'}{urlencode({'digest': digest})}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with self._ask("PUT", whole, good=(201,), body=pieces, headers=headers):
            return

    @contextmanager
    def _ask(
        self,
        method: str,
        what: str,
        *,
        good: tuple[int, ...],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Any]:
        """One request; asked a second time with a token where the registry wants one."""
        url = what if "://" in what else f"{self._base}{self._path}/{what}"
        if method in ("POST", "PUT") and self._authorization is None:
            # A body that is a stream cannot be sent twice: who asks is settled before.
            with self._ask("HEAD", f"manifests/{NO_DIGEST}", good=(200, 404)):
                pass
        answer = self._send(method, url, body, headers)
        if answer.status == 401 and body is None:
            self._authorization = self._answer(str(answer.headers.get("WWW-Authenticate", "")))
            answer.drain_conn()
            answer.release_conn()
            if self._authorization is not None:
                answer = self._send(method, url, body, headers)
        try:
            if answer.status not in good:
                raise self._refused(method, answer)
            yield answer
            answer.drain_conn()
        except BaseException:
            answer.close()  # What is left of an answer must not be taken for the next one.
            raise
        finally:
            answer.release_conn()

    def _send(self, method: str, url: str, body: Any, headers: Mapping[str, str] | None) -> Any:
        own = {"Accept": ", ".join(MANIFESTS), **(headers or {})}
        # Blobs may be kept elsewhere and be read there without our login (a redirect drops it); an upload's place is
        # the registry's own word.
        if self._authorization is not None:
            own["Authorization"] = self._authorization
        try:
            # A stream can be sent once.
            retries = urllib3.Retry(False) if isinstance(body, Iterator) else _RETRIES
            return self._pool.request(method, url, body=body, headers=own, preload_content=False, retries=retries)
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise DeliveryError(
                f"The registry of {self.name} cannot be reached: {reason}.",
                Exit.BAD_INPUT,
                remedy="Check its address and that this machine may reach it.",
            ) from error

    def _answer(self, challenge: str) -> str | None:
        """What the registry wants to see, from what it asked for; None where there is no login for it."""
        scheme, _, rest = challenge.partition(" ")
        login = logins.find(self._host)
        if scheme.lower() == "basic":
            return login.basic if login else None
        if scheme.lower() != "bearer":
            return None
        asked = dict(_CHALLENGE.findall(rest))
        fields = {"service": asked.get("service", ""), "scope": f"repository:{self._path}:{self._actions}"}
        if login is not None and login.is_identity_token:
            form = {**fields, "grant_type": "refresh_token", "refresh_token": login.password, "client_id": "caas"}
            answer = self._pool.request("POST", asked["realm"], fields=form, encode_multipart=False)
        else:
            headers = {"Authorization": login.basic} if login else {}
            answer = self._pool.request("GET", f"{asked['realm']}?{urlencode(fields)}", headers=headers)
        if answer.status != 200:
            return None
        found = json.loads(answer.data)
        return f"Bearer {found.get('token') or found['access_token']}"

    def _refused(self, method: str, answer: Any) -> DeliveryError:
        if answer.status in (401, 403):
            return DeliveryError(
                f"The registry of {self.name} does not let us {'read' if self._actions == 'pull' else 'write'} there "
                f"(status {answer.status}).",
                Exit.BAD_INPUT,
                remedy=f"`docker login {self._host}`, or the login of the cloud's own tool.",
            )
        said = answer.read(LARGEST_MANIFEST).decode(errors="replace")[:200] if method != "HEAD" else ""
        return DeliveryError(
            f"The registry of {self.name} answered {answer.status} to {method}: {said.strip() or 'without a word'}.",
            Exit.BAD_INPUT,
        )

    def _wrong(self, wanted: str, got: str) -> DeliveryError:
        return DeliveryError(f"{self.name}@{wanted} is not what its digest says: it is {got}.", Exit.BAD_INPUT)


def exists(image: str) -> bool:
    """Is the image in its registry? DeliveryError where the registry does not say."""
    where = Reference.of(image)
    return Registry(where.host, where.path).has("manifests", where.digest)


def copy(image: str, repository: str, tag: str) -> int:
    """Copy an image by digest to another repository, all its platforms, under a tag; answers the bytes of the blobs
    that were not there already.

    The tag keeps it from a clean-up of untagged images. DeliveryError where either registry refuses.
    """
    source = Reference.of(image)
    host, _, path = repository.partition("/")
    return _Copy(Registry(source.host, source.path), Registry(host, path, "pull,push")).whole(source.digest, tag)


def copy_tag(source: str, target: str, tag: str) -> bool:
    """Copy what a tag names from one repository (``host/path``) to another; answers whether there was anything.

    DeliveryError where either registry refuses.
    """
    here, there = source.partition("/"), target.partition("/")
    registry = Registry(here[0], here[2])
    digest = registry.tagged(tag)
    if digest is not None:
        _Copy(registry, Registry(there[0], there[2], "pull,push")).whole(digest, tag)
    return digest is not None


class _Copy:
    def __init__(self, source: Registry, target: Registry) -> None:
        self._source, self._target = source, target
        self._bytes = 0

    def whole(self, digest: str, tag: str) -> int:
        self._manifest(digest, tag)
        if not self._target.has("manifests", digest):
            raise DeliveryError(f"{self._target.name}@{digest} is not there after it was copied.", Exit.BAD_INPUT)
        return self._bytes

    def _manifest(self, digest: str, reference: str) -> None:
        content, kind = self._source.manifest(digest)
        document = json.loads(content)
        for part in document.get("manifests") or ():
            self._manifest(part["digest"], part["digest"])
        for blob in (*([document["config"]] if "config" in document else []), *(document.get("layers") or ())):
            self._blob(blob["digest"], int(blob["size"]))
        self._target.put_manifest(content, kind, reference)

    def _blob(self, digest: str, size: int) -> None:
        if not self._target.has("blobs", digest):
            self._target.put_blob(digest, size, self._source.blob(digest))
            self._bytes += size


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
