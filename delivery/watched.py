"""What Prometheus knows of an environment now: the alerts that fire, and what is left of each error budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from components import slo
from components.spec.environment import Environment
from delivery import alerts, declared, freeze
from delivery.alerts import Alert
from delivery.gate import Sample
from delivery.metrics.sources import ByPrometheus
from delivery.prometheus import MetricsError, Prometheus


class Source(alerts.Source, Protocol):
    """Whoever knows; see ``delivery.prometheus.Prometheus``."""

    def sample(self, queries: slo.Queries) -> Sample:
        """What a service answered in the queries' window. MetricsError where that cannot be had."""


@dataclass(frozen=True)
class Watched:
    """What was seen."""

    alerts: tuple[Alert, ...] = ()
    budgets: tuple[freeze.Finding, ...] = ()
    unseen: str | None = None
    """Why nobody could tell, where that is so."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "alerts": None if self.unseen is not None else [one.document() for one in self.alerts],
            "budgets": {one.service: {"state": one.state.value, "text": one.text} for one in self.budgets},
            "unseen": self.unseen,
        }

    def lines(self) -> list[str]:
        """For people."""
        if self.unseen is not None:
            return [f"Whether an alert fires could not be seen: {self.unseen}"]
        firing = [f"Firing: {one.severity} {one.name} of {one.service}." for one in self.alerts]
        return [*(firing or ["No alert fires."]), *(f"{one.service}: {one.text}." for one in self.budgets)]


def look(environment: Environment, outputs: Mapping[str, Any], source: Source | None = None) -> Watched | None:
    """Ask the gate's Prometheus; None where the environment names none."""
    url = environment.gate.prometheus
    if url is None:
        return None
    asked = source or Prometheus(url)
    try:
        found = alerts.firing(asked, environment.project, environment.stack)
    except MetricsError as error:
        return Watched(unseen=str(error))
    return Watched(found, tuple(_budgets(environment, outputs, asked)))


def _budgets(environment: Environment, outputs: Mapping[str, Any], source: Source) -> Iterator[freeze.Finding]:
    """One for each service that runs and has metrics in Prometheus."""
    running = outputs.get("services")
    for service in environment.services:
        place = running.get(service.name) if isinstance(running, Mapping) else None
        if not isinstance(place, Mapping) or "deployment" not in place or service.metrics_path is None:
            continue
        yield freeze.finding(service, declared.place(place), environment, ByPrometheus(source))
