"""Watches services over time: how long each trouble has lasted, and when to show a person the platform's words."""

from __future__ import annotations

import time
from collections.abc import Callable

from delivery.observe.model import Evidence, Observer, Snapshot, Target
from delivery.output import Output
from delivery.verdict import troubles

Clock = Callable[[], float]

UNREADY_PATIENCE = 15.0
"""Seconds after which an instance that runs and is not ready has its events shown: long before any deadline."""
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
        unready = {(i.name, "NotReady") for i in snapshot.current if not i.ready}
        seen = {(target, *key) for key in (*found, *unready)}
        self._since = {k: v for k, v in self._since.items() if k[0] != target or k in seen}
        for key in seen:
            self._since.setdefault(key, now)
        return {(key[1], key[2]): now - since for key, since in self._since.items() if key[0] == target}

    def comment(self, snapshot: Snapshot, ages: dict[tuple[str, str], float]) -> None:
        """Say each new trouble once, and the events of an instance that stays unready."""
        target = snapshot.target
        for (name, reason), sentence in troubles(snapshot).items():
            if (target, name, reason) not in self._shown:
                self._shown.add((target, name, reason))
                self._output.warn(f"{target.name}: {sentence}")
        for instance in snapshot.current:
            key = (target, instance.name, "NotReady")
            if instance.ready or key in self._shown or ages.get(key[1:], 0) < UNREADY_PATIENCE:
                continue
            self._shown.add(key)
            evidence = self._observer.evidence(target, instance.name)
            self._output.warn(f"{target.name}: {instance.name} is not ready after {UNREADY_PATIENCE:.0f} s")
            for line in evidence.events:
                self._output.warn(f"  {line}")

    def evidence(self, target: Target, instances: tuple[str, ...], most: int = 2) -> tuple[str, ...]:
        """The events and logs of the first few of these instances, as lines for a report."""
        lines: list[str] = []
        for name in instances[:most]:
            lines += _lines(self._observer.evidence(target, name))
        if len(instances) > most:
            lines.append(f"(and {len(instances) - most} more instances like these)")
        return tuple(lines)


def _lines(evidence: Evidence) -> list[str]:
    events = [f"{evidence.instance}  event  {line}" for line in evidence.events]
    return events + [f"{evidence.instance}  log    {line}" for line in evidence.log]
