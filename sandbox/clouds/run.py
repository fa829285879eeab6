"""``python -m sandbox.clouds.run aws -- pulumi up``: a command that meets simulated clouds instead of real ones.

With ``aws`` or ``azure`` among them, the clouds' own clients meet the same world as the engine, for as long as the
command runs.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from sandbox import toolchain
from sandbox.clouds import environment
from sandbox.clouds.core.world import World
from sandbox.errors import SandboxError

USAGE = "usage: python -m sandbox.clouds.run <cloud>[,<cloud>] -- <command> [arguments]"


def parse(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The clouds and the command."""
    if len(arguments) < 3 or arguments[1] != "--":
        raise SandboxError(USAGE)
    return arguments[0].split(","), list(arguments[2:])


def main() -> None:
    """Run the command; its exit code is ours. An error is one message and exit code 1."""
    try:
        clouds, command = parse(sys.argv[1:])
        given = {**os.environ, **toolchain.ensure((toolchain.ENGINE,)).environment()}
        variables = {**given, **environment.variables(clouds, given)}
        with _clients(clouds, variables) as more:
            sys.exit(_run(command, {**variables, **more}))
    except FileNotFoundError:
        sys.exit(f"error: there is no command {command[0]!r} on this machine or in the sandbox")
    except SandboxError as error:
        sys.exit(f"error: {error}")


@contextmanager
def _clients(clouds: Sequence[str], variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables by which the clouds' own clients find the simulation."""
    found: dict[str, str] = {}
    with ExitStack() as stack:
        if "aws" in clouds:
            # Imported here: moto is slow to import, and the other clouds need none of it.
            from sandbox.clouds.aws import mirror

            world = World(environment.directory(variables) / "aws.json")
            found["AWS_ENDPOINT_URL"] = stack.enter_context(mirror.serving(world, *mirror.regions()))
        if "azure" in clouds:
            from sandbox.clouds.azure import management

            found |= stack.enter_context(management.serving(World(environment.directory(variables) / "azure.json")))
        yield found


def _run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """A key that interrupts is for the command alone, which knows what to put away; we end when it has ended."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # The command gets its own disposition back, and is looked for on the PATH that it will have.
        path = shutil.which(command[0], path=variables["PATH"])
        if path is None:
            raise FileNotFoundError(command[0])
        restore = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        return subprocess.run([path, *command[1:]], env=dict(variables), check=False, preexec_fn=restore).returncode
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    main()
