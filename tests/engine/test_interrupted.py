"""Ctrl-C during `caas up`, once and twice, and two `caas up` at once: what they say, and that the state stays whole."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from delivery.exit_codes import Exit
from tests.engine import simulated
from tests.engine.simulated import Aws, ended, until
from tests.projects import Completed, Project

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def aws(engine_project: Project) -> Iterator[Aws]:
    with simulated.aws(engine_project) as found:
        yield found


def stopped(done: Completed, line: str) -> None:
    assert done.code == Exit.INTERRUPTED, done.text
    errors = [one for one in done.err.splitlines() if one.startswith("error: ")]
    assert errors == [f"error: {line}"], done.text
    assert "Traceback" not in done.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_once_the_engine_finishes_and_the_next_apply_goes_on(aws: Aws, number: signal.Signals) -> None:
    aws.fault()
    process = aws.start("up")
    until(aws.fault_met, process, "a resource is being made")
    process.send_signal(number)
    done = ended(process)
    stopped(
        done,
        "Stopped. The engine finished what was under way; the state is usable, and `caas up` goes on from here.",
    )
    assert "Stopping: the engine finishes what is under way, 30 s at the most." in done.err
    assert aws.project.state().get("pending_operations", []) == []
    assert aws.locks() == []
    again = aws.project.caas("up")
    assert again.code == 0, again.text
    assert "cut off" not in again.err
    aws.must_be_whole()


def test_twice_it_stops_at_once_and_the_next_apply_finds_out(aws: Aws) -> None:
    aws.fault()
    process = aws.start("up")
    until(aws.fault_met, process, "a resource is being made")
    simulated.freeze_plugin(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "Stopping: the engine finishes" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    done = ended(process, limit=60)
    stopped(
        done,
        "Stopped at once: what was under way may be half done. The state says so, and the next `caas up` finds out and "
        "goes on from there.",
    )
    assert "Stopping at once." in done.err
    assert aws.project.state()["pending_operations"] != []
    aws.no_fault()
    again = aws.project.caas("up")
    assert again.code == 0, again.text
    assert "The last apply was cut off" in again.err
    aws.must_be_whole()


def test_of_two_at_once_one_waits_and_a_third_is_told(aws: Aws) -> None:
    aws.fault(seconds=15)
    first = aws.start("up")
    until(aws.fault_met, first, "a resource is being made")
    second = aws.start("up")
    third = aws.project.caas("up", "--lock-timeout", "0")
    assert third.code == Exit.LOCKED, third.text
    assert "Stack 'check' is being changed by " in third.err
    done = ended(first)
    assert done.code == 0, done.text
    waited = ended(second)
    assert waited.code == 0, waited.text
    assert "Waiting for " in waited.err
    assert "Nothing to change." in waited.err
    aws.must_be_whole()


def test_two_that_begin_together_on_a_stack_that_neither_finds(aws: Aws) -> None:
    both = [aws.start("up") for _ in range(2)]
    ends = [ended(one) for one in both]
    assert [done.code for done in ends] == [0, 0], "\n".join(done.text for done in ends)
    aws.must_be_whole()
