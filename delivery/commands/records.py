"""``caas history``, ``status`` and ``dora``: what was released, what runs, and the four figures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from components.spec import read_files
from delivery import dora as figuring
from delivery import exposition
from delivery import status as asking
from delivery import verify as verifying
from delivery.command_line import Debug, Directory, Json, Stack, run
from delivery.dora import Figures
from delivery.engine import Engine
from delivery.ledger import Ledger
from delivery.output import Output
from delivery.records import Release
from delivery.stack import ProgramStack

SHOWN = 20
COLUMNS = ("release", "began (UTC)", "took", "what", "who", "commit", "digests", "outcome")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(history)
    app.command()(status)
    app.command()(dora)


def history(
    stack: Stack,
    directory: Directory = Path(),
    limit: Annotated[int, typer.Option(min=1, help="Releases that are shown, the newest.")] = SHOWN,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Releases of a stack: who, when, commit, digests, and how each ended."""

    def work(output: Output) -> None:
        _, found = _records(directory, stack)
        shown = found[-limit:][::-1]
        if not found:
            output.result(f"Stack {stack} has no recorded release: `caas up --stack {stack}` makes the first.")
        else:
            output.table(COLUMNS, [_row(one) for one in shown])
        output.document({"stack": stack, "releases": [one.document() for one in shown]})

    run(work, as_json=as_json, debug=debug)


def status(stack: Stack, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """The last release, what runs against what was declared, what is unfinished, and who holds the stack."""

    def work(output: Output) -> None:
        found = asking.status(directory.resolve(), stack, output)
        for line in found.lines():
            output.result(line)
        if found.findings:
            output.table(verifying.COLUMNS, [one.row() for one in found.findings])
        output.document(found.document())

    run(work, as_json=as_json, debug=debug)


def dora(
    stack: Stack,
    directory: Directory = Path(),
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days to look back.")] = figuring.WINDOW_DAYS,
    textfile: Annotated[
        Path | None, typer.Option(help="Write them for Prometheus to this file, such as a node exporter picks up.")
    ] = None,
    pushgateway: Annotated[str | None, typer.Option(help="URL of a Pushgateway to put them to.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Deployment frequency, lead time, change failure rate and time to restore, from the record of releases."""

    def work(output: Output) -> None:
        project, found = _records(directory, stack)
        figures = figuring.figures(found, datetime.now(UTC), project=project, stack=stack, days=days)
        if textfile is not None:
            exposition.write(figures, textfile)
        if pushgateway is not None:
            exposition.push(figures, pushgateway)
        for line in _sentences(figures):
            output.result(line)
        output.document(figures.document())

    run(work, as_json=as_json, debug=debug)


def _records(directory: Path, stack: str) -> tuple[str, tuple[Release, ...]]:
    """The project's name and the stack's releases. The stack itself may be gone: its record stays."""
    _, project, _ = read_files(directory, stack)
    return project, Ledger(ProgramStack(directory.resolve(), stack, project, Engine())).read().releases


def _row(release: Release) -> tuple[str, ...]:
    commit = release.commit
    return (
        str(release.number),
        f"{release.began:%Y-%m-%d %H:%M:%S}",
        "-" if release.seconds is None else f"{release.seconds:.0f} s",
        release.what,
        release.owner.user,
        "-" if commit is None else f"{commit.id[:10]}{'+' if commit.dirty else ''} {commit.branch or ''}".strip(),
        " ".join(image.rpartition(":")[2][:12] for _, image in sorted(release.images.items())) or "-",
        release.outcome.value + (f": {release.reason.partition(';')[0]}" if release.reason else "") + _against(release),
    )


def _against(release: Release) -> str:
    """How many policies it went on against, and why."""
    said = release.policies or {}
    violated = len(said.get("violation", ()))
    return f"; against {violated} policies: {said['because']}" if violated and said.get("because") else ""


def _sentences(figures: Figures) -> list[str]:
    def known(value: float | None, unit: str = "", scale: float = 1.0) -> str:
        return "not known yet" if value is None else f"{value / scale:.1f}{unit}"

    percent = None if figures.failure_rate is None else figures.failure_rate * 100
    unrestored = f"; {figures.unrestored} not restored yet" if figures.unrestored else ""
    return [
        f"Stack {figures.stack}, the last {figures.days} days:",
        f"deployment frequency   {figures.frequency:.2f} a day ({figures.deployments} deployments)",
        f"lead time for changes  {known(figures.lead_time, ' h', 3600)}",
        f"change failure rate    {known(percent, ' %')} ({figures.failures} failed)",
        f"time to restore        {known(figures.restore, ' min', 60)}{unrestored}",
    ]
