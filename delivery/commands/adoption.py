"""``caas export tfvars`` and ``caas adopt``: what a Terraform root is told, and what it hands over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from components.spec import read_files
from delivery import named_file
from delivery.adoption import adopt as adopting
from delivery.adoption import states
from delivery.adoption import tfvars as telling
from delivery.adoption.matching import Wish
from delivery.adoption.rehearsal import Place, copy_of
from delivery.adoption.variables import declarations
from delivery.command_line import Debug, Directory, Json, Stack, environment_of, run
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.preview.model import Operation
from delivery.stack import ProgramStack

exporting = typer.Typer(no_args_is_help=True, help="What other tools are told of a stack.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(exporting, name="export")
    app.command()(adopt)


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
        found = telling.values(program.state().get("resources") or ())
        if variables is not None:
            named_file.write(variables, declarations())
        if found.secret:
            output.warn(f"Left out because they are secret: {', '.join(found.secret)}.")
        if into is None:
            output.result(found.text().rstrip())
        else:
            named_file.write(into, found.text())
            output.result(f"{len(found.known)} values of stack {stack} written to {into}.", "green")
        output.document({"stack": stack, "values": dict(found.known), "secret": list(found.secret)})

    run(work, as_json=as_json, debug=debug)


def adopt(
    stack: Stack,
    directory: Directory = Path(),
    state: Annotated[
        Path | None, typer.Option(help="What Terraform has made: `terraform show -json`, or its state.", dir_okay=False)
    ] = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="ADDRESS=RESOURCE: which resource of the stack it is.")
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="RESOURCE=ID: what exists already, where no state tells.")
    ] = None,
    leave: Annotated[
        list[str] | None, typer.Option(help="Address of a resource or a module that stays with Terraform.")
    ] = None,
    replace: Annotated[
        list[str] | None, typer.Option(help="Resource that the next apply may delete and make anew.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Directory for the files of `pulumi import`.", file_okay=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Import it into the stack; else only try it out.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Take over what Terraform has made: find it, try it out on a copy, import it. The cloud is only read."""

    def work(output: Output) -> None:
        environment = environment_of(directory, stack)
        wish = Wish(_pairs("--map", maps), _pairs("--id", ids), tuple(leave or ()))
        made = states.read(state) if state is not None else ()
        program = ProgramStack(directory.resolve(), stack, environment.project, Engine())
        with copy_of(program) as copy:
            found = adopting.rehearse(copy, made, wish, output, replacing=replace or ())
        if into is not None:
            for path in adopting.write(found, into):
                output.say(f"Written: {path}.")
        if yes:
            program.opened_or_made(output.masker)
            found = adopting.settle(Place(program.engine, program.directory, program.project, stack), found)
        output.table(adopting.COLUMNS, found.rows())
        if found.created:
            output.warn(f"The next apply makes what is not adopted: {', '.join(found.created)}.")
        updates = len(found.told(Operation.UPDATE)) + len(found.told(Operation.REPLACE))
        output.result(
            f"{len(found.matches)} {'adopted' if yes else 'can be adopted'}: the next apply changes {updates} of them "
            f"and makes {len(found.created)} more; {len(found.left)} stay with Terraform.",
            "green",
        )
        if yes:
            for line in found.removals():
                output.result(line)
        output.document({**found.document(), "imported": yes})

    run(work, as_json=as_json, debug=debug)


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """``A=B`` -> A and B; an address may hold an equals sign in its index, so the last one parts them."""
    found = {}
    for text in given or ():
        # An id may hold one too, and a name of a resource none: there the first one parts them.
        left, sign, right = text.partition("=") if option == "--id" else text.rpartition("=")
        if not (left and sign and right):
            raise DeliveryError(f"{option} {text!r} is not of the form A=B.", Exit.BAD_INPUT)
        found[left] = right
    return found
