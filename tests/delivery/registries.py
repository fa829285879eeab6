"""A registry that is played: the part of the OCI distribution protocol that a copy needs, in memory, on 127.0.0.1."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
USER, PASSWORD = "pusher", "a-password"
TOKEN = "a-token"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """What a registry holds, and what it was asked."""

    def __init__(self, authentication: str | None = None) -> None:
        """``authentication``: None, ``basic`` or ``bearer``."""
        self.authentication = authentication
        self.host = ""
        self.manifests: dict[tuple[str, str], tuple[bytes, str]] = {}
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.scopes: list[str] = []
        self.broken = False
        """Does it hand out other blobs than it was given?"""

    def image(self, path: str, *layers: bytes, platforms: int = 1) -> str:
        """An image with these layers (for several platforms: an index of as many); its reference."""
        parts = []
        for number in range(platforms):
            config = json.dumps({"architecture": f"a{number}"}).encode()
            contents = (config, *(layer + bytes([number]) for layer in layers))
            self.blobs |= {(path, digest(content)): content for content in contents}
            descriptors = [
                {"digest": digest(c), "size": len(c), "mediaType": "application/octet-stream"} for c in contents
            ]
            document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptors[0], "layers": descriptors[1:]}
            parts.append(self._put(path, document, MANIFEST))
        if platforms == 1:
            return f"{self.host}/{path}@{parts[0]}"
        entries = [{"digest": part, "size": 1, "mediaType": MANIFEST} for part in parts]
        whole = self._put(path, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, INDEX)
        return f"{self.host}/{path}@{whole}"

    def _put(self, path: str, document: dict[str, Any], kind: str) -> str:
        content = json.dumps(document).encode()
        self.manifests[path, digest(content)] = (content, kind)
        return digest(content)


@contextmanager
def served(authentication: str | None = None) -> Iterator[Registry]:
    """A registry that listens."""
    registry = Registry(authentication)

    class Handler(_Handler):
        world = registry

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        registry.host = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    world: Registry
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        return

    def do_HEAD(self) -> None:
        self._do()

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def do_PUT(self) -> None:
        self._do()

    def _do(self) -> None:
        body = self._body()
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.world.asked.append((self.command, parts.path))
        if parts.path == "/token":
            self.world.scopes.append(query["scope"])
            known = self.headers.get("Authorization") == _basic()
            self._answer(200 if known else 401, json.dumps({"token": TOKEN}).encode() if known else b"")
        elif not self._welcome():
            challenge = {
                "basic": 'Basic realm="played"',
                "bearer": f'Bearer realm="http://{self.world.host}/token",service="played"',
            }[self.world.authentication or ""]
            self._answer(401, b"", {"WWW-Authenticate": challenge})
        else:
            path, _, rest = parts.path.removeprefix("/v2/").rpartition("/manifests/")
            if path:
                self._manifest(path, rest, body)
            else:
                path, _, rest = parts.path.removeprefix("/v2/").rpartition("/blobs/")
                self._blob(path, rest, body, query)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            raise AssertionError("a length was promised")
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _welcome(self) -> bool:
        wanted = {None: None, "basic": _basic(), "bearer": f"Bearer {TOKEN}"}[self.world.authentication]
        return wanted is None or self.headers.get("Authorization") == wanted

    def _manifest(self, path: str, reference: str, body: bytes) -> None:
        if self.command == "PUT":
            kind = str(self.headers["Content-Type"])
            for name in {reference, digest(body)}:
                self.world.manifests[path, name] = (body, kind)
            self._answer(201, b"")
            return
        content, kind = self.world.manifests.get((path, reference), (None, ""))
        self._answer(404 if content is None else 200, content or b"", {"Content-Type": kind} if kind else {})

    def _blob(self, path: str, rest: str, body: bytes, query: dict[str, str]) -> None:
        if self.command == "POST":
            self._answer(202, b"", {"Location": f"/v2/{path}/blobs/uploads/1?state=x"})
        elif self.command == "PUT":
            good = query["digest"] == digest(body) and query["state"] == "x"
            if good:
                self.world.blobs[path, query["digest"]] = body
            self._answer(201 if good else 400, b"" if good else b'{"errors":[{"code":"DIGEST_INVALID"}]}')
        else:
            content = self.world.blobs.get((path, rest))
            if content is not None and self.world.broken:
                content = content[:-1] + b"?"
            self._answer(404 if content is None else 200, content or b"")

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
