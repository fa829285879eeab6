"""``caas review up|list|down|reap``: a branch's own environment for a few hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from components.spec import read_project
from delivery import review as reviewing
from delivery import review_stack, turns
from delivery import up as upping
from delivery import verify as verifying
from delivery.command_line import Debug, Directory, Json, LockTimeout, Timeout, environment_of, run
from delivery.errors import DeliveryError
from delivery.output import Output
from delivery.purpose import Purpose

Branch = Annotated[str, typer.Option(help="The branch; its environment is called after it.")]
Ttl = Annotated[str, typer.Option(help="How long it lives, such as 90m, 4h or 2d; 10m to 30d.")]
From = Annotated[str, typer.Option("--from", help="The stack of tier dev whose configuration it gets.")]

COLUMNS = ("stack", "branch", "expires", "left")

app = typer.Typer(no_args_is_help=True, help="Short-lived environments, one for each branch.")


def register(to: typer.Typer) -> None:
    """Add the commands."""
    to.add_typer(app, name="review")


@app.command()
def up(
    branch: Branch,
    ttl: Ttl = "4h",
    base: From = "dev",
    directory: Directory = Path(),
    timeout: Timeout = verifying.TIMEOUT,
    lock_timeout: LockTimeout = turns.TIMEOUT,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a branch's environment from dev's configuration, or update it; its time begins anew."""

    def work(output: Output) -> None:
        life = review_stack.lifetime(ttl)
        root = directory.resolve()
        review = reviewing.prepare(root, environment_of(directory, base), branch, life, output)
        environment = environment_of(directory, review.stack)
        result = upping.up(
            root, environment, output, timeout=timeout, lock_timeout=lock_timeout, why=Purpose(operation="review up")
        )
        output.table(verifying.COLUMNS, [f.row() for f in result.findings])
        output.result(f"{review.stack} runs branch {branch}, {review.left(datetime.now(UTC))} left.", "green")
        output.document({**result.document(), **review.document(datetime.now(UTC))})

    run(work, as_json=as_json, debug=debug)


@app.command("list")
def list_(directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Show the review environments and how long they have to live."""

    def work(output: Output) -> None:
        now = datetime.now(UTC)
        found = reviewing.every(directory.resolve(), read_project(directory))
        rows = [(r.stack, r.branch, f"{r.expires:%Y-%m-%d %H:%M} UTC" if r.expires else "", r.left(now)) for r in found]
        if rows:
            output.table(COLUMNS, rows)
        else:
            output.result("There is no review environment.")
        output.document({"reviews": [review.document(now) for review in found]})

    run(work, as_json=as_json, debug=debug)


@app.command()
def down(branch: Branch, directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Remove a branch's environment now."""

    def work(output: Output) -> None:
        name = review_stack.stack_name(branch)
        review = reviewing.remove(directory.resolve(), read_project(directory), name, output)
        output.result(f"{name} is gone.", "green")
        output.document({"removed": [review.document(datetime.now(UTC))]})

    run(work, as_json=as_json, debug=debug)


@app.command()
def reap(directory: Directory = Path(), as_json: Json = False, debug: Debug = False) -> None:
    """Remove every review environment that has expired: for a scheduled job, on any machine."""

    def work(output: Output) -> None:
        done = reviewing.reap(directory.resolve(), read_project(directory), output)
        if done.failed:
            names = ", ".join(review.stack for review, _ in done.failed)
            raise DeliveryError(
                f"{len(done.removed)} removed, but not {names}.",
                reviewing.worst(error for _, error in done.failed),
                remedy="The next reap goes on with them.",
                details=tuple(f"{review.stack}: {error.line}" for review, error in done.failed),
            )
        names = ", ".join(review.stack for review in done.removed) or "nothing"
        output.result(f"Removed {names}; {len(done.kept)} kept.", "green")
        output.document(done.document(datetime.now(UTC)))

    run(work, as_json=as_json, debug=debug)
