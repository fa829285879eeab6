"""``caas rollback``: back to a recorded release, by its digests and its configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from delivery import ledger, oci, releases
from delivery import up as upping
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.purpose import Purpose
from delivery.records import Kind, Outcome, Release
from delivery.stack import ProgramStack
from delivery.up import Result


def rollback(
    directory: Path,
    stack: str,
    number: int | None,
    output: Output,
    *,
    timeout: float,
    lock_timeout: float,
    note: str | None = None,
) -> Result:
    """Run a recorded release again (default: the last good one before what is there now) and prove it."""
    environment = releases.environment_of_files(directory, stack)
    program = ProgramStack(directory, stack, environment.project, Engine())
    program.must_exist()
    book = ledger.Ledger(program).read()
    target = choose(book.releases, number, stack)
    pinned = releases.pinned(target, book, stack)
    again = releases.environment_of(directory, stack, pinned)
    if again.platform != environment.platform:
        raise DeliveryError(
            f"Release {target.number} ran on {again.platform}, and stack {stack!r} is on {environment.platform} now.",
            Exit.BAD_INPUT,
            remedy="Move the platform back in the stack's file first; a rollback changes no platform.",
        )
    found_in_registry(target.images.values(), f"Release {target.number}", output)
    output.say(f"Back to release {target.number} of {target.began:%Y-%m-%d %H:%M} UTC ({target.what}).")
    plan = releases.intent(
        directory,
        again,
        kind=Kind.ROLLBACK,
        source=target,
        of=str(target.number),
        configuration=pinned.configuration,
        images=target.images,
        note=note,
    )
    why = Purpose("rollback", note, recovery=True)
    return upping.up(directory, again, output, timeout=timeout, lock_timeout=lock_timeout, intent=plan, why=why)


def choose(found: Sequence[Release], number: int | None, stack: str) -> Release:
    """The release that is gone back to. DeliveryError where there is none, or where it never ran well."""
    good = [one for one in found if one.outcome is Outcome.SUCCEEDED and one.images]
    if number is not None:
        return _named(found, good, number, stack)
    made = [one for one in found if one.outcome is not Outcome.REFUSED]
    if not made:
        raise _nothing(stack, "it has no recorded release")
    present = made[-1]
    before = [one for one in good if one.number < present.number and one.content != present.content]
    if not before:
        raise _nothing(stack, f"no release that succeeded before release {present.number} differs from it")
    return before[-1]


def _named(found: Sequence[Release], good: Sequence[Release], number: int, stack: str) -> Release:
    release = ledger.find(found, number)
    known = ", ".join(str(one.number) for one in good[-10:]) or "none"
    if release is None:
        raise DeliveryError(
            f"Stack {stack!r} has no release {number}.",
            Exit.BAD_INPUT,
            remedy=f"Those that it can go back to: {known} (`caas history --stack {stack}`).",
        )
    if release not in good:
        raise DeliveryError(
            f"Release {number} of stack {stack!r} {_how(release.outcome)}: it is nothing to go back to.",
            Exit.BAD_INPUT,
            remedy=f"Those that it can go back to: {known} (`caas history --stack {stack}`).",
        )
    return release


def _how(outcome: Outcome) -> str:
    """As the end of a sentence about a release."""
    if outcome in (Outcome.FAILED, Outcome.SUCCEEDED):
        return outcome.value
    return f"is {outcome.value}" if outcome in (Outcome.IN_PROGRESS, Outcome.NOT_PROVEN) else f"was {outcome.value}"


def _nothing(stack: str, why: str) -> DeliveryError:
    return DeliveryError(
        f"Stack {stack!r} has nothing to go back to: {why}.",
        Exit.BAD_INPUT,
        remedy=f"`caas history --stack {stack}` shows what was released; --to names one of those.",
    )


def found_in_registry(images: Iterable[str], what: str, output: Output) -> None:
    """DeliveryError where an image is gone. A registry that does not say is a warning: the platform, which pulls with a
    login of its own, will tell."""
    gone = []
    for image in sorted(set(images)):
        try:
            if not oci.exists(image):
                gone.append(image)
        except DeliveryError as error:
            output.warn(f"It could not be seen whether {image} is still there: {error.message}")
    if gone:
        raise DeliveryError(
            f"{what} cannot run any more; gone from the registry: {', '.join(gone)}.",
            Exit.BAD_INPUT,
            remedy="Push it again by that digest, or choose another release; `caas history` shows them.",
        )
