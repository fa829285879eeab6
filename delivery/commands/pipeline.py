"""``caas comment`` and ``caas approved``: what a pipeline writes below a merge request, and whose word it waits for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from components.spec import read_files
from delivery import approval
from delivery.command_line import Debug, Directory, Json, Stack, run
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.forge import detect, writing
from delivery.output import Output
from delivery.preview.markdown import marker

_WHAT = re.compile(r"^[a-z][a-z-]{0,30}$")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(comment)
    app.command()(approved)


def comment(
    stack: Stack,
    file: Annotated[Path, typer.Option(help="The Markdown to write.", exists=True, dir_okay=False)],
    what: Annotated[
        str, typer.Option(help="What it is about: each has a comment of its own, which is replaced in place.")
    ] = "preview",
    directory: Directory = Path(),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a file below the pipeline's merge request: one comment for each stack, updated in place."""

    def work(output: Output) -> None:
        if not _WHAT.match(what):
            raise DeliveryError(
                f"--what is {what!r}.", Exit.BAD_INPUT, remedy="Use a word of small letters, such as preview."
            )
        _, project, _ = read_files(directory, stack)
        detect.masked(output.masker)
        text = output.masker(file.read_text(encoding="utf-8"))
        forge = detect.forge()
        written = writing.comment(forge, marker(what, project, stack), text)
        output.result(f"{forge.name} has the comment." if written else "No merge request is known: nothing to comment.")
        output.document({"stack": stack, "commented": written})

    run(work, as_json=as_json, debug=debug)


def approved(
    source: Annotated[str, typer.Option("--from", help="The stack whose release is to go on.")],
    to: Annotated[str, typer.Option(help="The stack that is to get it.")],
    by: Annotated[
        list[str] | None,
        typer.Option(help="An account that approved, where the CI system says it itself (Jenkins' input step)."),
    ] = None,
    directory: Directory = Path(),
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Fail (exit code 3) unless somebody approved this job who wrote none of the commits that it releases."""

    def work(output: Output) -> None:
        detect.masked(output.masker)
        commits = approval.brought(directory.resolve(), source, to)
        others = writing.approved(detect.forge(), commits, tuple(by or ()))
        named = ", ".join(sorted(others))
        output.result(f"{len(commits)} commits may go from {source} to {to}: approved by {named}.")
        output.document({"from": source, "to": to, "approved": sorted(others), "commits": list(commits)})

    run(work, as_json=as_json, debug=debug)
