"""``python -m sandbox.clouds.run aws -- pulumi up``: a command that meets simulated clouds instead of real ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from sandbox import toolchain
from sandbox.clouds import environment
from sandbox.errors import SandboxError

USAGE = "usage: python -m sandbox.clouds.run <cloud>[,<cloud>] -- <command> [arguments]"


def parse(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The clouds and the command."""
    if len(arguments) < 3 or arguments[1] != "--":
        raise SandboxError(USAGE)
    return arguments[0].split(","), list(arguments[2:])


def main() -> None:
    """Become the command. An error is one message and exit code 1."""
    try:
        clouds, command = parse(sys.argv[1:])
        given = {**os.environ, **toolchain.ensure((toolchain.ENGINE,)).environment()}
        variables = {**given, **environment.variables(clouds, given)}
        os.environ["PATH"] = variables["PATH"]  # where execvpe looks for the command itself
        os.execvpe(command[0], command, variables)  # noqa: S606 - the user's own command, no shell
    except FileNotFoundError:
        sys.exit(f"error: there is no command {command[0]!r} on this machine or in the sandbox")
    except SandboxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
