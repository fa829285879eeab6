"""``caas continue`` and ``caas abort``: what a person says to a release that moves traffic."""

from __future__ import annotations

from pathlib import Path

import typer

from delivery import control
from delivery.command_line import Debug, Directory, Json, Stack, environment_of, run
from delivery.engine import Engine
from delivery.output import Output
from delivery.stack import ProgramStack
from delivery.traffic import Traffic


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("continue")(continue_)
    app.command()(abort)


def continue_(stack: Stack, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Let a release go on that waits for a person."""
    _decide(control.CONTINUE, stack, directory, as_json, debug)


def abort(stack: Stack, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Have a release take all traffic back to the version that served before."""
    _decide(control.ABORT, stack, directory, as_json, debug)


def _decide(decision: str, stack: str, directory: Path, as_json: bool, debug: bool) -> None:
    def work(output: Output) -> None:
        environment = environment_of(directory, stack)
        program = ProgramStack(directory.resolve(), stack, environment.project, Engine())
        state = program.state()
        traffic = Traffic(environment.kubernetes.kubeconfig, environment.kubernetes.context)
        told = control.decide(decision, environment, state, traffic)
        for one in told:
            output.result(one.text)
        output.document({"stack": stack, "decision": decision, "services": [one.document() for one in told]})

    run(work, as_json=as_json, debug=debug)
