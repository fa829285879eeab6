"""``caas export tfvars``: what a Terraform root beside the program is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from components.spec import read_files
from delivery.command_line import Debug, Directory, Json, Stack, run
from delivery.engine import Engine
from delivery.output import Output
from delivery.stack import ProgramStack
from delivery.terraform import tfvars as telling
from delivery.terraform.variables import declarations

exporting = typer.Typer(no_args_is_help=True, help="What other tools are told of a stack.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(exporting, name="export")


@exporting.callback()
def export() -> None:
    """What other tools are told of a stack."""


@exporting.command()
def tfvars(
    stack: Stack,
    directory: Directory = Path(),
    into: Annotated[
        Path | None,
        typer.Option(help="File for the values; Terraform loads one that ends in .auto.tfvars.json.", dir_okay=False),
    ] = None,
    variables: Annotated[
        Path | None, typer.Option(help="File for the variables' declarations, such as variables.tf.", dir_okay=False)
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write what a stack has, as the values of a Terraform root's variables; secrets are left out."""

    def work(output: Output) -> None:
        _, project, _ = read_files(directory, stack)
        program = ProgramStack(directory.resolve(), stack, project, Engine())
        program.select()
        found = telling.values(program.outputs(), program.state().get("resources") or ())
        if variables is not None:
            telling.write(variables, declarations())
        if found.secret:
            output.warn(f"Left out because they are secret: {', '.join(found.secret)}.")
        if into is None:
            output.result(found.text().rstrip())
        else:
            telling.write(into, found.text())
            output.result(f"{len(found.known)} values of stack {stack} written to {into}.", "green")
        output.document({"stack": stack, "values": dict(found.known), "secret": list(found.secret)})

    run(work, as_json=as_json, debug=debug)
