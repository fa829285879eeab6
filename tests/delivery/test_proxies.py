"""Calls go by the proxy that the environment names: a proxy of this machine notes what it is asked for."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3

from delivery import oci
from delivery.errors import DeliveryError
from delivery.proxies import Pools, proxy_of
from tests.delivery.registries import served

IMAGE = "registry.test/team/web@sha256:" + "0" * 64
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Proxy:
    """What it was asked, and where it listens."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str | None]] = []
        """Method, what for, and the credential."""
        self.address = ""


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that lets nobody through a tunnel, and answers everything else itself."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    state = Proxy()

    class Handler(BaseHTTPRequestHandler):
        def _note(self, status: int) -> None:
            state.asked.append((self.command, self.path, self.headers.get("Proxy-Authorization")))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_CONNECT(self) -> None:
            self._note(403)

        def do_GET(self) -> None:
            self._note(200)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.address = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def test_a_registry_is_asked_through_the_proxy_with_its_credential(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://ann:p%40ss@{proxy.address}")
    monkeypatch.setattr(oci, "_RETRIES", urllib3.Retry(False))
    with pytest.raises(DeliveryError, match=r"The registry of registry\.test/team/web cannot be reached") as refused:
        oci.exists(IMAGE)
    credential = "Basic " + base64.b64encode(b"ann:p@ss").decode()
    assert set(proxy.asked) == {("CONNECT", "registry.test:443", credential)}
    assert "p@ss" not in str(refused.value)


def test_a_host_of_no_proxy_is_asked_directly(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.corp.test")
    with served() as registry:
        assert oci.exists(registry.image("team/web", b"layer"))
    assert proxy.asked == []
    assert Pools().request("GET", "http://plain.test/x").status == 200
    assert proxy.asked == [("GET", "http://plain.test/x", None)]


@pytest.mark.parametrize(
    ("variables", "url", "found"),
    [
        ({}, "https://a.test/", None),
        ({"HTTPS_PROXY": "http://p.test:3128"}, "https://a.test/", "http://p.test:3128"),
        ({"https_proxy": "p.test:3128"}, "https://a.test/", "http://p.test:3128"),
        ({"HTTPS_PROXY": "http://p.test:3128"}, "http://a.test/", None),
        ({"ALL_PROXY": "http://p.test:3128"}, "http://a.test/", "http://p.test:3128"),
        ({"HTTPS_PROXY": "http://p.test:3128", "NO_PROXY": "a.test"}, "https://a.test:8443/", None),
        ({"HTTPS_PROXY": "http://p.test:3128", "NO_PROXY": ".corp.test"}, "https://x.corp.test/", None),
        ({"HTTPS_PROXY": "http://p.test:3128", "NO_PROXY": "*"}, "https://a.test/", None),
    ],
)
def test_what_the_environment_names_is_the_proxy(
    variables: dict[str, str], url: str, found: str | None, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert proxy.asked == []
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_of(url) == found
