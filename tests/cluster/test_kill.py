"""`kill -9` of the engine at random points of an apply: the next one converges, and nothing is left or made twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from delivery import processes
from tests.cluster import hello
from tests.cluster.load import until
from tests.cluster.scene import Scene, scene
from tests.pipelines import runners

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

KILLS = 10
LONGEST = 7.0
"""Seconds after the engine's start within which it is killed; an apply of the sample service takes about as long."""


def engines(parent: int) -> list[int]:
    """The engine's processes that apply, among the children of a process."""
    return [child for child in runners.children(parent) if runners.is_engine(child)]


def killed_up(kill: Scene, after: float) -> int:
    """Start ``caas up`` and kill its engine so many seconds after that began; answers the engine's id."""
    command = subprocess.Popen(
        kill.project.caas_command("up"),
        env=kill.project.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    engine: list[int] = []

    def started() -> bool:
        engine[:] = engines(command.pid)
        return bool(engine) or command.poll() is not None

    until(started, 60, "the engine starts")
    if engine:
        time.sleep(after)
        try:
            os.kill(engine[0], signal.SIGKILL)
        except ProcessLookupError:
            print(f"the apply was over before {after:.1f} s")
    output, _ = command.communicate(timeout=300)
    assert "Traceback" not in output, output
    return engine[0] if engine else 0


def test_an_engine_that_is_killed_ten_times_leaves_nothing_to_clean_up(
    tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    seed = int(os.environ.get("CAAS_KILL_SEED", str(time.time_ns() % 100000)))
    print(f"CAAS_KILL_SEED={seed}")
    chance = random.Random(seed)
    with scene(tmp_path, sandbox_variables, "kill") as kill:
        for turn in range(KILLS):
            # The first kills hit the creation, the later ones an update.
            kill.describe(hello.with_environment(TURN=str(turn)))
            after = chance.uniform(0, LONGEST)
            print(f"kill {turn}: after {after:.2f} s")
            engine = killed_up(kill, after)
            assert processes.session_members(engine) == [] if engine else True
            kill.up()
            assert kill.project.state().get("pending_operations", []) == []
            assert kill.objects() == ["hello"]
            assert len(kill.snapshot().current) == 2
            assert kill.snapshot().old == ()
        preview = kill.project.pulumi("preview", "--expect-no-changes")
        assert preview.code == 0, preview.text
        destroyed = kill.project.pulumi("destroy", "--yes", "--skip-preview")
        assert destroyed.code == 0, destroyed.text
        assert not kill.namespace_exists()
