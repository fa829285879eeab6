"""``caas terraform plan|apply``: a team's Terraform root before the stack that stands on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from components.spec import read_files
from delivery.command_line import Debug, Directory, Json, Stack, run
from delivery.forge import detect
from delivery.output import Output
from delivery.terraform import Root

RootDirectory = Annotated[
    Path,
    typer.Option("--root", envvar="CAAS_TERRAFORM", help="The Terraform (or OpenTofu) root.", file_okay=False),
]

app = typer.Typer(no_args_is_help=True, help="A team's Terraform root, before the stack that stands on it.")


def register(to: typer.Typer) -> None:
    """Add the commands."""
    to.add_typer(app, name="terraform")


def _root(root: Path, directory: Path, stack: str, output: Output) -> Root:
    """The root, for a stack that the project has."""
    read_files(directory, stack)
    detect.masked(output.masker)
    return Root(root, stack, output.say)


@app.command()
def plan(
    stack: Stack,
    root: RootDirectory,
    save_plan: Annotated[
        Path | None,
        typer.Option(help="Keep the plan for `caas terraform apply`. It holds values in plain text.", dir_okay=False),
    ] = None,
    directory: Directory = Path(),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what the root would change for a stack, with <stack>.tfbackend and <stack>.tfvars of the root."""

    def work(output: Output) -> None:
        changes = _root(root, directory, stack, output).plan(save_plan)
        told = "would change what stands above" if changes == "some" else "has nothing to change"
        output.result(f"Terraform {told} for {stack}.")
        output.document({"stack": stack, "changes": changes == "some", "plan": str(save_plan) if save_plan else None})

    run(work, as_json=as_json, debug=debug)


@app.command()
def apply(
    stack: Stack,
    root: RootDirectory,
    plan: Annotated[Path, typer.Option(help="What `caas terraform plan --save-plan` kept.", dir_okay=False)],
    directory: Directory = Path(),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Apply a saved plan of the root for a stack; fails (exit code 5) where Terraform does."""

    def work(output: Output) -> None:
        _root(root, directory, stack, output).apply(plan)
        output.result(f"Terraform's root of {stack} is applied.", "green")
        output.document({"stack": stack, "applied": True})

    run(work, as_json=as_json, debug=debug)
