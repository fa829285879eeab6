"""What a Prometheus answers becomes counts, and every other answer an error that says so."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from components.slo import Queries
from delivery import prometheus
from delivery.gate import Sample
from delivery.prometheus import MetricsError, Prometheus

QUERIES = Queries("requests", "failed", "timed", "fast")


@dataclass
class Server:
    """Answers each query with what it was given."""

    url: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    status: int = 200
    tokens: list[str | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def answer(self, query: str) -> tuple[int, bytes]:
        self.asked.append(query)
        if self.body is not None:
            return self.status, self.body
        result = [{"metric": {}, "value": [0, self.numbers[query]]}] if query in self.numbers else []
        return 200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            (query,) = urllib.parse.parse_qs(self.rfile.read(length).decode())["query"]
            made.tokens.append(self.headers.get("Authorization"))
            status, body = made.answer(query)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{listening.server_port}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield made
    listening.shutdown()
    listening.server_close()


def test_four_questions_make_a_sample(server: Server) -> None:
    server.numbers = {"requests": "1000", "failed": "7.5", "timed": "990", "fast": "980"}
    assert Prometheus(f"{server.url}/").sample(QUERIES) == Sample(1000, 7.5, 990, 10)
    assert server.asked == ["requests", "failed", "timed", "fast"]


def test_where_nothing_is_known_everything_is_nothing(server: Server) -> None:
    assert Prometheus(server.url).sample(QUERIES) == Sample(0, 0, 0, 0)
    server.numbers = {"requests": "NaN"}
    assert Prometheus(server.url).number("requests") is None


def test_counts_that_were_extrapolated_differently_make_nothing_slow(server: Server) -> None:
    server.numbers = {"requests": "10", "timed": "10", "fast": "10.2"}
    assert Prometheus(server.url).sample(QUERIES).slow == 0


def test_a_histogram_without_the_objectives_bound_is_an_error(server: Server) -> None:
    server.numbers = {"requests": "10", "timed": "10"}
    with pytest.raises(MetricsError, match=r"set slo\.latency\.threshold to one of its upper bounds"):
        Prometheus(server.url).sample(QUERIES)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, b"out of memory", "answered 503: out of memory"),
        (200, b"<html>", "does not answer"),
        (200, b"[]", "did not understand 'up'"),
        (200, b'{"status": "error", "error": "parse error"}', "did not understand 'up'"),
        (200, b'{"status": "success", "data": {"result": [{"value": [0, "many"]}]}}', "with no number"),
        (200, b'{"status": "success", "data": {"result": [7]}}', "with no number"),
        (200, b'{"status": "success"}', "did not understand 'up'"),
    ],
)
def test_what_is_no_number_is_an_error(status: int, body: bytes, said: str, server: Server) -> None:
    server.status, server.body = status, body
    with pytest.raises(MetricsError) as refused:
        Prometheus(server.url).number("up")
    assert said in str(refused.value)
    assert server.url in str(refused.value)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(MetricsError, match=r"http://127.0.0.1:9 does not answer: "):
        Prometheus("http://127.0.0.1:9").sample(QUERIES)


def test_a_token_is_sent_and_never_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    Prometheus(server.url).number("up")
    monkeypatch.setenv(prometheus.TOKEN, "marker-4711")
    Prometheus(server.url).number("up")
    assert server.tokens == [None, "Bearer marker-4711"]
    server.status, server.body = 401, b"no"
    with pytest.raises(MetricsError) as refused:
        Prometheus(server.url).number("up")
    assert "marker" not in str(refused.value)


def test_the_labels_of_what_was_asked_for(server: Server) -> None:
    server.body = json.dumps(
        {"status": "success", "data": {"result": [{"metric": {"service": "web"}, "value": [0, "1"]}]}}
    ).encode()
    assert Prometheus(server.url).labels("ALERTS") == [{"service": "web"}]
    server.body = json.dumps({"status": "success", "data": {"result": [5]}}).encode()
    with pytest.raises(MetricsError, match="with no series"):
        Prometheus(server.url).labels("ALERTS")
