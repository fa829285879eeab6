"""How a plug-in written in Python is started: a policy pack, or a provider, tool or converter by its source."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from sandbox.language_host.interpreters import OptionError


def plugin_arguments(kind: str, directory: Path, arguments: Sequence[str]) -> list[str]:
    """What to hand to Python for the plug-in in ``directory``; ``arguments`` are the engine's own.

    A policy pack runs through the SDK's policy module. Another plug-in that can be built as a package (its
    pyproject.toml says how) runs under its package's name through the SDK's plug-in runner, one that cannot runs as
    the directory that it is, by its ``__main__.py``.
    """
    if kind == "analyzer":
        return ["-m", "pulumi.policy", *arguments, str(directory)]
    if name := _package(directory / "pyproject.toml"):
        return ["-m", "pulumi.run.plugin", name, *arguments]
    return [str(directory), *arguments]


def _package(file: Path) -> str:
    """Name of the package that ``file`` builds; empty where it builds none."""
    if not file.is_file():
        return ""
    try:
        content = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"{file}: {error}") from error
    name = content.get("project", {}).get("name", "")
    return name if isinstance(name, str) and "build-system" in content else ""
