"""``caas rollback`` and ``caas promote``: releases that run again, here or in another stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from delivery import promote as promoting
from delivery import rollback as going_back
from delivery import turns
from delivery import verify as verifying
from delivery.command_line import Debug, Directory, Json, LockTimeout, Override, Reason, Stack, Timeout, run
from delivery.output import Output
from delivery.purpose import Purpose
from delivery.up import Result


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rollback)
    app.command()(promote)


def rollback(
    stack: Stack,
    to: Annotated[
        int | None, typer.Option(min=1, help="A release's number. Default: the last good one before what is there now.")
    ] = None,
    directory: Directory = Path(),
    reason: Reason = None,
    timeout: Timeout = verifying.TIMEOUT,
    lock_timeout: LockTimeout = turns.TIMEOUT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Go back to a recorded release, by its digests and its configuration, and prove it."""

    def work(output: Output) -> None:
        done = going_back.rollback(
            directory.resolve(), stack, to, output, timeout=timeout, lock_timeout=lock_timeout, note=reason
        )
        _tell(done, output)

    run(work, as_json=as_json, debug=debug)


def promote(
    source: Annotated[str, typer.Option("--from", help="The stack that has proven it.")],
    to: Annotated[str, typer.Option(help="The stack that gets it.")],
    directory: Directory = Path(),
    reason: Reason = None,
    override_policies: Override = None,
    timeout: Timeout = verifying.TIMEOUT,
    lock_timeout: LockTimeout = turns.TIMEOUT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Run in one stack what another has proven: the same digests, nothing rebuilt."""

    def work(output: Output) -> None:
        why = Purpose("promote", reason, override_policies)
        done = promoting.promote(
            directory.resolve(), source, to, output, timeout=timeout, lock_timeout=lock_timeout, why=why
        )
        _tell(done, output)

    run(work, as_json=as_json, debug=debug)


def _tell(done: Result, output: Output) -> None:
    output.table(verifying.COLUMNS, [one.row() for one in done.findings])
    changed = f"{done.changed} changed" if done.changed else "nothing to change"
    output.result(f"Stack {done.stack} runs release {done.release}: {changed}, {done.seconds:.0f} s.", "green")
    output.document(done.document())
