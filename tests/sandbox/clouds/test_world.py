"""The world's file: nothing is lost when a writer is killed, hands may edit it, processes share it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.clouds.core.faults import FaultError, Faults
from sandbox.clouds.core.world import World

WRITER = """
import os, signal, sys
from pathlib import Path
from sandbox.clouds.core.world import World
world = World(Path(sys.argv[1]))
with world.open():
    for number in range(50):
        world.put("k", "r", f"id-{number}", {"state": {"n": number}, "platform": {}})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def record(number: int) -> dict[str, dict[str, int]]:
    return {"state": {"n": number}, "platform": {}}


def test_nothing_is_lost_when_a_writer_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "aws.json"
    done = subprocess.run([sys.executable, "-c", WRITER, str(file)], check=False, env={**os.environ, "PYTHONPATH": "."})
    assert done.returncode == -9
    with World(file).open() as world:
        assert len(world.all("k", "r")) == 50


def test_a_torn_line_is_cut_off_and_writing_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "aws.json"
    with World(file).open() as world:
        world.put("k", "r", "one", record(1))
    with file.with_suffix(".journal").open("a") as journal:
        journal.write('{"region": "r", "kind": "k", "id": "tw')
    with World(file).open() as world:
        assert list(world.all("k", "r")) == ["one"]
        world.put("k", "r", "two", record(2))
    with World(file).open() as world:
        assert list(world.all("k", "r")) == ["one", "two"]


def test_folding_twice_over_the_same_journal_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "aws.json"
    world = World(file)
    with world.open():
        world.put("k", "r", "one", record(1))
        world.remove("k", "r", "one")
        world.put("k", "r", "two", record(2))
    lines = file.with_suffix(".journal").read_text()
    world.fold()
    assert not file.with_suffix(".journal").exists()
    held = file.read_text()
    # As after a kill between the two steps of folding.
    file.with_suffix(".journal").write_text(lines)
    World(file).fold()
    assert file.read_text() == held


def test_processes_see_each_others_changes_and_hands(tmp_path: Path) -> None:
    file = tmp_path / "aws.json"
    one, other = World(file), World(file)
    with one.open():
        one.put("k", "r", "a", record(1))
    with other.open():
        assert other.find("k", "r", "n", 1) == record(1)
        other.put("k", "r", "b", record(2))
    with one.open():
        assert set(one.all("k", "r")) == {"a", "b"}
    other.fold()
    held = json.loads(file.read_text())
    held["resources"]["r"]["k"]["a"]["state"]["n"] = 7
    file.write_text(json.dumps(held))
    with one.open():
        assert one.get("k", "r", "a") == record(7)


def test_counters_never_go_back(tmp_path: Path) -> None:
    file = tmp_path / "aws.json"
    for expected in (1, 2, 3):
        world = World(file)
        with world.open():
            assert world.count("family") == expected
        world.fold()


def test_only_the_owner_reads_the_world(tmp_path: Path) -> None:
    world = World(tmp_path / "clouds" / "aws.json")
    with world.open():
        world.put("k", "r", "a", record(1))
        assert (tmp_path / "clouds" / "aws.journal").stat().st_mode & 0o777 == 0o600
    world.fold()
    assert world.file.stat().st_mode & 0o777 == 0o600


def test_a_fault_is_used_up_after_what_it_skips(tmp_path: Path) -> None:
    file = tmp_path / "aws.faults.json"
    file.write_text(json.dumps([{"type": "aws:ecs/*", "operation": "create", "fault": "half", "skip": 1, "times": 1}]))
    faults = Faults(file)
    assert faults.take("aws:ecs/service:Service", "update", "a") is None
    assert faults.take("aws:ecs/service:Service", "create", "a") is None
    found = faults.take("aws:ecs/service:Service", "create", "b")
    assert found is not None
    assert found.kind == "half"
    assert faults.take("aws:ecs/service:Service", "create", "c") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("{}", "a list of rules is expected"),
        ('[{"fault": "fire"}]', "rule 1: fault 'fire' is none of throttle, unavailable"),
        ('[{"fault": "slow", "operation": "make"}]', "operation 'make' is none of create"),
        ('[{"fault": "slow", "tpye": "x"}]', "keys out of code, fault"),
    ],
)
def test_a_wrong_faults_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "aws.faults.json"
    file.write_text(text)
    with pytest.raises(FaultError, match=words):
        Faults(file).take("k", "create", "n")
