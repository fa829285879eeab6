"""``pulumi install``: make a project's virtual environment and fill it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sandbox.language_host.interpreters import Options, ambient, tool, virtualenv_path


def commands(options: Options) -> Iterator[list[str]]:
    """The commands to run in the program's directory, in this order."""
    if options.toolchain == "uv":
        yield [tool("uv"), "sync"]
        return
    if options.toolchain == "poetry":
        yield [tool("poetry"), "install", "--no-ansi"]
        return
    virtualenv = virtualenv_path(options)
    python = ambient() if virtualenv is None else os.fspath(virtualenv / "bin" / "python")
    if virtualenv is not None and not (virtualenv / "bin" / "python").exists():
        yield [ambient(), "-m", "venv", os.fspath(virtualenv)]
    if (options.program / "requirements.txt").exists():
        yield [python, "-m", "pip", "install", "--disable-pip-version-check", "-r", "requirements.txt"]
