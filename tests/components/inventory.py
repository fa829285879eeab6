"""What each environment declares: resource types and counts, from the project's own files for Kubernetes, from data of
the tests for the other platforms.

The inventories beside this module are reviewed like code. ``python -m tests.components.inventory --write`` brings
them up to date; without ``--write`` it prints what would be written.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pulumi

from components import platform
from components.spec import Environment, load_environment, read_files
from tests.components.aws import inventory as aws
from tests.components.azure import inventory as azure
from tests.components.gcp import inventory as gcp
from tests.components.recorder import record

REPOSITORY = Path(__file__).parents[2]
DIRECTORY = Path(__file__).parent / "inventories"
STACKS = ("dev", "staging", "prod")
REGENERATE = "python -m tests.components.inventory --write"


def own(stack: str) -> Environment:
    """A stack of this project."""
    config, project, source = read_files(REPOSITORY, stack)
    return load_environment(config, project=project, stack=stack, source=source)


WORLDS: tuple[tuple[Callable[[str], Environment], str], ...] = tuple(
    (world, stack) for world in (own, aws.stack, gcp.stack, azure.stack) for stack in STACKS
)
"""Whose inventories are kept."""


def inventory(world: Callable[[str], Environment], stack: str) -> tuple[str, str]:
    """(name of the file, its text) for one environment."""
    environment = world(stack)

    def program() -> dict[str, Any]:
        values = {key: pulumi.Output.secret(f"value of {key}") for key in environment.secret_keys}
        return platform.declare(environment, values)

    counts = Counter(one.type for one in record(program, stack_name=stack).resources)
    lines = [f"{count:3} {type_}" for type_, count in sorted(counts.items())]
    return f"{environment.platform}-{stack}.txt", "\n".join([*lines, f"{counts.total():3} in all"]) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Print or write every inventory."""
    for name, text in (inventory(world, stack) for world, stack in WORLDS):
        if "--write" in arguments:
            (DIRECTORY / name).write_text(text, encoding="utf-8")
        else:
            print(f"{name}\n{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
