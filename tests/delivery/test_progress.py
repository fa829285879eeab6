"""Progress: what is waited for, for how long, and the limit; now and then, not all the time."""

from __future__ import annotations

import pytest

from delivery.output import Output
from delivery.progress import Wait
from tests.delivery.world import Clock


def test_a_wait_speaks_now_and_then_and_knows_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    wait = Wait(Output(), "the engine", 40, interval=15, clock=clock)
    for _ in range(41):
        wait.tick()
        assert not wait.over
        clock.sleep(1)
    assert wait.over
    assert capsys.readouterr().err.splitlines() == [
        "Waiting for the engine: 15 of 40 s.",
        "Waiting for the engine: 30 of 40 s.",
    ]


def test_a_wait_without_a_limit_of_its_own_says_only_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    wait = Wait(Output(), "the engine", clock=clock)
    clock.sleep(20)
    wait.tick()
    assert not wait.over
    assert capsys.readouterr().err == "Waiting for the engine: 20 s.\n"
