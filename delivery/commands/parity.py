"""``caas parity``: are the environments the same but for what may differ?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from components.spec import Environment
from delivery import named_file
from delivery.command_line import Debug, Directory, Json, environments_of, run
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.parity import report as reporting
from delivery.parity.run import parity as compared


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(parity)


def parity(
    stacks: Annotated[list[str], typer.Argument(help="Two or more stacks; each is compared with the last.")],
    directory: Directory = Path(),
    markdown: Annotated[Path | None, typer.Option(help="Also write the result there as Markdown.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare what environments would declare, and fail on a difference that may not be (exit code 3)."""

    def work(output: Output) -> None:
        several(stacks)
        output.document(judged(directory, environments_of(directory, stacks), output, markdown=markdown))

    run(work, as_json=as_json, debug=debug)


def several(stacks: Sequence[str]) -> None:
    """DeliveryError unless these are two or more different stacks."""
    if len(set(stacks)) < 2 or len(set(stacks)) != len(stacks):
        raise DeliveryError(
            f"Parity is of two or more different stacks; named: {', '.join(stacks)}.",
            Exit.BAD_INPUT,
            remedy="For example: caas parity dev staging prod",
        )


def judged(
    directory: Path, environments: Sequence[Environment], output: Output, *, markdown: Path | None = None
) -> dict[str, Any]:
    """Compare them, say what was found, and answer it; DeliveryError (exit code 3) where something may not differ."""
    found = compared(directory.resolve(), environments, output.say)
    if markdown is not None:
        named_file.write(markdown, output.masker(reporting.markdown(found)))
    output.table(reporting.COLUMNS, reporting.rows((*found.refused, *found.accepted)))
    for note in found.notes:
        output.result(f"note: {note}")
    if found.refused:
        raise DeliveryError(
            reporting.verdict(found),
            Exit.POLICY,
            remedy="Make them the same, or say in policies/parity.yaml why they may differ.",
            content=found.document(),
        )
    output.result(reporting.verdict(found), "green")
    return found.document()
