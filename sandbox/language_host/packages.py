"""What is installed beside a project's Python."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from sandbox.language_host.interpreters import Interpreter, OptionError


def installed(interpreter: Interpreter, directory: Path, *, transitive: bool) -> list[tuple[str, str]]:
    """Names and versions of the installed packages; without ``transitive`` only those that no other one needs."""
    command = [interpreter.executable, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    answer = subprocess.run(
        command if transitive else [*command, "--not-required"],
        cwd=directory,
        env=interpreter.environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise OptionError(f"`{' '.join(command)}` failed: {answer.stderr.strip()}")
    listed = json.JSONDecoder().raw_decode(answer.stdout)[0]
    return [(package["name"], package["version"]) for package in listed]
