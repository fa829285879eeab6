"""What Prometheus is asked of an environment, and what becomes of its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from components.slo import Queries
from delivery.alerts import Alert
from delivery.freeze import State
from delivery.gate import Sample
from delivery.prometheus import MetricsError
from delivery.watched import Watched, look
from tests.components.worlds import environment

RUNS = {"services": {"web": {"namespace": "caas-staging", "deployment": "web"}}}
GATE = {"prometheus": "http://p", "minimumRequests": 100}


@dataclass
class Source:
    """Answers every question about a service with one sample. None: nobody answers."""

    answer: Sample | None = None
    found: list[dict[str, str]] | None = field(default_factory=list)

    def labels(self, query: str) -> list[dict[str, Any]]:
        if self.found is None:
            raise MetricsError("nobody answers")
        return list(self.found)

    def sample(self, queries: Queries) -> Sample:
        assert "[30d]" in queries.requests
        if self.answer is None:
            raise MetricsError("no bucket")
        return self.answer


def test_alerts_and_budgets_of_what_runs() -> None:
    source = Source(Sample(10000, 5, 10000, 0), [{"service": "web", "alertname": "ServiceDown", "severity": "page"}])
    seen = look(environment(gate=GATE), RUNS, source)
    assert seen is not None
    assert seen.alerts == (Alert("web", "ServiceDown", "page"),)
    (budget,) = seen.budgets
    assert (budget.service, budget.state) == ("web", State.LEFT)
    assert budget.text.startswith("availability 50%, latency 100% of the budget of 30 days left")


def test_a_budget_that_cannot_be_read_is_no_budget() -> None:
    seen = look(environment(gate=GATE), RUNS, Source())
    assert seen is not None
    assert [(one.state, one.text) for one in seen.budgets] == [(State.UNKNOWN, "no bucket")]


def test_where_nobody_answers_nothing_is_known() -> None:
    assert look(environment(gate=GATE), RUNS, Source(found=None)) == Watched(unseen="nobody answers")


def test_what_does_not_run_has_no_budget() -> None:
    assert look(environment(gate=GATE), {}, Source(Sample())) == Watched()


def test_without_a_prometheus_nobody_is_asked() -> None:
    assert look(environment(), RUNS, Source()) is None
