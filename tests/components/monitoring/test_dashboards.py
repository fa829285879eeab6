"""What the dashboards of an environment ask, mark and lead to; tests/cluster proves that each panel has data."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.monitoring import dashboards
from components.monitoring.dashboards.document import UID_LIMIT
from components.monitoring.objectives import Subject, indicators
from components.spec.service import Service
from delivery import exposition
from delivery.dora import Figures
from tests.components.worlds import service as described

LINKS = dashboards.DashboardLinks("shop", "dev", "https://logs.example.test/", "https://runbooks.example.test")
VIEW = dashboards.on_kubernetes("shop-dev", "web")


def subject(**changes: Any) -> Subject:
    return Subject(Service.model_validate({"name": "web", **described(**changes)}), "shop", "dev", "team", 30)


def documents(links: dashboards.DashboardLinks = LINKS, **changes: Any) -> dict[str, dashboards.Document]:
    return {
        "service": dashboards.service(subject(**changes), VIEW, links),
        "rollout": dashboards.rollout(subject(**changes), VIEW, links),
        "capacity": dashboards.capacity(links),
        "delivery": dashboards.delivery(links),
    }


def panel(document: dashboards.Document, title: str) -> dict[str, Any]:
    (found,) = [one for one in document["panels"] if one["title"] == title]
    return dict(found)


def test_grafana_tells_them_apart_and_groups_them_by_stack() -> None:
    found = documents()
    assert {name: one["uid"] for name, one in found.items()} == {
        "service": "caas-shop-dev-web-service",
        "rollout": "caas-shop-dev-web-rollout",
        "capacity": "caas-shop-dev-capacity",
        "delivery": "caas-shop-dev-delivery",
    }
    assert all(one["tags"][:3] == ["caas", "shop", "dev"] for one in found.values())
    assert all(one["editable"] is False for one in found.values())


def test_a_long_name_still_has_a_uid_of_its_own() -> None:
    links = dashboards.DashboardLinks("a-project-with-a-long-name", "a-stack-with-a-long-name")
    uids = {dashboards.capacity(links)["uid"], dashboards.delivery(links)["uid"]}
    assert len(uids) == 2
    assert max(map(len, uids)) <= UID_LIMIT


@pytest.mark.parametrize("name", ["service", "rollout", "capacity", "delivery"])
def test_every_panel_says_what_it_tells_and_fits_its_row(name: str) -> None:
    panels = [one for one in documents()[name]["panels"] if one["type"] != "row"]
    assert all(one["description"].endswith(".") for one in panels)
    assert all(one["datasource"] == {"type": "prometheus", "uid": "${datasource}"} for one in panels)
    places = [one["gridPos"] for one in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({(place["x"], place["y"]) for place in places}) == len(places)


def test_the_deployments_that_caas_announces_are_marked() -> None:
    found = documents()
    (mark,) = found["service"]["annotations"]["list"]
    assert (mark["enable"], mark["target"]["matchAny"]) == (True, False)
    assert mark["target"]["tags"] == ["caas", "deployment", "shop", "dev", "web"]
    assert found["delivery"]["annotations"]["list"][0]["target"]["tags"] == ["caas", "deployment", "shop", "dev"]


def test_they_lead_to_each_other_to_the_logs_and_to_the_runbook() -> None:
    links = {one["title"]: one for one in documents()["service"]["links"]}
    assert links["Dashboards"]["tags"] == ["caas", "shop", "dev"]
    assert links["Runbook"]["url"] == "https://runbooks.example.test"
    logs = links["Logs"]["url"]
    assert logs.startswith("https://logs.example.test/app/discover#/?_g=(time:(from:'${__from:date:iso}'")
    assert "service.name%3A%22web%22" in logs
    assert "service.environment%3A%22dev%22" in logs
    assert "service.name" not in documents()["capacity"]["links"][1]["url"]


def test_what_there_is_not_is_not_linked() -> None:
    alone = documents(dashboards.DashboardLinks("shop", "dev"))
    assert [one["title"] for one in alone["service"]["links"]] == ["Dashboards"]


def test_the_budget_is_that_of_the_objective() -> None:
    slo = {"availability": 99.5, "period": 7, "latency": {"percentile": 95, "threshold": 250}}
    found = documents(slo=slo)["service"]
    (question,) = [one for one in dashboards.queries(found) if one.panel == "Availability: budget left"]
    half, _ = indicators(subject(slo=slo).service, VIEW.place)
    assert f"increase({half.bad}[7d])" in question.expression
    assert question.expression.endswith(" / 0.005")
    lines = [one.legend for one in dashboards.queries(found) if one.panel == "Latency"]
    assert lines == ["p50", "p90", "p95"]
    assert panel(found, "Latency")["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == 0.25
    assert panel(found, "Errors")["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == 0.005


def test_metrics_have_the_names_that_the_service_gives_them() -> None:
    slo = {"metrics": {"requests": "answers_total", "duration": "answer_seconds", "code": "status"}}
    asked = [one.expression for name in ("service", "rollout") for one in dashboards.queries(documents(slo=slo)[name])]
    assert not any("http_requests_total" in one or "http_request_duration" in one for one in asked)
    assert any("sum by (status) (rate(answers_total{" in one for one in asked)
    assert any("answer_seconds_bucket{" in one for one in asked)


def test_versions_are_told_apart_by_their_pods_names() -> None:
    pattern = re.compile(VIEW.pattern)
    names = {"web-77bd5fcb57-gqs95": "web-77bd5fcb57", "web-candidate-5b7c9d8f66-2xk4p": "web-candidate-5b7c9d8f66"}
    for pod, version in names.items():
        found = pattern.fullmatch(pod)
        assert found is not None
        assert found[1] == version
    asked = VIEW.by_version("up", "le")
    assert asked == (
        'sum by (le, version) (label_replace(sum by (le, pod) (up), "version", "$1", "pod", "(.+?)-?[a-z0-9]{5}"))'
    )


def test_a_platform_without_figures_of_containers_has_no_such_panels() -> None:
    bare = dashboards.View('service="web"', "task", "revision", "(.+)")
    titles = {
        one["title"]
        for document in (dashboards.service(subject(), bare, LINKS), dashboards.rollout(subject(), bare, LINKS))
        for one in document["panels"]
    }
    assert {"Traffic", "Share of the traffic", "Instances"} <= titles
    assert not {"CPU", "Memory", "What they use"} & titles


def test_every_figure_of_delivery_is_one_that_caas_exports() -> None:
    figures = Figures("shop", "dev", 30, 1, 1, 1.0, 1.0, 1.0, 1.0, 0)
    exported = set(re.findall(r"^(caas_dora_\w+)\{", exposition.text(figures), re.MULTILINE))
    asked = {
        name for one in dashboards.queries(documents()["delivery"]) for name in re.findall(r"caas_\w+", one.expression)
    }
    assert asked <= exported
    assert exported - asked == {"caas_dora_window_days"}


def test_a_rate_is_taken_over_what_the_reader_says() -> None:
    asked = next(one for one in dashboards.queries(documents()["service"]) if one.panel == "Traffic")
    assert "[20s]" in asked.within(20)
    assert "$" not in asked.within(20)
