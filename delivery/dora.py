"""The four figures of DORA, from the records of releases alone. Pure.

A *deployment* is an ``up`` or a promotion that changed something and whose end is known; one that was interrupted or
refused is none, and a rollback is the mending of one. A deployment *failed* where it ended otherwise than well, or
where the next release that was made is a rollback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from delivery.records import Kind, Outcome, Release

WINDOW_DAYS = 30
"""Days that the figures look back."""
_BAD = frozenset({Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.NOT_PROVEN})


@dataclass(frozen=True)
class Figures:
    """The four figures of one stack. None: nothing happened by which it could be told, which is not 0."""

    project: str
    stack: str
    days: int
    deployments: int
    """That went well."""
    failures: int
    frequency: float
    """Deployments that went well, per day of the window."""
    lead_time: float | None
    """Median of seconds from the commit to the end of the deployment that brought it."""
    failure_rate: float | None
    """Failed deployments per deployment."""
    restore: float | None
    """Median of seconds from a failure to the next release that went well."""
    unrestored: int
    """Failures after which no release has gone well yet."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "project": self.project,
            "stack": self.stack,
            "days": self.days,
            "deployments": self.deployments,
            "failures": self.failures,
            "deploymentsPerDay": round(self.frequency, 4),
            "leadTimeSeconds": self.lead_time,
            "changeFailureRate": None if self.failure_rate is None else round(self.failure_rate, 4),
            "timeToRestoreSeconds": self.restore,
            "unrestored": self.unrestored,
        }


def figures(found: Sequence[Release], now: datetime, *, project: str, stack: str, days: int = WINDOW_DAYS) -> Figures:
    """The figures of the ``days`` before ``now``. A deployment counts on the day on which it ended."""
    since = now - timedelta(days=days)
    made = [one for one in found if one.ended is not None and one.outcome is not Outcome.REFUSED]
    deployed = [one for one in made if _deployment(one) and one.ended is not None and one.ended >= since]
    failed = [one for one in deployed if _failed(one, made)]
    good = [one for one in deployed if one not in failed]
    # Also one that was taken back was deployed, and brought its commit.
    brought = [one for one in deployed if one.outcome is Outcome.SUCCEEDED]
    leads = [
        (one.ended - one.commit.time).total_seconds()
        for one in brought
        if one.ended is not None and one.commit is not None and one.commit.time is not None
    ]
    restores = [_restored(one, made) for one in failed]
    known = [seconds for seconds in restores if seconds is not None]
    return Figures(
        project=project,
        stack=stack,
        days=days,
        deployments=len(brought),
        failures=len(failed),
        frequency=len(brought) / days,
        lead_time=median(leads) if leads else None,
        failure_rate=len(failed) / (len(good) + len(failed)) if deployed else None,
        restore=median(known) if known else None,
        unrestored=len(restores) - len(known),
    )


def _deployment(release: Release) -> bool:
    if release.kind is Kind.ROLLBACK:
        return False
    if release.outcome in _BAD:
        return True
    return release.outcome is Outcome.SUCCEEDED and release.changed != 0


def _failed(release: Release, made: Sequence[Release]) -> bool:
    if release.outcome in _BAD:
        return True
    after = next((one for one in made if one.number > release.number and one.changed != 0), None)
    return after is not None and after.kind is Kind.ROLLBACK


def _restored(release: Release, made: Sequence[Release]) -> float | None:
    """Seconds until it was well again; None while it is not.

    Where all traffic went back by itself it was well again when that release ended, and had been ill at most since it
    began. Otherwise it is ill from the end of the failed release on.
    """
    if release.ended is None:
        return None
    if release.outcome is Outcome.ROLLED_BACK:
        return (release.ended - release.began).total_seconds()
    after = [one for one in made if one.number > release.number and one.outcome is Outcome.SUCCEEDED]
    return (after[0].ended - release.ended).total_seconds() if after and after[0].ended is not None else None
