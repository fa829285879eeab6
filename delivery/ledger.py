"""The releases of a stack, kept beside its state: written before anything is changed, and again when it is over.

The ledger is the outputs of a stack of its own, ``<project>-releases/<stack>`` (``kept.py``), in whatever backend holds
the state: docs/adr/0022-releases-beside-the-state.md. No secret is in it.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from components.pipeline_state import RELEASES
from delivery import processes, purpose, records
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.kept import Kept
from delivery.records import Commit, Kind, Outcome, Owner, Release
from delivery.stack import ProgramStack

SUFFIX = RELEASES
"""What the ledger's project is called after the program's."""
FORMAT = 1


@dataclass(frozen=True)
class Intent:
    """What a release is about to do."""

    kind: Kind
    owner: Owner
    configuration: Mapping[str, Any]
    """Every key of the program's namespace but the secrets."""
    source: str | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    """Service -> digest reference, where nothing is built."""
    commit: Commit | None = None
    strategies: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class Book:
    """A ledger as it was read."""

    entries: tuple[Mapping[str, Any], ...] = ()
    configurations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Hash -> configuration: most releases change an image and nothing else."""

    @property
    def releases(self) -> tuple[Release, ...]:
        """Every release, by number; one whose owner is known to be dead is shown as interrupted."""
        return records.releases((*self.entries, *self._dead()))

    @property
    def delivered(self) -> tuple[Release, Commit] | None:
        """The last release that succeeded and of which the commit is known, and that commit."""
        made = [one for one in self.releases if one.outcome is Outcome.SUCCEEDED]
        return next(((one, one.commit) for one in reversed(made) if one.commit is not None), None)

    def configuration(self, release: Release) -> dict[str, Any]:
        """The configuration of a release. KeyError where the ledger does not hold it."""
        return dict(self.configurations[release.configuration])

    def _dead(self, by: str = "") -> list[dict[str, Any]]:
        """The ends of releases whose process is gone without having written one."""
        now = datetime.now(UTC)
        return [
            records.ended(one.id, now, Outcome.INTERRUPTED, reason=f"its process is dead: {one.owner}", by=by)
            for one in records.unended(records.releases(self.entries))
            if one.owner.host == socket.gethostname() and not processes.alive(one.owner.pid, one.began)
        ]


def owner() -> Owner:
    """This process. In a pipeline the user is who started it, where the pipeline says so."""
    return Owner(purpose.user(), socket.gethostname(), os.getpid())


class Ledger:
    """The ledger of one stack. Methods raise DeliveryError where the backend refuses."""

    def __init__(self, stack: ProgramStack) -> None:
        self._stack = stack
        self._kept = Kept(stack, f"{stack.project}{SUFFIX}")

    def read(self) -> Book:
        """Everything that was recorded; an empty book for a stack that never had a release."""
        return self._book(self._kept.read() or {})

    def begin(self, intent: Intent) -> tuple[Release, tuple[Release, ...]]:
        """Record a release that is about to begin; answers it, to be ended, and those before it. Nothing may be changed
        before this."""
        content = records.configuration_hash(intent.configuration)
        release = Release(
            number=0,
            id=uuid.uuid4().hex,
            kind=intent.kind,
            source=intent.source,
            owner=intent.owner,
            began=datetime.now(UTC),
            ended=None,
            outcome=Outcome.IN_PROGRESS,
            reason=None,
            note=intent.note,
            commit=intent.commit,
            images=intent.images,
            configuration=content,
            strategies=intent.strategies,
        )

        before: tuple[Release, ...] = ()

        def add(book: Book) -> Book:
            nonlocal release, before
            before = book.releases
            number = max((one.number for one in before), default=0) + 1
            release = replace(release, number=number)
            return Book(
                (*book.entries, *book._dead(release.id), records.begun(release)),
                {**book.configurations, content: intent.configuration},
            )

        self._change(add)
        return release, before

    def end(
        self,
        release: Release,
        configuration: Mapping[str, Any],
        outcome: Outcome,
        *,
        reason: str | None = None,
        images: Mapping[str, str] | None = None,
        changed: int | None = None,
        policies: Mapping[str, Any] | None = None,
    ) -> Release:
        """Record how a release ended. Ends those as well that began before it and are still open although this one had
        the stack: their owners, on other machines, cannot be asked. Should one of them live, its own word goes before
        that.

        :param configuration: As it was begun with: written again should another writer have been lost to a race.
        """
        now = datetime.now(UTC)
        last = records.ended(release.id, now, outcome, reason=reason, images=images, changed=changed, policies=policies)

        def add(book: Book) -> Book:
            entries = list(book.entries)
            if not any(e["entry"] == records.BEGUN and e["id"] == release.id for e in entries):
                entries.append(records.begun(release))
            left = []
            if outcome is not Outcome.REFUSED:
                open_ = [o for o in records.unended(records.releases(entries)) if o.number < release.number]
                why = f"it had not ended when release {release.number} was made by {release.owner}"
                left = [records.ended(o.id, now, Outcome.INTERRUPTED, reason=why, by=release.id) for o in open_]
            return Book((*entries, *left, last), {**book.configurations, release.configuration: configuration})

        self._change(add)
        return next(one for one in records.releases((records.begun(release), last)))

    def remove(self) -> None:
        """Forget everything, for a stack that is about to be forgotten itself. Nothing where there is no record."""
        self._kept.remove()

    def _change(self, change: Callable[[Book], Book]) -> None:
        """Read, change and write, as the only one anywhere who does."""
        self._kept.change(lambda outputs: _outputs(change(self._book(outputs))))

    def _book(self, outputs: Mapping[str, Any]) -> Book:
        if outputs.get("format", FORMAT) != FORMAT:
            raise self._unreadable(f"its format is {outputs['format']}, this program knows {FORMAT}")
        try:
            records.releases(outputs.get("entries") or ())
        except ValueError as error:
            raise self._unreadable(str(error)) from error
        return Book(tuple(outputs.get("entries") or ()), outputs.get("configurations") or {})

    def _unreadable(self, why: str) -> DeliveryError:
        return DeliveryError(
            f"The record of stack {self._stack.name!r}'s releases ({self._kept.project}/{self._stack.name} in "
            f"{self._stack.backend}) cannot be read: {why}.",
            Exit.BAD_INPUT,
            remedy="Use the version of caas that wrote it, or import one of the backend's backups of that stack.",
        )


def _outputs(book: Book) -> dict[str, Any]:
    """As the engine keeps it."""
    return {"format": FORMAT, "entries": list(book.entries), "configurations": dict(book.configurations)}


def find(found: Sequence[Release], number: int) -> Release | None:
    """The release of that number. Of two that began at once on two machines, the later."""
    return next((one for one in reversed(found) if one.number == number), None)
