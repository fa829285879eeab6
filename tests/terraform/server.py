"""Terraform's HTTP backend for tests: one state behind a password, with its lock. What it does not know it refuses."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER, PASSWORD = "reader", "pass-of-hunter2"
PATH = "/state/network"


@dataclass
class Backend:
    """What the server holds and was asked."""

    address: str = ""
    state: bytes | None = None
    lock: bytes | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request that was admitted."""
    elsewhere: str | None = None
    """Where a reader is sent instead, if anywhere."""

    @property
    def variables(self) -> dict[str, str]:
        """What Terraform and the program read the backend's address and password from."""
        return {
            "TF_HTTP_ADDRESS": self.address,
            "TF_HTTP_LOCK_ADDRESS": self.address,
            "TF_HTTP_UNLOCK_ADDRESS": self.address,
            "TF_HTTP_USERNAME": USER,
            "TF_HTTP_PASSWORD": PASSWORD,
        }


@contextmanager
def serving() -> Iterator[Backend]:
    """A backend on this machine, until the block ends."""
    backend = Backend()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(backend))
    backend.address = f"http://127.0.0.1:{server.server_port}{PATH}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield backend
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(backend: Backend) -> type[BaseHTTPRequestHandler]:
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _asked(self) -> bytes | None:
            """The request's body; None where the request was refused."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != expected:
                self._answer(401)
            elif self.path.partition("?")[0] != PATH:
                self._answer(404)
            else:
                backend.asked.append((self.command, self.path))
                return body
            return None

        def do_GET(self) -> None:
            if self._asked() is None:
                return
            if backend.elsewhere is not None:
                self._answer(302, Location=backend.elsewhere)
            elif backend.state is None:
                self._answer(404)
            else:
                self._answer(200, backend.state)

        def do_POST(self) -> None:
            body = self._asked()
            if body is not None:
                backend.state = body
                self._answer(200)

        def do_LOCK(self) -> None:
            body = self._asked()
            if body is not None and backend.lock is not None:
                self._answer(423, backend.lock)
            elif body is not None:
                backend.lock = body
                self._answer(200)

        def do_UNLOCK(self) -> None:
            if self._asked() is not None:
                backend.lock = None
                self._answer(200)

        def log_message(self, *_: Any) -> None:
            """Nothing: a test asserts what was asked."""

    return Handler
