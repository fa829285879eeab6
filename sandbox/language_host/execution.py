"""How a program is started: the SDK's own executor, its arguments, and its configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from sandbox.language_host.interpreters import OptionError

EXECUTOR = "pulumi-language-python-exec"

EXECUTOR_VARIABLE = "CAAS_LANGUAGE_EXEC"
"""Environment variable with the executor's path, where it lies neither beside the plug-in nor on the PATH."""

REPORTED = 32
"""The executor's exit code for a program whose error the user has already been shown."""

PLUGINS = Path(__file__).resolve().parent.parent / "plugins"


def executor() -> str:
    """Path of the executor; raises :class:`OptionError` where there is none."""
    if named := os.environ.get(EXECUTOR_VARIABLE):
        if Path(named).is_file():
            return named
        raise OptionError(f"{EXECUTOR_VARIABLE} names {named}, which is not a file")
    beside = PLUGINS / EXECUTOR
    if beside.is_file():
        return str(beside)
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        # Not shutil.which: Go's module cache, where it comes from, drops the executable bit.
        candidate = Path(directory or os.curdir) / EXECUTOR
        if candidate.is_file():
            return str(candidate)
    raise OptionError(
        f"{EXECUTOR} is not on the PATH; it is part of the Pulumi SDK (python/cmd). Build the toolchain "
        f"(`make sandbox`) or set {EXECUTOR_VARIABLE} to its path"
    )


def program_arguments(request: language_pb2.RunRequest, engine: str, tracing: str) -> list[str]:
    """The executor and its command line. Configuration is not part of it: it may hold secrets, and every user of
    the machine can read a command line."""
    flags = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "tracing": tracing,
        "organization": request.organization,
        "root_directory": request.info.root_directory,
    }
    arguments = [word for flag, value in flags.items() if value for word in (f"--{flag}", value)]
    entry_point = request.info.entry_point or request.program or "."
    return [executor(), *arguments, entry_point, *request.args]


def program_environment(request: language_pb2.RunRequest, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` with the stack's configuration, as the SDK reads it."""
    environment = dict(base)
    if request.config:
        environment["PULUMI_CONFIG"] = json.dumps(dict(request.config))
    if request.configSecretKeys:
        environment["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
    return environment
