"""Programs are started, known again and never mistaken."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.source.layout import Layout
from sandbox.source.processes import Daemon, Identity, Processes, trim, until


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    layout = Layout(tmp_path / "home")
    layout.create("source")
    found = Processes(layout)
    yield found
    for identity in found.all().values():
        identity.kill()


def sleeper(**changes: object) -> Daemon:
    base = Daemon("sleeper", ("sleep", "600"), healthy=lambda: True, limit=5)
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]  # the tests name real fields


def test_a_name_with_blanks_and_parentheses_does_not_shift_the_fields() -> None:
    fields = " ".join(["S", *["0"] * 18, "4711", "0"])
    assert Identity.parse(f"12 (a) b (c) {fields}") == Identity(12, 4711)


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_zombie_counts_as_dead(state: str) -> None:
    fields = " ".join([state, *["0"] * 18, "4711", "0"])
    assert Identity.parse(f"12 (name) {fields}") is None


@pytest.mark.parametrize("text", ["", "12", "12 (name) S 1 2"])
def test_half_a_line_is_no_process(text: str) -> None:
    assert Identity.parse(text) is None


def test_this_process_is_alive_and_one_of_its_id_with_another_start_is_not() -> None:
    own = Identity.of(os.getpid())
    assert own is not None
    assert own.alive()
    assert not dataclasses.replace(own, started=own.started + 1).alive()


def test_a_recycled_id_is_not_killed() -> None:
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        own = Identity.of(stranger.pid)
        assert own is not None
        dataclasses.replace(own, started=own.started - 1).kill()
        assert stranger.poll() is None
        own.kill()
        assert stranger.wait(5) == -signal.SIGKILL
    finally:
        stranger.kill()
        stranger.wait()


def test_a_program_is_started_once(processes: Processes) -> None:
    assert processes.ensure(sleeper(), ())
    first = processes.find("sleeper")
    assert first is not None
    assert not processes.ensure(sleeper(), ())
    assert processes.find("sleeper") == first


def test_a_program_runs_in_a_session_of_its_own_from_the_root(processes: Processes) -> None:
    processes.ensure(sleeper(), ())
    found = processes.find("sleeper")
    assert found is not None
    assert os.getsid(found.pid) == found.pid
    until(lambda: os.readlink(f"/proc/{found.pid}/cwd") == "/", 5, lambda: "not in /")


def test_another_command_replaces_the_program(processes: Processes) -> None:
    processes.ensure(sleeper(), ())
    first = processes.find("sleeper")
    assert processes.ensure(sleeper(command=("sleep", "601")), ())
    assert first is not None
    assert not first.alive()


def test_another_configuration_is_written_and_replaces_the_program(processes: Processes, tmp_path: Path) -> None:
    config = tmp_path / "config"
    processes.ensure(sleeper(files={config: "a: 1"}), ())
    assert config.read_text() == "a: 1"
    assert config.stat().st_mode & 0o777 == 0o600
    assert not processes.ensure(sleeper(files={config: "a: 1"}), ())
    assert processes.ensure(sleeper(files={config: "a: 2"}), ())
    assert config.read_text() == "a: 2"


def test_a_dead_program_is_started_again_and_cleared_up_after_first(processes: Processes) -> None:
    cleared = []
    daemon = sleeper(before=lambda: cleared.append("cleared"))
    processes.ensure(daemon, ())
    found = processes.find("sleeper")
    assert found is not None
    found.kill()
    until(lambda: processes.find("sleeper") is None, 5, lambda: "still alive")
    assert processes.ensure(daemon, ())
    assert cleared == ["cleared", "cleared"]


def test_a_program_that_ends_at_once_is_one_error_with_the_end_of_its_log(processes: Processes) -> None:
    daemon = sleeper(command=("/bin/sh", "-c", "echo cannot bind; exit 3"), healthy=lambda: False)
    processes.ensure(daemon, ())
    with pytest.raises(SandboxError) as raised:
        processes.wait(daemon)
    lines = str(raised.value).splitlines()
    assert lines[0] == "sleeper ended as soon as it was started."
    assert lines[1] == f"The end of {processes.log('sleeper')}:"
    assert lines[-1] == "  cannot bind"


def test_a_program_that_is_never_well_is_one_error_that_says_how_long(processes: Processes) -> None:
    daemon = sleeper(healthy=lambda: False, limit=0.2)
    processes.ensure(daemon, ())
    with pytest.raises(SandboxError, match=r"^sleeper is not well 0 s after its start\.\nThe end of "):
        processes.wait(daemon)


def test_a_group_that_cannot_be_joined_is_said(processes: Processes, tmp_path: Path) -> None:
    daemon = sleeper(healthy=lambda: False)
    processes.ensure(daemon, (tmp_path / "absent",))
    with pytest.raises(SandboxError, match=f"cannot join the control group {tmp_path / 'absent'}"):
        processes.wait(daemon)


def test_half_a_record_counts_as_no_program(processes: Processes) -> None:
    processes.record("sleeper").write_text("0123abcd\n12 (slee")
    assert processes.find("sleeper") is None
    assert processes.all() == {}


def test_stop_ends_a_program_that_ignores_the_polite_signal(processes: Processes) -> None:
    daemon = sleeper(command=("/bin/sh", "-c", "trap '' TERM; echo ready; exec sleep 600"))
    processes.ensure(daemon, ())
    until(lambda: "ready" in processes.log("sleeper").read_text(), 5, lambda: "no trap")
    found = processes.find("sleeper")
    processes.stop("sleeper", grace=0.2)
    assert found is not None
    assert not found.alive()
    assert not processes.record("sleeper").exists()


def test_a_long_log_is_cut_and_its_end_kept(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_bytes(b"a" * 60 + b"z" * 50)
    trim(log, limit=100)
    assert log.read_bytes() == b""
    assert (tmp_path / "etcd.log.1").read_bytes() == b"z" * 50


def test_a_short_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_bytes(b"a" * 100)
    trim(log, limit=100)
    assert log.read_bytes() == b"a" * 100
    assert list(tmp_path.iterdir()) == [log]
