"""Releases that move traffic, on a real cluster under load: what is good goes all the way, what is bad goes back."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delivery.exit_codes import Exit
from tests.cluster import hello
from tests.cluster.moving import BAD, DETECTION, EXPOSURE, broken, exposure, release
from tests.cluster.routes import Watched
from tests.cluster.scene import Scene, scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


@pytest.mark.parametrize(
    ("strategy", "shares"), [("blue-green", [100]), ("canary", [10, 50]), ("linear", [30, 60, 90])]
)
def test_a_good_release_goes_all_the_way_and_loses_no_request(
    strategy: str, shares: list[int], tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    step = {"step": {"minutes": 0, "percent": 30}} if strategy == "linear" else {}
    with scene(tmp_path, sandbox_variables, "good") as moving:
        moving.describe(hello.shifting(strategy, rollout=step))
        moving.up()
        described = hello.shifting(strategy, rollout=step, build={"context": "hello", "args": {"VERSION": "2"}})
        seen = release(moving, described)
        assert seen.done.code == Exit.FINE, seen.done.text
        assert seen.requests.failed == 0
        assert seen.requests.sent > 100 * hello.INTERVAL
        assert seen.watched.shares == [0, *shares, 0]
        assert moving.objects() == ["hello"]
        assert moving.version() == "2"
        found = json.loads(seen.done.out)["analysis"]["hello"]
        assert len(found) == len(shares)
        assert all(each["new"]["requests"] >= 100 for each in found)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sandbox_variables: dict[str, str]) -> Iterator[Scene]:
    """A canary service whose first version serves; every release of these tests goes back to it."""
    with scene(tmp_path_factory.mktemp("moving"), sandbox_variables, "moving") as moving:
        moving.describe(hello.shifting("canary"))
        moving.up()
        yield moving


def everything_is_back(moving: Scene) -> None:
    look = Watched(moving.kubeconfig, moving.target).look()
    assert look is not None
    assert (look.weights, look.held) == ({"hello": 1}, False)
    assert moving.objects() == ["hello"]
    assert moving.version() == "1"


@pytest.mark.parametrize(
    ("variables", "reason"),
    list(zip(BAD, (" failed, of the old version's ", " slow, of the old version's "), strict=True)),
    ids=["errors", "slow"],
)
def test_what_answers_badly_goes_back_within_two_analyses(
    variables: dict[str, str], reason: str, served: Scene
) -> None:
    seen = release(served, broken(**variables))
    assert seen.done.code == Exit.DEPLOYMENT_FAILED, seen.done.text
    assert "did not pass with 10 % of the traffic" in seen.done.err
    assert reason in seen.done.err
    assert seen.watched.shares == [0, 10, 0]
    assert seen.seconds < DETECTION
    assert exposure(served, seen) <= EXPOSURE
    everything_is_back(served)


def test_what_crashes_after_half_a_minute_goes_back_at_once(served: Scene) -> None:
    described = broken(HELLO_CRASH_AFTER="30s")
    described["rollout"]["step"] = {"minutes": 1}
    seen = release(served, described)
    assert seen.done.code == Exit.DEPLOYMENT_FAILED, seen.done.text
    assert "its containers ended and were restarted 1x while it was tried" in seen.done.err
    assert seen.watched.shares == [0, 10, 0]
    assert seen.seconds < 30 + DETECTION
    assert exposure(served, seen) <= EXPOSURE
    everything_is_back(served)


def test_without_traffic_nothing_is_decided_and_the_old_version_stays(served: Scene) -> None:
    seen = release(served, broken(TURN="idle"), load=False)
    assert seen.done.code == Exit.DEPLOYMENT_FAILED, seen.done.text
    assert "could not be judged with 10 % of the traffic" in seen.done.err
    assert "the new version got no requests that were counted" in seen.done.err
    assert seen.watched.shares == [0, 10, 0]
    everything_is_back(served)


def test_without_metrics_nothing_is_decided_and_the_old_version_stays(served: Scene) -> None:
    nobody = {**hello.GATE, "prometheus": "http://127.0.0.1:19099"}
    seen = release(served, broken(TURN="blind"), gate=nobody)
    assert seen.done.code == Exit.DEPLOYMENT_FAILED, seen.done.text
    assert "the metrics cannot be read: http://127.0.0.1:19099 does not answer" in seen.done.err
    assert seen.watched.shares == [0, 10, 0]
    assert seen.requests.failed == 0
    everything_is_back(served)


def asked(turn: str) -> dict[str, Any]:
    """A canary that waits for a person before anybody else's request reaches it."""
    described = broken(TURN=turn)
    described["rollout"]["hooks"] = [{"stage": "after-test-traffic", "pause": 5}]
    return described


def begun(moving: Scene, described: dict[str, Any], line: str) -> subprocess.Popen[str]:
    """A ``caas up`` that has said a line."""
    moving.describe(described)
    command = subprocess.Popen(
        moving.project.caas_command("up"),
        env=moving.project.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert command.stdout is not None
    for said in command.stdout:
        if line in said:
            return command
    raise AssertionError(f"it ended without {line!r}")


def test_a_person_is_waited_for_and_may_go_on_or_back(served: Scene) -> None:
    nothing = served.project.caas("abort")
    assert (nothing.code, "there is nothing to abort" in nothing.err) == (Exit.BAD_INPUT, True)
    for word in ("abort", "continue"):
        command = begun(served, asked(word), "Waiting for `caas continue` or `caas abort`")
        told = served.project.caas(word)
        assert told.code == Exit.FINE, told.text
        text, _ = command.communicate(timeout=120)
        if word == "abort":
            assert (command.returncode, "a person asked for it with `caas abort`" in text) == (5, True), text
        else:
            # Nobody calls it in this test, so the gate that follows cannot pass it.
            assert (command.returncode, "the new version got no requests" in text) == (5, True), text
        everything_is_back(served)


def test_an_interrupt_takes_everything_back(served: Scene) -> None:
    command = begun(served, asked("interrupted"), "Waiting for `caas continue` or `caas abort`")
    command.send_signal(signal.SIGTERM)  # As a pipeline stops a job; Ctrl-C is the same to it.
    text, _ = command.communicate(timeout=120)
    assert (command.returncode, "all traffic of hello goes back to what serves" in text) == (Exit.INTERRUPTED, True), (
        text
    )
    everything_is_back(served)
