"""The previews of a comparison are made at the same time, and Ctrl-C ends them all."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from components.spec import Environment
from delivery.errors import Interrupted
from delivery.parity import run
from delivery.parity.graph import Graph
from tests.components import worlds
from tests.delivery.parity.test_across import on_ecs, on_kubernetes

SCALING = {"minimum": 3, "maximum": 6}
STACKS = ("dev", "staging", "prod")
LIMIT = 30.0
"""Seconds after which nobody comes any more."""


class Stoppable:
    """An engine that only ends when it is told to."""

    cut_off = False

    def __init__(self) -> None:
        self.told = threading.Event()

    def stop(self, *, hurry: bool = False) -> None:
        self.told.set()


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "Engine", Stoppable)


def environments() -> list[Environment]:
    return [worlds.environment({"web": worlds.service(scaling=SCALING)}, stack=stack) for stack in STACKS]


def test_as_many_are_under_way_as_there_are_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(len(STACKS), timeout=LIMIT)

    def declared(_directory: Path, environment: Environment, _engine: Any) -> Graph:
        together.wait()
        return Graph(environment.stack, environment.tier, environment.platform, {})

    monkeypatch.setattr(os, "cpu_count", lambda: len(STACKS))
    monkeypatch.setattr(run, "declared", declared)
    found = run.parity(Path(), environments(), lambda _line: None)
    assert (found.stacks, found.refused) == (STACKS, ())


def test_an_interrupt_ends_what_is_under_way_and_begins_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    def declared(_directory: Path, environment: Environment, engine: Stoppable) -> Graph:
        begun.append(environment.stack)
        os.kill(os.getpid(), signal.SIGINT)
        assert engine.told.wait(LIMIT)
        raise AssertionError("the interrupt is what is told")

    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(run, "declared", declared)
    with pytest.raises(Interrupted):
        run.parity(Path(), environments(), lambda _line: None)
    assert begun == ["dev"]


def test_what_is_on_another_platform_is_not_previewed(monkeypatch: pytest.MonkeyPatch) -> None:
    def declared(_directory: Path, environment: Environment, _engine: Any) -> Graph:
        raise AssertionError(f"{environment.stack} was previewed")

    monkeypatch.setattr(run, "declared", declared)
    found = run.parity(Path(), [on_kubernetes(), on_ecs()], lambda _line: None)
    assert (found.stacks, found.refused) == (("dev", "prod"), ())
