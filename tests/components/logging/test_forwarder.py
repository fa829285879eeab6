"""The forwarder's work against a workspace that refuses what it does not know: nothing lost, nothing sent twice."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from components.logging import intake
from components.logging.forwarder import __main__, forward, http, rows, times
from components.logging.forwarder.elasticsearch import Elasticsearch
from components.logging.forwarder.forward import Forwarder
from components.logging.forwarder.settings import CLIENT as CLIENT_VARIABLE
from components.logging.forwarder.settings import CONFIGURATION, Settings
from components.logging.forwarder.settings import WORKSPACE as WORKSPACE_VARIABLE
from components.logging.forwarder.workspace import Workspace
from tests.components.logging.log_analytics import CLIENT, WORKSPACE, LogAnalytics, at, serve, stored

NOW = times.ticks(at(3600)) / times.SECOND
"""The forwarder's clock: an hour after the beginning."""


@dataclass
class Arrived:
    """A Collector and an Elasticsearch: what the one is given, the other has."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    """Ids in the order in which they were handed over."""
    refused: str = ""
    """What a line holds that Elasticsearch does not take."""
    closed: bool = False
    """Whether it takes nothing at all."""
    away: bool = False

    def take(self, line: bytes) -> None:
        told = json.loads(line)
        self.given.append(told["id"])
        if not self.closed and not (self.refused and self.refused in told["line"]):
            self.documents[told["id"]] = told

    def newest(self) -> int | None:
        if self.away:
            raise ConnectionError("Elasticsearch cannot be reached")
        taken = [times.ticks(one["ingested"]) for one in self.documents.values()]
        # Elasticsearch keeps milliseconds.
        return max(taken) // 10_000 * 10_000 if taken else None

    def present(self, ids: Sequence[str]) -> set[str]:
        if self.away:
            raise ConnectionError("Elasticsearch cannot be reached")
        return {one for one in ids if one in self.documents}

    @property
    def messages(self) -> list[str]:
        """The texts, in order."""
        return sorted(one["line"].split(" ", 3)[3] for one in self.documents.values())


@dataclass
class Scene:
    """A workspace, and where its lines go."""

    workspace: LogAnalytics
    arrived: Arrived
    port: int

    def settings(self, **changes: Any) -> Settings:
        known: dict[str, Any] = {
            "own": "shop-dev-log-forwarder",
            "services": ("web",),
            "continues": intake.continues(),
            "elasticsearch": "http://unused",
            "stream": "unused",
            "platform": "azure-aci",
            "credential": None,
            "collector": self.port,
            "patience": 60,
            "api": self.workspace.url,
            "metadata": self.workspace.url,
        }
        return Settings(**{**known, **changes})

    def forwarder(self, **changes: Any) -> Forwarder:
        """One that has just started."""
        settings = self.settings(**changes)
        there: Any = self.arrived
        asked = Workspace(settings, WORKSPACE, CLIENT)
        return Forwarder(settings, asked, there, threading.Event(), clock=lambda: NOW)

    def hold(self, *messages: str, start: float = 0, apart: float = 1) -> None:
        """The workspace takes lines, so many seconds apart."""
        for number, message in enumerate(messages):
            assert self.workspace.rows is not None
            self.workspace.rows.append(stored(at(start + number * apart), message))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(forward, "LOOK", 0.01)
    arrived = Arrived()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                arrived.take(line)

    with serve(LogAnalytics()) as workspace, socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield Scene(workspace, arrived, server.server_address[1])
        server.shutdown()
        thread.join()


def all_of(forwarder: Forwarder) -> None:
    """Page after page, until there is no more."""
    while forwarder.once():
        pass


def test_every_line_arrives_once_in_as_many_pages_as_it_takes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS", 20)
    said = [f"line {number}" for number in range(300)]
    scene.hold(*said)
    all_of(scene.forwarder())
    assert scene.arrived.messages == sorted(said)
    assert len(scene.arrived.given) == len(said)
    assert len(scene.workspace.limits) > 10
    assert scene.workspace.tokens == 1


def test_the_newest_rows_wait_until_all_of_them_can_be_seen(scene: Scene) -> None:
    scene.hold("old", start=3600 - 131)
    scene.hold("new", start=3600 - 119)
    all_of(scene.forwarder())
    assert scene.arrived.messages == ["old"]
    assert not scene.forwarder(lag=3600 * 48).once()


def test_the_first_start_goes_back_for_as_long_as_it_was_told(scene: Scene) -> None:
    scene.hold("too old", "old enough", start=1000, apart=1700)
    all_of(scene.forwarder(lookback=1000))
    assert scene.arrived.messages == ["old enough"]


def test_a_later_start_goes_on_where_elasticsearch_says_and_sends_nothing_again(scene: Scene) -> None:
    scene.hold("a", "b", "c", start=0, apart=600)
    all_of(scene.forwarder())
    scene.hold("late", start=1201)
    again = scene.forwarder(lookback=1)
    all_of(again)
    assert scene.arrived.messages == ["a", "b", "c", "late"]
    assert len(scene.arrived.given) == 4


def test_what_was_on_its_way_when_a_forwarder_ended_is_found_again(scene: Scene) -> None:
    scene.hold(*(f"line {number}" for number in range(59)), apart=10)
    first = scene.forwarder()
    all_of(first)
    # The last one of the page had arrived, one before it had not.
    lost = next(key for key, one in scene.arrived.documents.items() if one["line"].endswith(" line 3"))
    del scene.arrived.documents[lost]
    scene.arrived.given.clear()
    all_of(scene.forwarder())
    assert len(scene.arrived.messages) == 59
    assert scene.arrived.given == [lost]


def test_nothing_goes_on_before_elasticsearch_has_it(scene: Scene) -> None:
    scene.hold("a", "b")
    scene.arrived.closed = True
    forwarder = scene.forwarder(patience=0.05)
    for _ in range(forward.TRIES + 1):
        with pytest.raises(TimeoutError, match="2 of 2 lines have not arrived"):
            forwarder.once()
    scene.arrived.closed = False
    all_of(scene.forwarder())
    assert scene.arrived.messages == ["a", "b"]


def test_an_elasticsearch_that_is_away_is_given_nothing(scene: Scene) -> None:
    scene.hold("a")
    forwarder = scene.forwarder()
    scene.arrived.away = True
    with pytest.raises(ConnectionError):
        forwarder.once()
    assert scene.arrived.given == []
    scene.arrived.away = False
    all_of(forwarder)
    assert scene.arrived.messages == ["a"]


def test_one_line_that_is_refused_is_named_and_does_not_stop_the_others(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.hold("good", "poison", "good too")
    scene.hold("after", start=700)
    scene.arrived.refused = "poison"
    forwarder = scene.forwarder(patience=1)
    for _ in range(forward.TRIES - 1):
        with pytest.raises(TimeoutError, match="1 of 3 lines"):
            forwarder.once()
    all_of(forwarder)
    assert scene.arrived.messages == ["after", "good", "good too"]
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (given_up,) = [one for one in said if "given up" in one["msg"]]
    assert (given_up["container"], given_up["time"]) == ("web", at(1))
    assert "poison" not in json.dumps(said)


def test_a_slice_that_is_larger_than_a_page_is_asked_for_whole(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS", 5)
    scene.hold(*(f"line {number}" for number in range(40)), apart=0.1)
    all_of(scene.forwarder())
    assert len(scene.arrived.messages) == 40
    assert rows.MOST_ROWS in scene.workspace.limits


def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pages(scene: Scene) -> None:
    scene.workspace.largest = 400
    scene.hold(*(f"line {number}" for number in range(2000)))
    all_of(scene.forwarder())
    assert len(scene.arrived.messages) == 2000


def test_a_slice_that_is_larger_than_a_page_is_asked_for_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS", 20)
    scene.workspace.largest = 400
    scene.hold(*(f"line {number}" for number in range(900)), apart=1 / 30)
    all_of(scene.forwarder())
    assert len(scene.arrived.messages) == 900
    assert len(scene.arrived.given) == 900


def test_a_slice_that_no_answer_can_hold_is_an_error(scene: Scene) -> None:
    scene.workspace.largest = 150
    scene.hold(*(f"line {number}" for number in range(1000)), apart=0.001)
    with pytest.raises(ValueError, match="more lines than one answer may hold"):
        all_of(scene.forwarder())
    assert scene.arrived.given == []


def test_a_table_that_no_line_has_made_yet_is_empty(scene: Scene) -> None:
    scene.workspace.rows = None
    assert not scene.forwarder().once()


def test_another_token_is_fetched_when_the_first_is_refused(scene: Scene) -> None:
    forwarder = scene.forwarder()
    forwarder.once()
    scene.workspace.token = "token-2"
    forwarder.reached = times.ticks(at(0))
    with pytest.raises(http.RefusedError, match="the workspace answered 401"):
        forwarder.once()
    forwarder.once()
    assert scene.workspace.tokens == 2


def test_a_service_that_asks_to_wait_is_heard(scene: Scene) -> None:
    scene.workspace.busy = 1
    with pytest.raises(http.RefusedError) as refused:
        scene.forwarder().once()
    assert (refused.value.status, refused.value.after) == (429, 7)


def test_a_run_goes_on_after_a_failure_and_ends_when_it_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forward, "SHORTEST", 0.01)
    scene.hold("a")
    stop = threading.Event()
    failures = iter([ConnectionError("Elasticsearch cannot be reached"), None])

    def newest() -> int | None:
        if (failure := next(failures)) is not None:
            raise failure
        return None

    def clock() -> float:
        if scene.arrived.documents:
            stop.set()
        return NOW

    monkeypatch.setattr(scene.arrived, "newest", newest, raising=False)
    settings = scene.settings(pause=0.01)
    there: Any = scene.arrived
    at_work = Forwarder(settings, Workspace(settings, WORKSPACE, CLIENT), there, stop, clock)
    at_work.run()
    said = [json.loads(line)["msg"] for line in capsys.readouterr().out.splitlines()]
    assert said == ["Elasticsearch cannot be reached", "begins"]
    assert scene.arrived.messages == ["a"]


def test_a_program_that_was_told_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main({}) == 2
    assert json.loads(capsys.readouterr().out)["msg"].startswith("cannot start: FORWARDER_CONFIG")
    told = Settings(own="f", services=(), continues="", elasticsearch="", stream="", platform="")
    assert __main__.main({CONFIGURATION: told.encoded(), WORKSPACE_VARIABLE: WORKSPACE}) == 2
    assert json.loads(capsys.readouterr().out)["msg"] == f"cannot start: '{CLIENT_VARIABLE}'"


def test_elasticsearch_is_asked_in_portions_and_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def answer(who: str, url: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        assert (who, headers) == ("Elasticsearch", {"Authorization": "ApiKey secret"})
        assert url.startswith("https://logs.example.org/logs-caas.app-dev/_search?")
        assert "allow_partial_search_results=false" in url
        asked.append(body)
        return {"hits": {"hits": [{"_id": body["query"]["ids"]["values"][0]}]}}

    monkeypatch.setattr(http, "ask", answer)
    settings = Settings(
        own="f",
        services=(),
        continues="",
        elasticsearch="https://logs.example.org/",
        stream="logs-caas.app-dev",
        platform="azure-aci",
    )
    ids = [str(number) for number in range(2500)]
    assert Elasticsearch(settings, "secret").present(ids) == {"0", "1000", "2000"}
    assert [body["size"] for body in asked] == [1000, 1000, 500]
