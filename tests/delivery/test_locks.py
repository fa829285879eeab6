"""Who holds a stack, when that is known to be nobody, and what is then removed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from delivery import locks, processes

SINCE = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


def dead_process() -> int:
    """The id of a process that has ended and was waited for."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write(directory: Path, name: str, *, pid: int, host: str | None = None, at: datetime | None = None) -> Path:
    file = directory / ".pulumi/locks/organization/caas/dev" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"pid": pid, "username": "ada", "hostname": host or socket.gethostname()}
    # As Go writes it: nanoseconds, and an offset or Z.
    stamp = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
    file.write_text(json.dumps({**content, "timestamp": stamp}))
    return file


def test_a_lock_file_is_read_as_the_engine_writes_it(tmp_path: Path) -> None:
    file = write(tmp_path, "one", pid=42, host="laptop", at=SINCE)
    assert locks.held(tmp_path, "caas", "dev") == [locks.Lock(str(file), "ada", "laptop", 42, SINCE)]
    assert locks.held(tmp_path, "caas", "prod") == []


def test_a_lock_says_who_holds_it() -> None:
    assert locks.Lock("x", "ada", "laptop", 42, SINCE).holder == "ada@laptop (process 42, since 12:30:05)"


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"pid": "x"}'])
def test_what_is_no_lock_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"lock file|Expecting"):
        locks.parse(text, "somewhere")


def test_the_engines_refusal_names_its_locks() -> None:
    message = (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete "
        "the lock file with `pulumi cancel`.\n"
        "  s3://state/.pulumi/locks/organization/caas/dev/1f.json: created by ada@ci-7 (pid 99) at 2026-03-01T12:30:05Z"
    )
    where = "s3://state/.pulumi/locks/organization/caas/dev/1f.json"
    assert locks.in_message(message) == [locks.Lock(where, "ada", "ci-7", 99, SINCE)]


def test_the_lock_of_a_dead_process_is_released_and_that_is_said(tmp_path: Path) -> None:
    pid = dead_process()
    file = write(tmp_path, "one", pid=pid)
    said: list[str] = []
    assert locks.release_dead(locks.held(tmp_path, "caas", "dev"), said.append) == []
    assert not file.exists()
    assert len(said) == 1
    assert said[0].startswith(f"Released a lock whose owner is dead: ada@{socket.gethostname()} (process {pid}, since ")


@pytest.mark.parametrize("host", [None, "another-machine"])
def test_the_lock_of_a_living_process_and_of_another_machine_stays(tmp_path: Path, host: str | None) -> None:
    file = write(tmp_path, "one", pid=os.getpid() if host is None else dead_process(), host=host)
    said: list[str] = []
    remaining = locks.release_dead(locks.held(tmp_path, "caas", "dev"), said.append)
    assert [lock.where for lock in remaining] == [str(file)]
    assert file.exists()
    assert said == []


def test_a_later_process_with_the_same_id_is_not_the_owner(tmp_path: Path) -> None:
    file = write(tmp_path, "one", pid=os.getpid(), at=datetime.now(UTC) - timedelta(days=2))
    assert locks.release_dead(locks.held(tmp_path, "caas", "dev"), lambda _line: None) == []
    assert not file.exists()


def test_what_a_dead_owner_left_running_is_ended(tmp_path: Path) -> None:
    script = "import subprocess; print(subprocess.Popen(['sleep', '300']).pid)"
    leader = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert leader.stdout is not None
    orphan = int(leader.stdout.readline())
    leader.stdout.close()
    leader.wait()
    assert processes.session_members(leader.pid) == [orphan]
    write(tmp_path, "one", pid=leader.pid)
    said: list[str] = []
    locks.release_dead(locks.held(tmp_path, "caas", "dev"), said.append)
    assert processes.session_members(leader.pid) == []
    assert "1 processes that it left running were ended" in said[0]


@pytest.mark.parametrize(
    ("url", "directory"),
    [
        ("file:///var/lib/state", Path("/var/lib/state")),
        ("file://~/state", Path("~/state").expanduser()),
        ("file:///with%20space", Path("/with space")),
        ("s3://bucket", None),
        ("https://api.pulumi.com", None),
    ],
)
def test_only_a_file_backend_has_a_directory(url: str, directory: Path | None) -> None:
    assert locks.file_backend(url) == directory
