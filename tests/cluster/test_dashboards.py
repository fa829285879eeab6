"""Every question of every dashboard, asked of a real Prometheus that looks at the sample service and the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.monitoring import dashboards
from components.monitoring.objectives import Links, Subject, rule_groups
from components.monitoring.rules import document
from components.spec.service import Service
from delivery import exposition
from delivery.dora import Figures
from sandbox import toolchain
from tests.cluster import hello
from tests.cluster.load import Load, until
from tests.cluster.prometheus import Looks, Source, exposed, prometheus, state_metrics
from tests.cluster.scene import Scene, scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

WINDOW = 300
"""Seconds of a rate: the version before is still within them."""
FIGURES = Figures(
    project="caas-test",
    stack="dashboards",
    days=30,
    deployments=9,
    failures=1,
    frequency=0.3,
    lead_time=1800.0,
    failure_rate=0.1,
    restore=240.0,
    unrestored=0,
)
SCALING = {"minimum": 1, "maximum": 3, "cpu": 70}


@dataclass(frozen=True)
class Watched:
    """A service with two versions behind it, and who has watched both."""

    documents: Mapping[str, dashboards.Document]
    source: Source


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, sandbox_variables: dict[str, str]) -> Iterator[Watched]:
    directory = tmp_path_factory.mktemp("dashboards")
    hey = str(toolchain.current().tool("hey"))
    with (
        scene(directory, sandbox_variables, "panels") as shown,
        exposed(exposition.text(FIGURES)) as dora,
        state_metrics(shown.kubeconfig) as state,
    ):
        described = hello.service(scaling=SCALING, environment={"HELLO_DRAIN": "2s", "HELLO_ERROR_RATE": "0.2"})
        del described["replicas"]
        spec = Service.model_validate({"name": "hello", **described})
        subject = Subject(spec, "caas-test", shown.project.stack, "platform-team", scrape=1)
        view = dashboards.on_kubernetes(shown.target.namespace, "hello")
        rules = document(rule_groups(subject, view.place, Links()))
        looks = Looks(shown.target.namespace, Path(shown.kubeconfig), {"caas-dora": dora, "kube-state-metrics": state})
        with prometheus(directory / "prometheus", looks, rules) as source:
            _released(shown, described, hey, source, versions=1)
            _released(shown, {**described, "memory": 72}, hey, source, versions=2)
            yield Watched(_documents(subject, view), source)


def _documents(subject: Subject, view: dashboards.View) -> dict[str, dashboards.Document]:
    links = dashboards.DashboardLinks(subject.project, subject.environment)
    team = dashboards.DashboardLinks(FIGURES.project, FIGURES.stack)
    return {
        "service": dashboards.service(subject, view, links),
        "rollout": dashboards.rollout(subject, view, links),
        "capacity": dashboards.capacity(links),
        "delivery": dashboards.delivery(team),
    }


def _released(shown: Scene, described: dict[str, Any], hey: str, source: Source, *, versions: int) -> None:
    """Release this, and have it answer until failures of every version so far were seen."""
    shown.describe(described)
    shown.up()
    failed = f'http_requests_total{{namespace="{shown.target.namespace}",code="500"}}'
    with Load(hey, shown.host, rate=20, workers=2):
        until(
            lambda: sum(source.values(f"count(count by (pod) (rate({failed}[{WINDOW}s])))")) >= versions,
            60,
            f"{versions} versions answer, and fail at times",
        )


@pytest.mark.parametrize("name", ["service", "rollout", "capacity", "delivery"])
def test_every_panel_shows_data(name: str, watched: Watched) -> None:
    asked = list(dashboards.queries(watched.documents[name]))
    assert len(asked) >= 7
    empty = [
        f"{query.panel} ({query.legend}): {query.within(WINDOW)}"
        for query in asked
        if not watched.source.values(query.within(WINDOW))
    ]
    assert empty == []


def test_old_and_new_stand_side_by_side(watched: Watched) -> None:
    asked = {query.panel: query.within(WINDOW) for query in dashboards.queries(watched.documents["rollout"])}
    for panel in ("Requests", "Errors", "Latency, p99", "Share of the traffic"):
        assert len(watched.source.values(asked[panel])) == 2, panel
    assert sum(watched.source.values(asked["Share of the traffic"])) == pytest.approx(1)
