"""``caas unlock`` and ``caas doctor``."""

from __future__ import annotations

from pathlib import Path

import typer

from components.spec import read_files
from delivery import doctor as examining
from delivery import unlock as unlocking
from delivery.checks import Check, State
from delivery.command_line import Debug, Directory, Json, Stack, environment_of, run
from delivery.engine import Engine
from delivery.output import Output
from delivery.stack import ProgramStack

STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILING: "red"}
"""How the outcome of a check looks on a terminal."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(unlock)
    app.command()(doctor)


def unlock(stack: Stack, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Release a stack whose holder is dead; a living holder is named and keeps it."""

    def work(output: Output) -> None:
        _, project, _ = read_files(directory, stack)
        result = unlocking.unlock(ProgramStack(directory.resolve(), stack, project, Engine()), output)
        told = f"Stack {stack} is free again." if result.released else f"Stack {stack} is not locked."
        output.result(told, "green")
        output.document(result.document())

    run(work, as_json=as_json, debug=debug)


def doctor(stack: Stack, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Look whether a stack could be delivered from here, and say what to do where not; changes nothing."""

    def work(output: Output) -> None:
        environment = environment_of(directory.resolve(), stack)

        def told(check: Check) -> None:
            said = f"{check.what.rstrip('.')}. {check.remedy}" if check.remedy else check.what
            output.result(f"{check.state:8} {check.name:13} {said}", STYLES[check.state])

        found = examining.examine(examining.Doctor(directory.resolve(), environment), told)
        output.document({"stack": stack, "checks": [check.document() for check in found]})

    run(work, as_json=as_json, debug=debug)
