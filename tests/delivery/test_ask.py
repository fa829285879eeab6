"""Health asked for through the ingress: to the endpoint's address, under the service's own host name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from delivery import ask
from delivery.observe import Answer
from tests.delivery.world import service


class Ingress(HTTPServer):
    """Answers 200 to one host and path, 404 to any other."""

    def __init__(self, host: str, path: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                right = (self.headers["Host"], self.path) == (host, path)
                self.send_response(200 if right else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def ingress() -> Iterator[str]:
    server = Ingress("hello.test", "/api/healthz")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("health_path", ["/healthz", "/api/healthz"])
def test_the_request_goes_to_the_endpoint_with_the_services_host_and_prefix(ingress: str, health_path: str) -> None:
    asked = service(url="http://hello.test/api", health_path=health_path)
    assert ask.health(asked, ingress) == Answer("http://hello.test/api/healthz", 200)


def test_another_host_is_not_answered_for(ingress: str) -> None:
    answer = ask.health(service(url="http://other.test/api"), ingress)
    assert answer == Answer("http://other.test/api/healthz", 404)


def test_no_answer_names_where_it_was_asked() -> None:
    answer = ask.health(service(url="http://hello.test/"), "http://127.0.0.1:1")
    assert answer is not None
    assert answer.status is None
    assert answer.error is not None
    assert "refused" in answer.error
    assert "through http://127.0.0.1:1" in answer.error


def test_a_service_without_an_address_is_not_asked() -> None:
    assert ask.health(service(url=None), None) is None
