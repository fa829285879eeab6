"""Who watches a service on GKE where Google's managed Prometheus does: where it looks, and the objective's rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.gcp.monitoring import alertmanager
from components.monitoring import dashboards, objectives
from components.monitoring.objectives import Subject
from components.monitoring.rules import document
from components.spec.errors import SpecError
from tests.components.gcp.worlds import declared, environment, service
from tests.components.recorder import Recording

LOOK, RULES = "kubernetes:monitoring.googleapis.com/v1:PodMonitoring", "kubernetes:monitoring.googleapis.com/v1:Rules"
SECRET = "kubernetes:core/v1:Secret"
SLO = {"availability": 99.5, "latency": {"percentile": 95, "threshold": 250}, "period": 7}


def watched(watch: dict[str, Any] | None = None, **changes: Any) -> Recording:
    spec = {**service(slo=SLO), **changes}
    return declared(environment({"web": spec}, gcp={"monitoring": watch or {}}, secrets=("pager",)))


def test_the_collectors_look_at_every_pod_of_the_service() -> None:
    said = watched({"interval": 15}, metricsPath="/internal/metrics").one(LOOK).inputs
    assert said["metadata"]["namespace"] == "caas-staging"
    assert said["spec"] == {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
        "endpoints": [{"port": "http", "path": "/internal/metrics", "interval": "15s"}],
        "targetLabels": {"metadata": ["pod", "container"]},
    }


def test_the_rules_are_those_that_follow_from_the_objective() -> None:
    world = environment({"web": service(slo=SLO)}, gcp={"monitoring": {}}, secrets=("pager",))
    whose = Subject(world.services[0], world.project, world.stack, world.owner, 30)
    place = dashboards.on_kubernetes("caas-staging", "web").place
    assert declared(world).one(RULES).inputs["spec"] == document(
        objectives.rule_groups(whose, place, objectives.Links())
    )


def test_the_collectors_reach_the_pods() -> None:
    def callers(recording: Recording) -> set[str]:
        found = recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "web-policy").inputs["spec"]
        names = [one.get("namespaceSelector", {}).get("matchLabels", {}) for one in found["ingress"][0]["from"]]
        return {name["kubernetes.io/metadata.name"] for name in names if name}

    assert {"gmp-system", "gke-gmp-system"} <= callers(watched())
    assert not {"gmp-system", "gke-gmp-system"} & callers(declared(environment()))


def test_whom_the_managed_alertmanager_tells_is_a_secret() -> None:
    secret = watched({"webhooks": ["pager"]}).one(SECRET, "monitoring-alertmanager")
    assert (secret.inputs["metadata"]["namespace"], secret.inputs["metadata"]["name"]) == ("gmp-public", "alertmanager")
    said = json.loads(secret.inputs["stringData"]["alertmanager.yaml"])
    assert [one["url"] for one in said["receivers"][0]["webhook_configs"]] == ["marker-5f1c0d"]
    assert any(path.startswith("stringData") for path in secret.secret_paths)
    assert "monitoring-alertmanager" not in {one.name for one in watched().of(SECRET)}


def test_a_page_silences_its_ticket() -> None:
    said = alertmanager(["https://pager.example.test"])
    assert said["route"]["receiver"] == said["receivers"][0]["name"]
    assert said["inhibit_rules"][0]["equal"] == ["project", "environment", "service", "slo"]


def test_nothing_is_looked_at_where_there_are_no_metrics_or_nobody_asks() -> None:
    assert not watched(metricsPath=None).of(LOOK)
    assert not declared(environment()).of(LOOK)


def test_a_receiver_s_address_is_a_secret_that_is_set() -> None:
    with pytest.raises(SpecError, match="set are: pager"):
        environment(gcp={"monitoring": {"webhooks": ["other"]}}, secrets=("pager",))
