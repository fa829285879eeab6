"""Do the alerts of one service follow from one objective? Read from a PrometheusRule's burn rates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.rule import UNKNOWN, Answer, Resource, Undecided, Violation, items, read

WHERE = "spec.groups"
HIGHEST = 0.9
"""A limit that a loose objective cannot go beyond says nothing of its budget."""

_LIMIT = re.compile(r"> ([0-9.e-]+)")
_BUDGET = re.compile(r"^vector\(([0-9.e-]+)\)$")


def disagreements(resource: Resource) -> Iterator[Answer]:
    """One for each half of an objective whose alerts, or recorded budget, allow different shares of the requests."""
    allowed: dict[str, set[float]] = {}
    for _, group in items(resource.properties, "spec", "groups"):
        for _, rule in items(group, "rules"):
            half, share = read(rule, "labels", "slo"), _allowed(rule)
            if half is UNKNOWN or share is UNKNOWN:
                yield Undecided(WHERE)
                return
            if share is not None and isinstance(half, str):
                allowed.setdefault(half, set()).add(share)
    for half, shares in sorted(allowed.items()):
        if len(shares) > 1:
            said = " and ".join(f"{share:g}" for share in sorted(shares))
            yield Violation(f"the alerts on {half} follow from objectives that let {said} of the requests fail", WHERE)


def _allowed(rule: Any) -> Any:
    """The share of requests that may be bad by this rule; None where it says nothing of it."""
    expression, factor = read(rule, "expr"), read(rule, "labels", "burn_rate")
    if expression is UNKNOWN or factor is UNKNOWN:
        return UNKNOWN
    if not isinstance(expression, str):
        return None
    if (budget := _BUDGET.match(expression)) is not None and read(rule, "labels", "slo") is not None:
        return _number(budget.group(1))
    limits = {_number(text) for text in _LIMIT.findall(expression)} - {None}
    times = _number(factor)
    if not limits or not times:
        return None
    limit = min(one for one in limits if one is not None)
    return None if limit >= HIGHEST else round(limit / times, 9)


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
