"""Watches services over time: how long each trouble has lasted, and when to show a person the platform's words."""

from __future__ import annotations

import time
from collections.abc import Callable

from delivery.observe.model import Evidence, Observer, Snapshot, Target
from delivery.output import Output
from delivery.verdict import shorten, troubles

Clock = Callable[[], float]

UNREADY_PATIENCE = 15.0
"""Seconds after which an instance that runs and is not ready has its events shown: long before any deadline."""
NOT_READY = "NotReady"
INTERVAL = 1.0
"""Seconds from one look to the next."""


class Watch:
    """Remembers since when what has been seen. One per command."""

    def __init__(self, observer: Observer, output: Output, clock: Clock = time.monotonic) -> None:
        self._observer = observer
        self._output = output
        self._clock = clock
        self._since: dict[tuple[Target, str, str], float] = {}
        self._shown: set[tuple[Target, str, str]] = set()

    def look(self, target: Target) -> tuple[Snapshot, dict[tuple[str, str], float]]:
        """A fresh snapshot, and for how many seconds each of its troubles has lasted."""
        snapshot = self._observer.snapshot(target)
        return snapshot, self._ages(snapshot)

    def _ages(self, snapshot: Snapshot) -> dict[tuple[str, str], float]:
        now, found = self._clock(), troubles(snapshot)
        target = snapshot.target
        unready = {(i.name, NOT_READY) for i in snapshot.current if not i.ready}
        seen = {(target, *key) for key in (*found, *unready)}
        self._since = {k: v for k, v in self._since.items() if k[0] != target or k in seen}
        for key in seen:
            self._since.setdefault(key, now)
        return {(key[1], key[2]): now - since for key, since in self._since.items() if key[0] == target}

    def comment(self, snapshot: Snapshot, ages: dict[tuple[str, str], float]) -> None:
        """Say each new trouble once, and the events of an instance that stays unready."""
        target, revision = snapshot.target, snapshot.newest or ""
        for (_, reason), sentence in troubles(snapshot).items():
            if self._first(target, revision, reason):
                others = sum(1 for _, other in troubles(snapshot) if other == reason) - 1
                self._output.warn(f"{target.name}: {sentence}" + (f" (and {others} more like it)" if others else ""))
        unready = [i for i in snapshot.current if not i.ready and ages.get((i.name, NOT_READY), 0) >= UNREADY_PATIENCE]
        if unready and self._first(target, revision, NOT_READY):
            evidence = self._observer.evidence(target, unready[0].name)
            self._output.warn(f"{target.name}: {unready[0].name} is not ready after {UNREADY_PATIENCE:.0f} s")
            for line in evidence.events:
                self._output.warn(f"  {shorten(line)}")

    def _first(self, target: Target, revision: str, reason: str) -> bool:
        """Is this the first time? Instances of one revision fail alike: one speaks for all."""
        key = (target, revision, reason)
        new = key not in self._shown
        self._shown.add(key)
        return new

    def evidence(self, target: Target, instances: tuple[str, ...], most: int = 1) -> tuple[str, ...]:
        """The events and logs of the first few of these instances, as lines for a report."""
        lines: list[str] = []
        for name in instances[:most]:
            lines += _lines(self._observer.evidence(target, name))
        if len(instances) > most:
            lines.append(f"(and {len(instances) - most} more like it)")
        return tuple(lines)


def _lines(evidence: Evidence) -> list[str]:
    events = [f"{evidence.instance}  event  {shorten(line)}" for line in evidence.events]
    return events + [f"{evidence.instance}  log    {line}" for line in evidence.log]
