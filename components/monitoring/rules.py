"""Prometheus' rules as data. Pure; what they ask for is decided beside this.

``document`` gives the form that a rule file, a PrometheusRule and Amazon's managed Prometheus have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DAY = 86400
"""Seconds."""

_UNITS = ((DAY, "d"), (3600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True)
class RecordingRule:
    """A figure that is worked out once for everybody who asks for it."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {"record": self.record, "expr": self.expr, "labels": dict(self.labels)}


@dataclass(frozen=True)
class AlertRule:
    """What somebody is told of while an expression has an answer."""

    alert: str
    expr: str
    hold: int
    """Seconds for which the expression holds before the alert fires."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {
            "alert": self.alert,
            "expr": self.expr,
            "for": duration(self.hold),
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
        }


@dataclass(frozen=True)
class RuleGroup:
    """Rules that are worked out one after the other, at the same time."""

    name: str
    interval: int
    """Seconds between two evaluations."""
    rules: tuple[RecordingRule | AlertRule, ...]

    def document(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {
            "name": self.name,
            "interval": duration(self.interval),
            "rules": [rule.document() for rule in self.rules],
        }

    @property
    def alerts(self) -> tuple[AlertRule, ...]:
        """Those of its rules that tell somebody."""
        return tuple(rule for rule in self.rules if isinstance(rule, AlertRule))


def document(groups: Iterable[RuleGroup]) -> dict[str, Any]:
    """A rule file's content: also a PrometheusRule's ``spec``, and the data of a managed Prometheus' namespace."""
    return {"groups": [group.document() for group in groups]}


def duration(seconds: int) -> str:
    """Seconds as Prometheus writes them, in the largest unit that divides them: 5m, 36h, 90s."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"
