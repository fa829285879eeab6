"""Which alerts of a service fire now, as the Prometheus knows that works out their rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from delivery.prometheus import MetricsError

PAGE = "page"
"""The severity that wakes somebody."""


@dataclass(frozen=True, order=True)
class Alert:
    """One that fires."""

    service: str
    name: str
    severity: str

    def document(self) -> dict[str, str]:
        """For --json."""
        return {"service": self.service, "alert": self.name, "severity": self.severity}


class Source(Protocol):
    """Whoever knows; see ``delivery.prometheus.Prometheus``."""

    def labels(self, query: str) -> list[dict[str, Any]]:
        """The labels of each series that a question gives. MetricsError where that fails."""


def firing(source: Source, project: str, environment: str) -> tuple[Alert, ...]:
    """Every alert that fires for a service of the environment, each once. MetricsError where nobody answers."""
    where = f'alertstate="firing",project="{project}",environment="{environment}",service!=""'
    found = source.labels(f"count by (service, alertname, severity) (ALERTS{{{where}}})")
    told = {Alert(one.get("service", ""), one.get("alertname", ""), one.get("severity", "")) for one in found}
    return tuple(sorted(told))


def new_pages(source: Source, project: str, environment: str, service: str) -> Callable[[], tuple[str, ...]]:
    """A question for the pages of a service that began to fire since now.

    What fires already is left out: a release may be what ends it. While nobody answers nothing is known of pages, and
    the gate's own questions say that nobody answers; the first answer is then what there was before.
    """
    before: list[frozenset[str]] = []

    def pages() -> tuple[str, ...]:
        try:
            found = firing(source, project, environment)
        except MetricsError:
            return ()
        now = frozenset(one.name for one in found if one.service == service and one.severity == PAGE)
        if not before:
            before.append(now)
        return tuple(sorted(now - before[0]))

    pages()
    return pages
