"""Who let a release go on to the next stack: somebody other than those who wrote what it brings."""

from __future__ import annotations

from pathlib import Path

from components.spec import read_files
from delivery import commits, ledger
from delivery.engine import Engine
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.records import Commit
from delivery.stack import ProgramStack

MOST = 200
"""Commits whose authors are asked for: two questions each, and a forge allows some thousand in an hour."""


def brought(directory: Path, source: str, target: str) -> tuple[str, ...]:
    """The commits that a promotion brings to the target, newest first.

    Where git does not know both ends, as in a shallow clone, or the target has had no release yet, it is the commit of
    the release alone.

    Raises:
        DeliveryError: the source has no successful release of a known commit, or there are more commits than MOST.
    """
    engine = Engine()
    new = _last(directory, source, engine)
    if new is None:
        raise DeliveryError(
            f"Stack {source!r} has no release of a known commit, so nobody knows who wrote it.",
            Exit.NOT_PROVEN,
            remedy=f"`caas up --stack {source}` from a checkout records one.",
        )
    old = _last(directory, target, engine)
    found = commits.ids(directory, old.id, new.id) if old is not None else None
    found = found or (new.id,)
    if len(found) > MOST:
        raise DeliveryError(
            f"{len(found)} commits go from {source!r} to {target!r}; the authors of at most {MOST} are asked for.",
            Exit.BAD_INPUT,
            remedy="Promote more often, or let the release be approved by hand and say why in `caas promote --reason`.",
        )
    return found


def _last(directory: Path, stack: str, engine: Engine) -> Commit | None:
    """The commit of a stack's last good release."""
    _, project, _ = read_files(directory, stack)
    found = ledger.Ledger(ProgramStack(directory, stack, project, engine)).read().delivered
    return found[1] if found is not None else None
