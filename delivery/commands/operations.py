"""``caas unlock``."""

from __future__ import annotations

from pathlib import Path

import typer

from components.spec import read_files
from delivery import unlock as unlocking
from delivery.command_line import Debug, Directory, Json, Stack, run
from delivery.engine import Engine
from delivery.output import Output
from delivery.stack import ProgramStack


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(unlock)


def unlock(stack: Stack, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Release a stack whose holder is dead; a living holder is named and keeps it."""

    def work(output: Output) -> None:
        _, project, _ = read_files(directory, stack)
        result = unlocking.unlock(ProgramStack(directory.resolve(), stack, project, Engine()), output)
        told = f"Stack {stack} is free again." if result.released else f"Stack {stack} is not locked."
        output.result(told, "green")
        output.document(result.document())

    run(work, as_json=as_json, debug=debug)
