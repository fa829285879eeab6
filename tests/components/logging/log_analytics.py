"""A Log Analytics workspace and the metadata service of a container group, on 127.0.0.1. What they do not know they
refuse: another token, another question, another version."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from components.logging.forwarder.rows import COLUMNS
from components.logging.forwarder.times import text, ticks

WORKSPACE, CLIENT, TOKEN = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002", "token-1"
POINT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z"
QUESTION = re.compile(
    r"ContainerInstanceLog_CL\n"
    r"\| extend Ingested = ingestion_time\(\)\n"
    rf"\| where Ingested >= datetime\((?P<begin>{POINT})\) and Ingested < datetime\((?P<end>{POINT})\)\n"
    r'\| where ContainerGroup_s != "(?P<own>[a-z0-9-]+)"\n'
    r"\| serialize Place = row_number\(\)\n"
    r"\| project Ingested, Place, (?P<columns>.+)\n"
    r"\| sort by Ingested asc, TimeGenerated asc, Place asc\n"
    r"\| take (?P<limit>\d+)"
)
PROJECTED = (
    "TimeGenerated, Group = ContainerGroup_s, "
    'Container = column_ifexists("ContainerName_s", ""), Identity = column_ifexists("ContainerID_s", ""), '
    'Image = column_ifexists("ContainerImage_s", ""), Source = column_ifexists("Source_s", ""), Message'
)
UNRESOLVED = {
    "error": {
        "message": "The request had some invalid properties",
        "code": "BadArgumentError",
        "innererror": {
            "code": "SemanticError",
            "innererror": {
                "code": "SEM0100",
                "message": "'extend' operator: Failed to resolve table or column expression named "
                "'ContainerInstanceLog_CL'",
            },
        },
    }
}
"""What the service says of a table that no line has made yet."""


def stored(ingested: str, message: str, **changes: str) -> dict[str, str]:
    """A row as the workspace keeps it."""
    return {
        "Ingested": ingested,
        "TimeGenerated": ingested,
        "Group": "web-0123456789abcdef",
        "Container": "web",
        "Identity": "c1",
        "Image": "shop.azurecr.io/web@sha256:" + "a" * 64,
        "Source": "LoggingAgent",
        "Message": message,
        **changes,
    }


@dataclass
class LogAnalytics:
    """What it holds, and what it was asked.

    :param rows: None before the first line has made the table.
    :param largest: Rows of which an answer is no longer whole.
    """

    rows: list[dict[str, str]] | None = field(default_factory=list)
    largest: int = 1_000_000
    token: str = TOKEN
    tokens: int = 0
    limits: list[int] = field(default_factory=list)
    busy: int = 0
    """Answers of 429 that are still to come."""
    url: str = ""

    def metadata(self, path: str, headers: Any) -> tuple[int, dict[str, Any]]:
        """A token, for this resource and this identity."""
        parts = urlsplit(path)
        wanted = {"api-version": ["2018-02-01"], "resource": [self.url], "client_id": [CLIENT]}
        if headers.get("Metadata") != "true" or parts.path != "/metadata/identity/oauth2/token":
            return 400, {"error": "invalid_request"}
        if parse_qs(parts.query) != wanted:
            return 400, {"error": f"unknown parameters: {parts.query}"}
        self.tokens += 1
        return 200, {"access_token": self.token, "expires_on": "4102444800", "token_type": "Bearer"}

    def query(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        """Rows, as the one question that is known asks for them."""
        if path != f"/v1/workspaces/{WORKSPACE}/query":
            return 404, {"error": {"code": "PathNotFoundError"}}
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"error": {"code": "InvalidTokenError"}}
        given = json.loads(body)
        asked = QUESTION.fullmatch(given.get("query", ""))
        if headers.get("Content-Type") != "application/json" or given.keys() != {"query"} or asked is None:
            return 400, {"error": {"code": "BadArgumentError", "message": f"not understood: {given}"}}
        if asked["columns"] != PROJECTED:
            return 400, {"error": {"code": "BadArgumentError", "message": f"unknown columns: {asked['columns']}"}}
        if self.busy:
            self.busy -= 1
            return 429, {"error": {"code": "ThrottledError"}}
        if self.rows is None:
            return 400, UNRESOLVED
        return 200, self._answer(self.rows, asked)

    def _answer(self, rows: Sequence[dict[str, str]], asked: re.Match[str]) -> dict[str, Any]:
        begin, end, limit = ticks(asked["begin"]), ticks(asked["end"]), int(asked["limit"])
        self.limits.append(limit)
        places = {id(row): str(place) for place, row in enumerate(rows)}
        found = [row for row in rows if begin <= ticks(row["Ingested"]) < end and row["Group"] != asked["own"]]
        found.sort(key=lambda row: (ticks(row["Ingested"]), ticks(row["TimeGenerated"]), int(places[id(row)])))
        names = ["Ingested", "Place", *COLUMNS]
        values = [[{**row, "Place": places[id(row)]}[name] for name in names] for row in found[:limit]]
        table = {"name": "PrimaryResult", "columns": [{"name": name, "type": "string"} for name in names]}
        if len(values) > self.largest:
            return {"tables": [{**table, "rows": values[: self.largest]}], "error": {"code": "PartialError"}}
        return {"tables": [{**table, "rows": values}]}


@contextmanager
def serve(world: LogAnalytics) -> Iterator[LogAnalytics]:
    """Both services, at one address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*world.metadata(self.path, self.headers))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(*world.query(self.path, self.headers, body))

        def _say(self, status: int, answer: dict[str, Any]) -> None:
            encoded = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(encoded)))
            if status == 429:
                self.send_header("Retry-After", "7")
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def at(seconds: float, start: str = "2026-01-02T03:04:00.0000000Z") -> str:
    """A point so many seconds after another one."""
    return text(ticks(start) + round(seconds * 10_000_000))
