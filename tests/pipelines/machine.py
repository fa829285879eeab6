"""Programs of the distribution that the pipelines' runners need."""

from __future__ import annotations

import shutil
import subprocess


def ensure(**packages: str) -> None:
    """Install what the machine lacks: command -> the package that has it."""
    missing = [package for command, package in packages.items() if shutil.which(command) is None]
    if missing:
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
        for command in (["apt-get", "update", "--quiet"], install):
            subprocess.run(command, check=True, capture_output=True)
