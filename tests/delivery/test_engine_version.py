"""A compiled CLI is asked once for its version, and again when it is another one; a script every time."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from delivery import engine_version
from delivery.engine_version import version


class Cli:
    """A CLI whose answers are played and counted. What it is lies on the disk."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = directory / "bin" / "pulumi"
        self.path.parent.mkdir()
        self.asked = 0
        self.says = b"v3.259.0"
        monkeypatch.setenv("XDG_CACHE_HOME", str(directory / "cache"))
        monkeypatch.setattr(subprocess, "check_output", self.answer)

    def answer(self, command: list[str], **_: Any) -> bytes:
        assert command == ["pulumi", "version"]
        self.asked += 1
        return self.says

    def is_(self, content: bytes) -> None:
        # Another file in its place, as an installer puts it there.
        new = self.path.with_suffix(".new")
        new.write_bytes(content)
        os.replace(new, self.path)

    def version(self) -> str:
        """As another command would be told."""
        version.cache_clear()
        return str(version(str(self.path)))


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, monkeypatch)


@pytest.mark.parametrize("begins", engine_version.COMPILED)
def test_a_compiled_one_is_asked_once(cli: Cli, begins: bytes) -> None:
    cli.is_(begins + b"one")
    assert [cli.version(), cli.version()] == ["3.259.0", "3.259.0"]
    assert cli.asked == 1


def test_another_one_in_its_place_is_asked(cli: Cli) -> None:
    cli.is_(b"\x7fELFone")
    cli.version()
    cli.is_(b"\x7fELFtwo")
    cli.says = b"v3.260.0"
    assert (cli.version(), cli.asked) == ("3.260.0", 2)


def test_a_script_is_asked_every_time(cli: Cli) -> None:
    cli.is_(b"#!/bin/sh\n")
    cli.version()
    cli.says = b"v3.260.0"
    assert (cli.version(), cli.asked) == ("3.260.0", 2)


def test_what_is_kept_and_is_no_version_is_asked_again(cli: Cli, tmp_path: Path) -> None:
    cli.is_(b"\x7fELFone")
    cli.version()
    (kept,) = (tmp_path / "cache" / "caas" / "engine").iterdir()
    kept.write_text("3.25")
    assert (cli.version(), cli.asked) == ("3.259.0", 2)
    assert kept.read_text() == "3.259.0"


def test_without_a_cache_it_is_asked_every_time(cli: Cli, tmp_path: Path) -> None:
    cli.is_(b"\x7fELFone")
    (tmp_path / "cache").write_text("no directory")
    assert [cli.version(), cli.version()] == ["3.259.0", "3.259.0"]
    assert cli.asked == 2


def test_one_that_is_too_old_is_refused_each_time(cli: Cli, tmp_path: Path) -> None:
    cli.is_(b"\x7fELFone")
    cli.says = b"v2.1.0"
    for _ in range(2):
        with pytest.raises(Exception, match=r"2\.1\.0|[Mm]inimum|Major version"):
            cli.version()
    assert not (tmp_path / "cache").exists()


def test_one_that_is_gone_is_the_automation_api_s_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(cli.path.parent))
    shutil.rmtree(cli.path.parent)
    version.cache_clear()
    with pytest.raises(FileNotFoundError):
        version(str(cli.path))
