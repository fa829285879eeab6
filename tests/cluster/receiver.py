"""Somebody who is told: a webhook on this machine that keeps what Alertmanager sends to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from sandbox import ports


@dataclass
class Receiver:
    """What was told so far."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)

    def alerts(self, status: str) -> set[tuple[str, str]]:
        """Name and severity of the alerts that it was told of as firing, or as resolved."""
        return {
            (alert["labels"]["alertname"], alert["labels"]["severity"])
            for message in list(self.told)
            for alert in message["alerts"]
            if alert["status"] == status
        }

    def last(self, alert: str) -> dict[str, Any]:
        """The newest message's alert of this name."""
        every: list[dict[str, Any]] = [one for message in self.told for one in message["alerts"]]
        found = [one for one in every if one["labels"]["alertname"] == alert]
        return found[-1]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that listens where pods can call it, for as long as the block lasts."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer((ports.NODE_ADDRESS, 0), Handler)
    made.url = f"http://{ports.NODE_ADDRESS}:{server.server_port}/alerts"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
