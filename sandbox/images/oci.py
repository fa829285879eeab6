"""An image in the Open Container Initiative's format, and the way into a registry.

    image = Image(layers=[pack([copy(binary, "/app")], work / "app.tar.gz")], config=Config(entrypoint=["/app"]))
    digest = push(image, "127.0.0.1:15000/team/app:1")

What an image holds is its caller's business.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import platform
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import SandboxError
from sandbox.images.layer import Layer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

TIMEOUT = 60.0
"""Seconds that a registry may take for one answer."""

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Config:
    """How a container of the image starts, unless it is told otherwise."""

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    user: str = ""
    """``uid`` or ``uid:gid``; root where empty."""
    directory: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """This configuration in the format's own words."""
        return {
            key: value
            for key, value in {
                "Entrypoint": list(self.entrypoint),
                "Cmd": list(self.command),
                "Env": [f"{name}={value}" for name, value in self.environment.items()],
                "User": self.user,
                "WorkingDir": self.directory,
                "Labels": dict(sorted(self.labels.items())),
            }.items()
            if value
        }


@dataclass(frozen=True)
class Image:
    """Layers, lowest first, and the configuration. The same parts give the same digest."""

    layers: Sequence[Layer]
    config: Config = Config()
    architecture: str = ARCHITECTURES.get(platform.machine(), platform.machine())

    def configuration(self) -> bytes:
        """The configuration blob."""
        return _json(
            {
                "architecture": self.architecture,
                "config": self.config.document(),
                "created": "1970-01-01T00:00:00Z",
                "history": [{"created": "1970-01-01T00:00:00Z"} for _ in self.layers],
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            }
        )

    def manifest(self) -> bytes:
        """The manifest, whose digest is the image's."""
        configuration = self.configuration()
        return _json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"mediaType": CONFIG, "digest": _digest(configuration), "size": len(configuration)},
                "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": layer.size} for layer in self.layers],
            }
        )

    @property
    def digest(self) -> str:
        """``sha256:…`` of the manifest."""
        return _digest(self.manifest())


@dataclass(frozen=True)
class Reference:
    """``host[:port]/repository:tag`` in parts."""

    host: str
    repository: str
    tag: str

    @staticmethod
    def parse(text: str) -> Reference:
        """Split a reference that names its registry and a tag; raises :class:`SandboxError` for any other."""
        host, _, rest = text.partition("/")
        repository, _, tag = rest.rpartition(":")
        if not (host and repository and tag) or "@" in text:
            raise SandboxError(f"image reference {text!r} must have the form host[:port]/repository:tag")
        return Reference(host, repository, tag)


def push(image: Image, reference: str) -> str:
    """Store the image under ``reference`` in a registry that speaks plain HTTP; give its digest.

    Blobs that the registry has are not sent again, so a second push of the same image sends nothing.
    """
    target = Reference.parse(reference)
    with _Registry(target.host) as registry:
        if registry.digest(target.repository, target.tag) == image.digest:
            return image.digest
        for layer in image.layers:
            if not registry.has(target.repository, layer.digest):
                with layer.archive.open("rb") as content:
                    registry.upload(target.repository, layer.digest, content, layer.size)
        configuration = image.configuration()
        if not registry.has(target.repository, _digest(configuration)):
            registry.upload(target.repository, _digest(configuration), configuration, len(configuration))
        registry.tag(target.repository, target.tag, image.manifest())
    return image.digest


def pushed(reference: str) -> str | None:
    """Digest of what the registry has under ``reference``; None where it has nothing."""
    target = Reference.parse(reference)
    with _Registry(target.host) as registry:
        return registry.digest(target.repository, target.tag)


class _Registry:
    """The calls of the distribution API that a push needs, over one connection."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._connection = http.client.HTTPConnection(host, timeout=TIMEOUT)

    def __enter__(self) -> _Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def has(self, repository: str, digest: str) -> bool:
        return self._call("HEAD", f"/v2/{repository}/blobs/{digest}", expected=(200, 404))[0] == 200

    def digest(self, repository: str, tag: str) -> str | None:
        status, headers = self._call(
            "HEAD", f"/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFEST}, expected=(200, 404)
        )
        return headers.get("docker-content-digest") if status == 200 else None

    def upload(self, repository: str, digest: str, content: Any, size: int) -> None:
        _, headers = self._call("POST", f"/v2/{repository}/blobs/uploads/", expected=(202,))
        location = urllib.parse.urlsplit(headers["location"])
        query = f"{location.query}&" if location.query else ""
        self._call(
            "PUT",
            f"{location.path}?{query}digest={urllib.parse.quote(digest)}",
            body=content,
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(size)},
            expected=(201,),
        )

    def tag(self, repository: str, tag: str, manifest: bytes) -> None:
        self._call(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            body=manifest,
            headers={"Content-Type": MANIFEST},
            expected=(201,),
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        expected: tuple[int, ...],
    ) -> tuple[int, dict[str, str]]:
        try:
            self._connection.request(method, path, body=body, headers=headers or {})
            response = self._connection.getresponse()
            answer = response.read()
        except OSError as error:
            raise SandboxError(
                f"the registry at {self._host} does not answer ({error}); start the sandbox with `make up`"
            ) from error
        if response.status not in expected:
            raise SandboxError(
                f"the registry at {self._host} answered {response.status} to {method} {path}: "
                f"{answer.decode(errors='replace').strip()[:500]}"
            )
        return response.status, {name.lower(): value for name, value in response.getheaders()}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
