"""The engine's process: stopped once and cleanly, and ready for the next command after that."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError

from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

PLAYED = f"""#!{sys.executable}
import os, pathlib, signal, sys, threading

stopped = threading.Event()
signal.signal(signal.SIGINT, lambda *_: stopped.set())
if "version" in sys.argv:
    with open(sys.argv[0] + ".asked", "a") as asked:
        asked.write("once\\n")
    print("v3.259.0")
elif "wait" in sys.argv:
    pathlib.Path(os.environ["STARTED"]).touch()
    stopped.wait(30)
    print("stopped" if stopped.is_set() else "nobody came")
    sys.exit(9)
else:
    print("done")
"""
"""An engine that waits for a signal, or is done at once."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return installed(tmp_path, monkeypatch)


def installed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    command = directory / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(PLAYED, encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")
    return Engine()


def stop(engine: Engine, mark: Path, ended: threading.Event) -> None:
    """Stop the command once it has begun."""
    while not ended.wait(0.01):
        if mark.exists():
            engine.stop()


def stopped(engine: Engine, mark: Path) -> None:
    """Run what waits, and stop it meanwhile."""
    engine.variables["STARTED"] = str(mark)
    ended = threading.Event()
    stopper = threading.Thread(target=stop, args=(engine, mark, ended), daemon=True)
    stopper.start()
    with pytest.raises(CommandError):
        engine.run(["wait"], str(mark.parent), {})
    ended.set()
    stopper.join()
    assert (engine.cut_off, engine.last.code, engine.last.stdout) == (False, 9, "stopped")


def test_a_command_after_one_that_was_stopped_runs_and_can_be_stopped(engine: Engine, tmp_path: Path) -> None:
    """A release that is interrupted has to take something back, and a person may be impatient with that as well."""
    stopped(engine, tmp_path / "first")
    assert engine.run(["up"], str(tmp_path), {}).stdout == "done"
    stopped(engine, tmp_path / "second")


def test_stopping_where_nothing_runs_is_nothing(engine: Engine, tmp_path: Path) -> None:
    engine.stop()
    assert engine.run(["up"], str(tmp_path), {}).code == 0


def test_each_cli_is_asked_for_its_version_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        several = [installed(tmp_path / name, monkeypatch), Engine()]
        assert [str(one.version) for one in several] == ["3.259.0", "3.259.0"]
        assert several[1].run(["up"], str(tmp_path), {}).stdout == "done"
        assert (tmp_path / name / "bin" / "pulumi.asked").read_text().split() == ["once"], name


def test_one_that_is_too_old_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "pulumi"
    command.write_text("#!/bin/sh\necho v2.1.0\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}")
    with pytest.raises(DeliveryError) as refused:
        Engine()
    assert refused.value.code is Exit.BAD_INPUT
    assert refused.value.message.startswith(f"The Pulumi engine {command} cannot be used: ")
    assert "2.1.0" in refused.value.message
