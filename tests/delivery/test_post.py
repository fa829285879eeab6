"""Sending a document: how often it is tried, for how long, and what is said where it was not taken."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from delivery import post as posting
from delivery.post import NotSentError, Target, post
from tests.delivery.listening import Server, server
from tests.delivery.world import Clock

DOCUMENT = {"text": "hello"}


@pytest.fixture
def listening() -> Iterator[Server]:
    with server() as found:
        yield found


def send(url: str, clock: Clock, seconds: float = 60, **headers: str) -> None:
    post(Target(url, headers), DOCUMENT, clock.now + seconds, clock=clock, sleep=clock.sleep)


def test_it_is_sent_once_as_json_with_its_headers(listening: Server) -> None:
    send(f"{listening.url}/hook/1", Clock(), Authorization="Bearer word")
    assert [(h.path, h.document) for h in listening.heard] == [("/hook/1", DOCUMENT)]
    assert listening.heard[0].headers["Content-Type"] == "application/json"
    assert listening.heard[0].headers["Authorization"] == "Bearer word"


@pytest.mark.parametrize("code", [500, 502, 503, 408, 429])
def test_what_may_be_better_a_moment_later_is_tried_again_with_growing_pauses(listening: Server, code: int) -> None:
    listening.answers = [code, code, code, 200]
    clock = Clock()
    send(listening.url, clock)
    assert len(listening.heard) == posting.TRIES
    assert clock.now == 1000 + posting.FIRST_PAUSE * (1 + 2 + 4)


def test_it_is_given_up_after_the_last_try(listening: Server) -> None:
    listening.answers = [500] * 9
    with pytest.raises(NotSentError, match=r"^it answered 500, 4 times$"):
        send(listening.url, Clock())
    assert len(listening.heard) == posting.TRIES


@pytest.mark.parametrize("code", [400, 401, 403, 404])
def test_what_will_not_be_better_is_tried_once(listening: Server, code: int) -> None:
    listening.answers = [code]
    with pytest.raises(NotSentError, match=rf"^it answered {code}$"):
        send(listening.url, Clock())
    assert len(listening.heard) == 1


def test_it_waits_as_long_as_it_is_asked_to(listening: Server) -> None:
    listening.answers, listening.headers = [429], {"Retry-After": "7"}
    clock = Clock()
    send(listening.url, clock)
    assert clock.now == 1007
    assert len(listening.heard) == 2


def test_it_does_not_wait_beyond_its_time(listening: Server) -> None:
    listening.answers, listening.headers = [429], {"Retry-After": "3600"}
    clock = Clock()
    with pytest.raises(NotSentError, match=r"^it answered 429$"):
        send(listening.url, clock, seconds=5)
    assert clock.now == 1000


def test_it_goes_nowhere_else(listening: Server) -> None:
    with server() as other:
        listening.answers, listening.headers = [302], {"Location": f"{other.url}/elsewhere"}
        with pytest.raises(NotSentError, match=r"^it answered 302$"):
            send(listening.url, Clock(), Authorization="Bearer word")
        assert other.heard == []


def test_one_that_hangs_is_given_up(listening: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.05)
    listening.hang = threading.Event()
    with pytest.raises(NotSentError, match=r"^it did not answer in time, 4 times$"):
        send(listening.url, Clock())


def test_one_that_is_not_there_is_given_up_without_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotSentError) as error:
        send(f"http://127.0.0.1:{port}/secret-path", Clock())
    assert str(error.value) == "it cannot be reached (Connection refused), 4 times"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "hooks.example.org/secret-path", "ftp://x/secret-path"])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(NotSentError, match=r"^its address is no URL of http or https$"):
        send(url, Clock())


@pytest.mark.parametrize("url", ["http://x:port/secret-path", "http://[x/secret-path", "http://x y/secret-path"])
def test_an_address_that_is_none_is_not_repeated(url: str) -> None:
    with pytest.raises(NotSentError) as error:
        send(url, Clock())
    assert "secret-path" not in str(error.value)


def test_nothing_is_sent_when_the_time_is_over(listening: Server) -> None:
    with pytest.raises(NotSentError, match=r"^the time for it was over$"):
        post(Target(listening.url), DOCUMENT, time.monotonic() - 1)
    assert listening.heard == []
