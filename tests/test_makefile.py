"""What every command of the Makefile finds in its environment."""

from __future__ import annotations

import os
import subprocess

from tests.projects import ROOT

VARIABLE = "PYTHONDONTWRITEBYTECODE"


def test_what_python_has_compiled_is_kept() -> None:
    """Images of CI systems forbid it; each command would then compile the whole program again."""
    command = ["make", "--silent", "--no-print-directory", "--eval", "show: ; @env", "show"]
    environment = {**os.environ, VARIABLE: "1", "KEPT": "yes"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    found = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert found["KEPT"] == "yes"
    assert VARIABLE not in found
