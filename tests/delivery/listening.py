"""An HTTP server on this machine that answers as it is told, and remembers what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    document: Any
    """What its body says; None where that is no JSON."""
    method: str = "POST"
    body: bytes = b""


@dataclass
class Server:
    """What it answers and has heard."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    """The next answers; 200 when there is none left."""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every answer."""
    hang: threading.Event | None = None
    """Where there is one, nothing is answered until it is set."""
    heard: list[Heard] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)
    """Set with the first request."""


@contextmanager
def server() -> Iterator[Server]:
    """A server for as long as the block runs."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = json.loads(body) if self.headers["Content-Type"] == "application/json" else None
            state.heard.append(Heard(self.path, dict(self.headers), said, self.command, body))
            state.came.set()
            if state.hang is not None:
                state.hang.wait(30)
            self.send_response(state.answers.pop(0) if state.answers else 200)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST

        def log_message(self, *_: Any) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            return  # Whoever hung up did so on purpose.

    listening = Quiet(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        if state.hang is not None:
            state.hang.set()
        listening.shutdown()
        thread.join()
        listening.server_close()
