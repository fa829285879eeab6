"""``caas status``: the last release, what runs against what was declared, what is unfinished, and who holds the stack.

It changes nothing and judges nothing: ``caas verify`` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.spec import Environment, SpecError, load_environment, read_files
from delivery import declared, ledger, locks, recover
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.observe.platforms import observer_of
from delivery.output import Output
from delivery.records import Outcome, Release, unended
from delivery.stack import ProgramStack
from delivery.verify import Finding, look
from delivery.watched import Watched
from delivery.watched import look as look_at


@dataclass(frozen=True)
class Status:
    """What a person asks first."""

    stack: str
    last: Release | None
    """The newest release; one that was refused is none."""
    good: Release | None
    """The newest that succeeded."""
    open: tuple[Release, ...]
    """Releases that have not ended."""
    pending: int | None
    """Operations that an apply began and did not finish; None while somebody is at it."""
    holders: tuple[str, ...] | None
    """Who holds the stack's lock; None where only the engine can see the backend's locks."""
    findings: tuple[Finding, ...]
    unseen: str | None
    """Why nobody could look, where that is so."""
    watched: Watched | None = None
    """The alerts that fire, and the budgets that are left; None where the environment names no Prometheus."""

    @property
    def differences(self) -> tuple[str, ...]:
        """Where what was declared last is not what the last good release ran: somebody applied without ``caas``."""
        if self.good is None or not self.findings:
            return ()
        now = {one.service.name: one.service.image for one in self.findings}
        return tuple(
            f"{name}: release {self.good.number} ran {_short(self.good.images.get(name))}, declared is now "
            f"{_short(now.get(name))}"
            for name in sorted({*now, *self.good.images})
            if now.get(name) != self.good.images.get(name)
        )

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "stack": self.stack,
            "lastRelease": self.last.document() if self.last else None,
            "lastGoodRelease": self.good.number if self.good else None,
            "inProgress": [one.number for one in self.open],
            "pendingOperations": self.pending,
            "lockHolders": None if self.holders is None else list(self.holders),
            "services": [one.document() for one in self.findings],
            "unseen": self.unseen,
            "differences": list(self.differences),
            "watched": self.watched.document() if self.watched else None,
        }

    def lines(self) -> list[str]:
        """For people, above the table of services."""
        lines = [f"Stack {self.stack}: {_sentence(self.last)}"]
        if self.good is not None and self.good is not self.last:
            lines.append(f"The last that succeeded: {_sentence(self.good)}")
        lines += [f"In progress: {_sentence(one)}" for one in self.open if one is not self.last]
        if self.pending:
            lines.append(f"An apply was cut off with {self.pending} operations under way; `caas up` puts that right.")
        if self.holders:
            lines.append(f"The stack is held by {', '.join(self.holders)}.")
        if self.unseen is not None:
            lines.append(f"What runs could not be seen: {self.unseen}")
        return [*lines, *self.differences, *(self.watched.lines() if self.watched else ())]


def status(directory: Path, stack: str, output: Output) -> Status:
    """Ask the record, the backend and the platform. DeliveryError where there is no such stack."""
    config, project, source = read_files(directory, stack)
    program = ProgramStack(directory, stack, project, Engine())
    program.must_exist()
    made = [one for one in ledger.Ledger(program).read().releases if one.outcome is not Outcome.REFUSED]
    backend = program.backend_directory
    held = None if backend is None else locks.held(backend, project, stack)
    living = None if held is None else tuple(one.holder for one in held if not one.owner_is_dead())
    outputs = program.outputs()
    findings, unseen = _seen(outputs, stack, output)
    return Status(
        stack=stack,
        last=made[-1] if made else None,
        good=next((one for one in reversed(made) if one.outcome is Outcome.SUCCEEDED), None),
        open=tuple(unended(made)),
        pending=None if living else len(recover.pending(program.state())),
        holders=living,
        findings=findings,
        unseen=unseen,
        watched=_watched(outputs, lambda: load_environment(config, project=project, stack=stack, source=source)),
    )


def _seen(outputs: Mapping[str, Any], stack: str, output: Output) -> tuple[tuple[Finding, ...], str | None]:
    try:
        truth = declared.parse(outputs, stack)
        return look(truth, observer_of(truth), output), None
    except DeliveryError as error:
        return (), error.line


def _watched(outputs: Mapping[str, Any], described: Callable[[], Environment]) -> Watched | None:
    """A description that is wrong by now is told by whoever applies it."""
    try:
        return look_at(described(), outputs)
    except (DeliveryError, SpecError):
        return None


def _sentence(release: Release | None) -> str:
    if release is None:
        return "no release is recorded."
    when = f"{release.began:%Y-%m-%d %H:%M} UTC by {release.owner.user}"
    commit = f", commit {release.commit.id[:12]}{'+' if release.commit.dirty else ''}" if release.commit else ""
    why = f": {release.reason}" if release.reason else ""
    return f"release {release.number} ({release.what}) of {when}{commit}, {release.outcome.value}{why}"


def _short(image: str | None) -> str:
    return "nothing" if image is None else image.rpartition("@")[2][:19]
