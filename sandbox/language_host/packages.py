"""What is installed beside a project's Python: packages, and the plug-ins that they stand for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.language_host.interpreters import Interpreter, OptionError


@dataclass(frozen=True)
class RequiredPlugin:
    """A resource plug-in, as a package's ``pulumi-plugin.json`` names it."""

    name: str
    version: str
    server: str


def with_plugins(interpreter: Interpreter) -> list[RequiredPlugin]:
    """Plug-ins of the installed packages, as far as the PATH has them.

    The engine tries to download every plug-in in this list before a program runs, even those of a package that is
    installed and never used. One that is missing here is still found or downloaded by the engine when the first
    resource asks for it.
    """
    found: dict[str, RequiredPlugin] = {}
    for directory in interpreter.site_packages():
        for file in sorted(directory.glob("*/pulumi-plugin.json")):
            plugin = _read(file)
            if plugin is not None and shutil.which(f"pulumi-resource-{plugin.name}"):
                found.setdefault(plugin.name, plugin)
    return list(found.values())


def _read(file: Path) -> RequiredPlugin | None:
    try:
        content = json.loads(file.read_text())
    except ValueError as error:
        raise OptionError(f"{file} is not JSON ({error}); reinstall the package") from error
    version = content.get("version", "")
    if not content.get("resource") or not version:
        return None
    name = content.get("name") or file.parent.name.removeprefix("pulumi_").replace("_", "-")
    return RequiredPlugin(name=name, version=f"v{version.removeprefix('v')}", server=content.get("server", ""))


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
