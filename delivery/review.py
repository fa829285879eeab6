"""Review environments: a branch's own stack for a few hours. docs/adr/0024-review-environments.md.

What a review stack is for and when it expires is kept with the stack, as its tags: any machine that reaches the backend
may remove it. No stack without these tags is ever touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from components.spec import Environment
from delivery import ledger, locks, recover, review_stack
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.review_place import place_for
from delivery.review_stack import BRANCH, EXPIRES, Review
from delivery.stack import ProgramStack

MADE = "# Made by `caas review up`"
HEADER = MADE + " from Pulumi.{base}.yaml; not to be committed, and removed with its stack.\n"


@dataclass(frozen=True)
class Reaped:
    """What became of the review environments."""

    removed: tuple[Review, ...]
    kept: tuple[Review, ...]
    failed: tuple[tuple[Review, DeliveryError], ...]

    def document(self, now: datetime) -> dict[str, Any]:
        """For --json."""
        return {
            "removed": [review.document(now) for review in self.removed],
            "kept": [review.document(now) for review in self.kept],
            "failed": [{**review.document(now), "error": error.line} for review, error in self.failed],
        }


def prepare(directory: Path, base: Environment, branch: str, life: timedelta, output: Output) -> Review:
    """Write the stack's file, make the stack and mark it: before anything is applied to it, so that whatever happens
    then can be removed. For one that is there already its life begins anew."""
    if base.tier != "dev":
        raise DeliveryError(
            f"A review environment is made from a stack of tier dev; {base.stack} is {base.tier}.",
            Exit.BAD_INPUT,
            remedy="Name another with --from.",
        )
    name = review_stack.stack_name(branch)
    stack = ProgramStack(directory, name, base.project, Engine())
    if name in stack.names():
        # Before anything is written: the file of a stack that is none of ours is not ours either.
        before = review_stack.read(name, stack.tags())
        # Our file without the marks: we were cut off between making the stack and marking it.
        begun = before is None and _ours(directory / f"Pulumi.{name}.yaml")
        if not begun and (before is None or before.branch != branch):
            whose = f"the review environment of branch {before.branch!r}" if before else "no review environment"
            raise DeliveryError(
                f"Stack {name!r} exists and is {whose}.", Exit.BAD_INPUT, remedy="Give the branch another name."
            )
    _write(directory, base, name, place_for(base, name))
    _, created = stack.opened_or_made(output.masker)
    review = Review(name, branch, datetime.now(UTC).replace(microsecond=0) + life)
    _mark(stack, review)
    output.say(f"{'Made' if created else 'Kept'} review stack {name} until {review.expires:%Y-%m-%d %H:%M} UTC.")
    return review


def _mark(stack: ProgramStack, review: Review) -> None:
    # The expiry first: what has a branch then has both.
    if review.expires is not None:
        stack.tag(EXPIRES, review.expires.isoformat())
    stack.tag(BRANCH, review.branch)


def _write(directory: Path, base: Environment, name: str, namespace: str | None) -> None:
    yaml = YAML()
    content = yaml.load((directory / f"Pulumi.{base.stack}.yaml").read_text(encoding="utf-8")) or {}
    file = directory / f"Pulumi.{name}.yaml"
    with file.open("w", encoding="utf-8") as stream:
        stream.write(HEADER.format(base=base.stack))
        yaml.dump(review_stack.configuration(content, base, name, namespace), stream)


def _ours(file: Path) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8").startswith(MADE)


def every(directory: Path, project: str) -> list[Review]:
    """The project's review environments in the backend, those that expire first before the others."""
    found = []
    for name in ProgramStack(directory, review_stack.PREFIX, project, Engine()).names():
        review = _find(directory, project, name) if name.startswith(review_stack.PREFIX) else None
        if review is not None:
            found.append(review)
    return sorted(found, key=lambda review: (review.expires is None, review.expires, review.stack))


def _find(directory: Path, project: str, name: str) -> Review | None:
    stack = ProgramStack(directory, name, project, Engine())
    try:
        return review_stack.read(name, stack.tags())
    except DeliveryError as error:
        if error.code is Exit.BAD_INPUT and "no stack" in error.message:
            return None  # Somebody else has removed it in the meantime.
        raise


def remove(directory: Path, project: str, name: str, output: Output) -> Review:
    """Take a review environment down, from wherever an earlier removal was cut off. DeliveryError where the stack is
    none, or is being changed."""
    stack = ProgramStack(directory, name, project, Engine())
    review = review_stack.read(name, stack.tags())
    if review is None:
        raise DeliveryError(
            f"Stack {name!r} is no review environment and was not touched.",
            Exit.BAD_INPUT,
            remedy="`caas review list` shows those that are.",
        )
    backend = stack.backend_directory
    if backend is not None:
        held = locks.release_dead(locks.held(backend, project, name), output.warn)
        if held:
            names = ", ".join(lock.holder for lock in held)
            raise DeliveryError(
                f"Review stack {name!r} is being changed by {names}.", Exit.LOCKED, remedy="Try again when it is done."
            )
    output.say(f"Removing review stack {name} (branch {review.branch}).")
    recover.recover(stack, stack.state(), output)
    stack.run("destroy", "--yes", "--skip-preview", "--suppress-progress")
    # The stack last: as long as it is there, the next removal finds it and goes on.
    ledger.Ledger(stack).remove()
    stack.run("stack", "rm", "--yes")
    # Where the file is, it was written by us; the engine removes it too, but not on another machine.
    with suppress(FileNotFoundError):
        (directory / f"Pulumi.{name}.yaml").unlink()
    return review


def reap(
    directory: Path,
    project: str,
    output: Output,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Reaped:
    """Remove what has expired. One that cannot be removed keeps nobody else alive."""
    removed, kept, failed = [], [], []
    for review in every(directory, project):
        if not review.expired(now()):
            kept.append(review)
            continue
        try:
            # Asked once more: its life may have been prolonged while others were removed.
            again = _find(directory, project, review.stack)
            if again is None:
                continue
            if not again.expired(now()):
                kept.append(again)
                continue
            removed.append(remove(directory, project, review.stack, output))
        except DeliveryError as error:
            output.warn(f"{review.stack}: {error.line}")
            failed.append((review, error))
    return Reaped(tuple(removed), tuple(kept), tuple(failed))


def worst(errors: Iterable[DeliveryError]) -> Exit:
    """The code of several failures: a lock alone is a matter of patience, anything else is not."""
    codes = {error.code for error in errors}
    return Exit.LOCKED if codes == {Exit.LOCKED} else Exit.DEPLOYMENT_FAILED
