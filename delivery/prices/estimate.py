"""What a change costs a month, roughly: every resource before and after, priced from the table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from delivery.preview.model import Preview, Resource
from delivery.prices.rules import RULES, World
from delivery.prices.table import Table


@dataclass(frozen=True)
class Estimate:
    """A difference, and what it leaves out."""

    currency: str
    date: str
    """Of the prices."""
    covers: str
    before: float
    """A month, of what the table knows."""
    after: float
    by_type: Mapping[str, float] = field(default_factory=dict)
    """Type -> difference a month, where there is one."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    """Type -> number of changed resources whose price is not known."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """Type -> number of changed resources that cost by use."""

    @property
    def difference(self) -> float:
        """A month: more is positive."""
        return self.after - self.before

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "currency": self.currency,
            "pricesOf": self.date,
            "covers": self.covers,
            "before": round(self.before, 2),
            "after": round(self.after, 2),
            "difference": round(self.difference, 2),
            "byType": {kind: round(amount, 2) for kind, amount in self.by_type.items()},
            "notKnown": dict(self.unknown),
            "byUse": dict(self.usage),
        }


def estimate(preview: Preview, table: Table, regions: Mapping[str, str]) -> Estimate:
    """The monthly difference of a preview. ``regions``: cloud -> where the stack's resources are."""
    changed = {change.urn for change in preview.changes}
    before, blind_before = _priced(preview.before, table, regions)
    after, blind_after = _priced(preview.after, table, regions)
    types = {one.urn: one.type for one in (*preview.before, *preview.after)}
    by_type: dict[str, float] = {}
    for urn in {*before, *after}:
        by_type[types[urn]] = by_type.get(types[urn], 0.0) + after.get(urn, 0.0) - before.get(urn, 0.0)
    unknown = Counter(types[urn] for urn in blind_before | blind_after if urn in changed)
    usage = Counter(kind for urn, kind in types.items() if urn in changed and table.is_usage(kind))
    return Estimate(
        currency=table.currency,
        date=table.date.isoformat(),
        covers=" ".join(table.covers.split()),
        before=sum(before.values()),
        after=sum(after.values()),
        by_type={kind: amount for kind, amount in sorted(by_type.items()) if abs(amount) >= 0.005},
        unknown=dict(sorted(unknown.items())),
        usage=dict(sorted(usage.items())),
    )


def _priced(
    resources: Sequence[Resource], table: Table, regions: Mapping[str, str]
) -> tuple[dict[str, float], set[str]]:
    """What each resource costs a month, and the URNs of those whose price is not known."""
    world = World(resources, table, regions)
    found: dict[str, float] = {}
    blind: set[str] = set()
    for one in resources:
        if table.is_free(one.type) or table.is_usage(one.type):
            continue
        rule = RULES.get(one.type)
        amount = rule(one, world) if rule else None
        if amount is None:
            blind.add(one.urn)
        else:
            found[one.urn] = amount
    return found, blind
