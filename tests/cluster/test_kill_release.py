"""`kill -9` of `caas` at random points of a release that moves traffic: no caller notices, and the next one ends it.

A load runs all the time: where at any moment a share of the traffic led to nobody, its requests would fail.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from tests.cluster import hello
from tests.cluster.load import Load, until
from tests.cluster.routes import Look, Watched
from tests.cluster.scene import Scene, scene
from tests.cluster.test_kill import engines

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

KILLS = int(os.environ.get("CAAS_KILLS", "2"))
QUICK = {**hello.GATE, "interval": 5, "patience": 0, "inconclusive": "continue"}
"""The gate is no part of this test: what it cannot decide goes on."""


def described(turn: int) -> dict[str, Any]:
    """A canary that can be told from the last one by its answer."""
    service = hello.shifting("canary")
    service["environment"] = {**service["environment"], "GREETING": f"turn-{turn}"}
    return service


def killed(kill: Scene, after: float, *, with_engine: bool) -> None:
    """Start ``caas up`` and kill it so many seconds later, alone or with the engine that it has started."""
    command = subprocess.Popen(
        kill.project.caas_command("up"),
        env=kill.project.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = command.communicate(timeout=after)
        print(f"  it was over before: exit {command.returncode}")
        assert command.returncode == 0, output
    except subprocess.TimeoutExpired:
        for pid in [*(engines(command.pid) if with_engine else []), command.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        command.wait()
        assert command.stdout is not None
        command.stdout.close()


def never_nobody(looks: list[Look]) -> None:
    """At each moment everything is with one version, or divided between both."""
    assert len(looks) > 10
    for look in looks:
        weights = list(look.weights.values())
        assert sum(weights) == (1 if len(weights) == 1 else 100), look
        assert set(look.weights) <= {"hello", "hello-candidate"}, look


def ended(kill: Scene, turn: int, watched: Watched) -> None:
    """The release of a turn is the only thing that runs, has all the traffic, and left nothing open."""
    until(lambda: not watched.looks[-1].held, 10, "the route is nobody's")
    assert watched.looks[-1].weights == {"hello": 1}
    assert kill.objects() == ["hello"]
    assert kill.answer()["message"].startswith(f"turn-{turn}")
    assert kill.project.state().get("pending_operations", []) == []


def test_a_release_that_is_killed_is_ended_by_the_next_one(tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    seed = int(os.environ.get("CAAS_KILL_SEED", str(time.time_ns() % 100000)))
    print(f"CAAS_KILL_SEED={seed}")
    chance = random.Random(seed)
    hey = str(toolchain.current().tool("hey"))
    with scene(tmp_path, sandbox_variables, "killed") as kill, Watched(kill.kubeconfig, kill.target) as watched:
        for turn in (0, 1):
            kill.describe(described(turn), gate=QUICK)
            began = time.monotonic()
            kill.up()
        whole = time.monotonic() - began
        for turn in range(2, KILLS + 2):
            kill.describe(described(turn), gate=QUICK)
            after, with_engine = chance.uniform(0, whole), chance.random() < 0.5
            how = "with its engine" if with_engine else "alone"
            with Load(hey, kill.host, rate=10) as load:
                killed(kill, after, with_engine=with_engine)
                found = watched.looks[-1].weights
                kill.up()
                ended(kill, turn, watched)
            print(f"kill {turn - 1}: after {after:.1f} of {whole:.0f} s, {how}; {found}; {load.result}", flush=True)
            assert load.result.failed == 0
            assert load.result.sent > 100
        never_nobody(watched.looks)
        preview = kill.project.pulumi("preview", "--expect-no-changes")
        assert preview.code == 0, preview.text
