"""``caas attest`` and ``caas attestations``: sign, list and scan what was built, and read what an image has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from components.spec import Environment
from delivery.command_line import Debug, Directory, Json, Stack, environment_of, run
from delivery.engine import Engine
from delivery.output import Output
from delivery.stack import ProgramStack
from delivery.supply import handover, read
from delivery.supply import run as supplying
from delivery.supply.read import Facts

Images = Annotated[
    list[str] | None, typer.Option("--image", help="repository@sha256:…; may be given again. Default: the stack's.")
]
Rescan = Annotated[bool, typer.Option("--rescan", help="Scan again although the last scan counts still.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(attest)
    app.command()(attestations)


def attest(
    stack: Stack,
    directory: Directory = Path(),
    image: Images = None,
    rescan: Rescan = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Give images the signature, SBOM, scan and provenance that they lack; what is there is not made again."""

    def work(output: Output) -> None:
        environment, program = _opened(directory, stack)
        found = supplying.attest_stack(program, environment, output, images=image or (), rescan=rescan)
        _tell(stack, found, output)

    run(work, as_json=as_json, debug=debug)


def attestations(
    stack: Stack, directory: Directory = Path(), image: Images = None, as_json: Json = False, debug: Debug = False
) -> None:
    """List what is attested of images and can be verified."""

    def work(output: Output) -> None:
        environment, program = _opened(directory, stack)
        _tell(stack, supplying.attestations(program, environment, images=image or ()), output)

    run(work, as_json=as_json, debug=debug)


def _opened(directory: Path, stack: str) -> tuple[Environment, ProgramStack]:
    environment = environment_of(directory, stack)
    supplying.configured(environment)
    program = ProgramStack(directory.resolve(), stack, environment.project, Engine())
    program.must_exist()
    return environment, program


def _tell(stack: str, found: list[Facts], output: Output) -> None:
    for line in handover.remarks(found):
        output.warn(line)
    if found:
        output.table(read.COLUMNS, [one.row() for one in found])
    else:
        output.result(f"Stack {stack} has no image to attest.")
    output.document({"stack": stack, "images": [one.document() for one in found]})
