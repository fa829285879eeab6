"""A release from its beginning to its end, whatever happens on the way: what it is to run, and how it ended.

Where records are kept is the business of ``ledger.py``, and what they say that of ``records.py``.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.release import RELEASE, Pinned
from components.spec import Environment, load_environment, read_files
from delivery import commits
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.ledger import Book, Intent, Ledger, owner
from delivery.output import Output
from delivery.records import Kind, Outcome, Release
from delivery.stack import ProgramStack

UNCHANGED = frozenset({Exit.BAD_INPUT, Exit.POLICY, Exit.REFUSED_PLAN, Exit.LOCKED})
"""Codes that say that nothing was changed, unless the error itself says otherwise."""
SECRETS = "secrets"
"""The key whose values no record holds."""
DETAILS = 3
"""Lines of the platform's own words that a reason repeats."""
RETRIES = 3
"""Attempts to write down how a release ended."""


def intent(
    directory: Path,
    environment: Environment,
    *,
    kind: Kind = Kind.UP,
    source: Release | None = None,
    of: str | None = None,
    configuration: Mapping[str, Any] | None = None,
    images: Mapping[str, str] | None = None,
    note: str | None = None,
) -> Intent:
    """What a release is about to do: by default, what the checkout in the directory describes.

    :param source: The release that runs again; its commit is the new one's.
    :param of: What the record says that it was: the promoted release, or the number that is gone back to.
    """
    if configuration is None:
        configuration, _, _ = read_files(directory, environment.stack)
    return Intent(
        kind=kind,
        owner=owner(),
        configuration=without_secrets(configuration),
        source=of,
        images=images or {},
        commit=source.commit if source else commits.current(directory),
        strategies={one.name: one.rollout.strategy for one in environment.services},
        note=note,
    )


def without_secrets(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as it may be recorded."""
    return {key: value for key, value in configuration.items() if key != SECRETS}


def environment_of_files(directory: Path, stack: str) -> Environment:
    """What the checkout in the directory describes; SpecError with every problem where it is not valid."""
    configuration, project, source = read_files(directory, stack)
    return load_environment(configuration, project=project, stack=stack, source=source)


def environment_of(directory: Path, stack: str, pinned: Pinned) -> Environment:
    """What a stack runs when a release runs again there: the release's configuration, the stack's own secrets.

    SpecError, naming the release, where the present program refuses it.
    """
    present, project, source = read_files(directory, stack)
    configuration = {**pinned.configuration, SECRETS: present.get(SECRETS)}
    return load_environment(configuration, project=project, stack=stack, source=source.of_release(pinned.name))


@dataclass
class Running:
    """A release on its way; told what has become of it as that is known."""

    release: Release
    images: Mapping[str, str] | None = None
    changed: int | None = None
    policies: Mapping[str, Any] | None = None
    """What the policy pack said; see ``records.Release``."""
    before: tuple[Release, ...] = ()
    """The releases before it."""

    def applied(self, images: Mapping[str, str], changed: int) -> None:
        """The engine is done: these images (service -> reference) are declared."""
        self.images, self.changed = images, changed


@contextlib.contextmanager
def recorded(stack: ProgramStack, plan: Intent, output: Output) -> Iterator[Running]:
    """Record a release around the block that makes it; a promotion or a rollback reaches the program in it."""
    ledger = Ledger(stack)
    release, before = ledger.begin(plan)
    running = Running(release, before=before)
    output.say(f"This is release {running.release.number} of stack {stack.name}.")
    try:
        with handed_over(stack, None if plan.kind is Kind.UP else pinned_by(plan, stack.name)):
            yield running
    except BaseException as error:
        outcome, reason = ending(error)
        _end(ledger, plan, running, outcome, output.masker(reason), output)
        raise
    _end(ledger, plan, running, Outcome.SUCCEEDED, None, output)


def ending(error: BaseException) -> tuple[Outcome, str]:
    """What an error makes of a release, and why."""
    if isinstance(error, KeyboardInterrupt):
        return Outcome.INTERRUPTED, "stopped by Ctrl-C or SIGTERM"
    if not isinstance(error, DeliveryError):
        return Outcome.FAILED, f"{type(error).__name__}: {error}".splitlines()[0]
    reason = "; ".join([error.message.rstrip("."), *error.details[:DETAILS]])
    if error.code in UNCHANGED and not error.begun:
        return Outcome.REFUSED, reason
    if error.code is Exit.NOT_PROVEN:
        return Outcome.NOT_PROVEN, reason
    if error.code is Exit.INTERRUPTED:
        return Outcome.INTERRUPTED, reason
    return (Outcome.ROLLED_BACK if error.rolled_back else Outcome.FAILED), reason


@contextlib.contextmanager
def handed_over(stack: ProgramStack, pinned: Pinned | None) -> Iterator[None]:
    """Tell the program which release runs again, for as long as the block lasts; nothing where that is none."""
    if pinned is None:
        yield
        return
    variables = stack.engine.variables
    outer = variables.get(RELEASE)
    with tempfile.TemporaryDirectory(prefix="caas-release-") as directory:
        file = Path(directory) / "release.json"
        file.write_text(pinned.text(), encoding="utf-8")
        variables[RELEASE] = str(file)
        try:
            yield
        finally:
            variables.pop(RELEASE)
            variables.update({} if outer is None else {RELEASE: outer})


def pinned(target: Release, book: Book, stack: str) -> Pinned:
    """A recorded release of a stack as the program is told of it."""
    return Pinned(f"release {target.number} of stack {stack}", book.configuration(target), target.images)


def pinned_by(plan: Intent, stack: str) -> Pinned:
    """What the program is told of a promotion or a rollback."""
    name = f"release {plan.source} of stack {stack}" if plan.kind is Kind.ROLLBACK else f"release {plan.source}"
    return Pinned(name, plan.configuration, plan.images)


def _end(ledger: Ledger, plan: Intent, running: Running, outcome: Outcome, reason: str | None, output: Output) -> None:
    """The deployment is over and its exit code is decided: what cannot be written down is a warning."""
    for left in reversed(range(RETRIES)):
        try:
            running.release = ledger.end(
                running.release,
                plan.configuration,
                outcome,
                reason=reason,
                images=running.images,
                changed=running.changed,
                policies=running.policies,
            )
            return
        except DeliveryError as error:
            if not left:
                number = running.release.number
                output.warn(f"Release {number} {outcome.value}; that could not be recorded: {error.message}")
