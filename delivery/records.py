"""What a record of a release says, and how the entries of a ledger add up to releases. Pure; where they are kept is the
business of ``ledger.py``.

A ledger is a list of entries to which things are only ever added: one when a release begins, one when it ends. A
release that has no end yet is in progress, or was cut off.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

BEGUN = "begun"
ENDED = "ended"


class Outcome(StrEnum):
    """How a release ended."""

    IN_PROGRESS = "in progress"
    SUCCEEDED = "succeeded"
    """Applied, and proven by observation."""
    FAILED = "failed"
    """It could not run, or the engine failed on the way."""
    ROLLED_BACK = "rolled back"
    """The new version did not pass, and all traffic is with the version that served before."""
    NOT_PROVEN = "not proven"
    """Applied, but within the limit not seen to run as declared."""
    INTERRUPTED = "interrupted"
    """Stopped by a person, or its process died."""
    REFUSED = "refused"
    """It never began: bad input, a policy, or somebody else's lock. Nothing was changed."""


class Kind(StrEnum):
    """What a release was."""

    UP = "up"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


@dataclass(frozen=True)
class Owner:
    """The process that makes a release."""

    user: str
    host: str
    pid: int

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (process {self.pid})"


@dataclass(frozen=True)
class Commit:
    """What git knew of the sources."""

    id: str
    time: datetime | None
    """When it was made."""
    branch: str | None
    dirty: bool
    """Were there changes that no commit holds?"""


@dataclass(frozen=True)
class Release:
    """One release of a stack."""

    number: int
    id: str
    """Tells two releases apart that began at the same moment on two machines."""
    kind: Kind
    source: str | None
    """Of a promotion the stack and number that it moved; of a rollback the number that it went back to."""
    owner: Owner
    began: datetime
    ended: datetime | None
    outcome: Outcome
    reason: str | None
    """Why it ended so, unless it succeeded."""
    note: str | None
    """Why it was made, in the words of whoever made it (``--reason``)."""
    commit: Commit | None
    images: Mapping[str, str]
    """Service -> ``repository@sha256:…``. Empty until it is known."""
    configuration: str
    """Hash of its configuration; the ledger holds the configuration itself."""
    strategies: Mapping[str, str] = field(default_factory=dict)
    """Service -> how its instances were replaced."""
    changed: int | None = None
    """Resources that the apply changed; None where it did not come that far."""
    policies: Mapping[str, Any] | None = None
    """What the policy pack said: ``packs``, ``violation``, ``undecided``, ``waived``, and ``because`` of what
    violations did not count. None where none was asked."""

    @property
    def what(self) -> str:
        """In words: ``up``, ``promote from staging 12``, ``rollback to 3``."""
        if self.source is None:
            return self.kind.value
        return f"{self.kind.value} {'to' if self.kind is Kind.ROLLBACK else 'from'} {self.source}"

    @property
    def seconds(self) -> float | None:
        """From its beginning to its end."""
        return (self.ended - self.began).total_seconds() if self.ended else None

    @property
    def content(self) -> tuple[frozenset[tuple[str, str]], str]:
        """What it ran: two releases with the same content differ in nothing that could be gone back to."""
        return frozenset(self.images.items()), self.configuration

    def document(self) -> dict[str, Any]:
        """For --json."""
        commit = self.commit
        return {
            "release": self.number,
            "what": self.what,
            "kind": self.kind.value,
            "source": self.source,
            "who": self.owner.user,
            "host": self.owner.host,
            "began": self.began.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "seconds": round(self.seconds, 1) if self.seconds is not None else None,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "note": self.note,
            "commit": _commit_document(commit) if commit else None,
            "images": dict(self.images),
            "configuration": self.configuration,
            "strategies": dict(self.strategies),
            "changed": self.changed,
            "policies": dict(self.policies) if self.policies is not None else None,
        }


def configuration_hash(configuration: Mapping[str, Any]) -> str:
    """The hash by which a configuration is told from another one: the same for the same values in any order."""
    text = json.dumps(configuration, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def begun(release: Release) -> dict[str, Any]:
    """The entry that begins a release."""
    return {
        "entry": BEGUN,
        "id": release.id,
        "number": release.number,
        "kind": release.kind.value,
        "source": release.source,
        "owner": {"user": release.owner.user, "host": release.owner.host, "pid": release.owner.pid},
        "at": release.began.isoformat(),
        "note": release.note,
        "commit": _commit_document(release.commit) if release.commit else None,
        "images": dict(release.images),
        "configuration": release.configuration,
        "strategies": dict(release.strategies),
    }


def ended(
    id_: str,
    at: datetime,
    outcome: Outcome,
    *,
    reason: str | None = None,
    images: Mapping[str, str] | None = None,
    changed: int | None = None,
    policies: Mapping[str, Any] | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """The entry that ends a release. ``by``: the id of another release that ended it in its owner's place."""
    return {
        "entry": ENDED,
        "id": id_,
        "at": at.isoformat(),
        "outcome": outcome.value,
        "reason": reason,
        "images": dict(images) if images is not None else None,
        "changed": changed,
        "policies": dict(policies) if policies is not None else None,
        "by": by,
    }


def releases(entries: Iterable[Mapping[str, Any]]) -> tuple[Release, ...]:
    """What the entries add up to, by number. ValueError where an entry is none.

    The owner's own word on how its release ended goes before what another has concluded about it.
    """
    beginnings: dict[str, Mapping[str, Any]] = {}
    ends: dict[str, Mapping[str, Any]] = {}
    try:
        for entry in entries:
            if entry["entry"] == BEGUN:
                beginnings[entry["id"]] = entry
            elif entry["entry"] == ENDED:
                earlier = ends.get(entry["id"])
                if earlier is None or (earlier["by"] is not None and entry["by"] is None):
                    ends[entry["id"]] = entry
            else:
                raise ValueError(f"there is no entry {entry['entry']!r}")
        found = [_release(entry, ends.get(id_)) for id_, entry in beginnings.items()]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return tuple(sorted(found, key=lambda release: (release.number, release.began)))


def unended(found: Sequence[Release]) -> list[Release]:
    """Those that have no end."""
    return [release for release in found if release.outcome is Outcome.IN_PROGRESS]


def _release(entry: Mapping[str, Any], end: Mapping[str, Any] | None) -> Release:
    owner, commit = entry["owner"], entry["commit"]
    return Release(
        number=int(entry["number"]),
        id=entry["id"],
        kind=Kind(entry["kind"]),
        source=entry["source"],
        owner=Owner(owner["user"], owner["host"], int(owner["pid"])),
        began=datetime.fromisoformat(entry["at"]),
        ended=datetime.fromisoformat(end["at"]) if end else None,
        outcome=Outcome(end["outcome"]) if end else Outcome.IN_PROGRESS,
        reason=end["reason"] if end else None,
        note=entry["note"],
        commit=_commit(commit) if commit else None,
        images=dict((end["images"] if end else None) or entry["images"]),
        configuration=entry["configuration"],
        strategies=dict(entry["strategies"]),
        changed=int(end["changed"]) if end and end["changed"] is not None else None,
        policies=end.get("policies") if end else None,  # Older entries have none.
    )


def _commit(fields: Mapping[str, Any]) -> Commit:
    time = fields["time"]
    return Commit(fields["id"], datetime.fromisoformat(time) if time else None, fields["branch"], fields["dirty"])


def _commit_document(commit: Commit) -> dict[str, Any]:
    time = commit.time.isoformat() if commit.time else None
    return {"id": commit.id, "time": time, "branch": commit.branch, "dirty": commit.dirty}
