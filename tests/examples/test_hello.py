"""The sample service's own tests, run by Go's own tools."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

HELLO = Path(__file__).resolve().parents[2] / "examples" / "hello"


@pytest.mark.parametrize("command", [["go", "vet", "./..."], ["go", "test", "-count=1", "./..."]], ids=" ".join)
def test_go_is_content(command: list[str]) -> None:
    answer = subprocess.run(command, cwd=HELLO, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_formatted() -> None:
    answer = subprocess.run(["gofmt", "-l", "."], cwd=HELLO, capture_output=True, text=True, check=True)
    assert answer.stdout == "", "run `gofmt -w examples/hello`"


def test_another_version_compiles_nothing() -> None:
    build, _, last = (HELLO / "Dockerfile").read_text().partition("\nFROM ")
    assert "ARG VERSION" not in build.replace("VERSION is an argument", "")
    assert "ARG VERSION" in last
