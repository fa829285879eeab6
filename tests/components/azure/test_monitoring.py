"""Who watches a service on Container Instances: the objective's rules in Azure's form, and one right only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.azure.monitoring import MOST_RULES, PUBLISHER, duration, portions
from components.monitoring import collector, objectives
from components.monitoring.collector import subject
from components.monitoring.rules import AlertRule
from components.spec.errors import SpecError
from tests.components.azure.worlds import MARKER, REGISTRY, declared, environment, service
from tests.components.recorder import Recording

ROOT = Path(__file__).resolve().parents[3]
COLLECTOR = f"{REGISTRY}/collector@sha256:" + "c" * 64
WATCH = {"collector": COLLECTOR, "emails": ["team@example.com"], "webhooks": ["pager"]}
SLO = {"availability": 99.5, "latency": {"percentile": 95, "threshold": 250}, "period": 7}
GROUP, PROFILE = (
    "azure-native:alertsmanagement:PrometheusRuleGroup",
    "azure-native:containerinstance:ContainerGroupProfile",
)


def watched(**changes: Any) -> Recording:
    spec = {**service(slo=SLO), **changes}
    return declared(environment({"web": spec}, azure={"monitoring": WATCH}, secrets=("pager",)))


def beside(recording: Recording) -> dict[str, Any]:
    (found,) = [one for one in recording.one(PROFILE).inputs["containers"] if one["name"] == "collector"]
    return dict(found)


def test_the_rules_are_those_that_follow_from_the_objective() -> None:
    world = environment({"web": service(slo=SLO)}, azure={"monitoring": WATCH}, secrets=("pager",))
    whose = subject(world.services[0], world)
    groups = objectives.rule_groups(whose, collector.place(whose), objectives.Links())
    wanted = [rule for group in groups for rule in group.rules]
    parts = sorted(declared(world).of(GROUP), key=lambda one: int(one.name.rpartition("-")[2]))
    said = [rule for group in parts for rule in group.inputs["rules"]]
    assert [rule["expression"] for rule in said] == [rule.expr for rule in wanted]
    for found, rule in zip(said, wanted, strict=True):
        assert found["labels"] == dict(rule.labels)
        if isinstance(rule, AlertRule):
            assert (found["alert"], found["annotations"]) == (rule.alert, dict(rule.annotations))
            assert found["severity"] == {"page": 1, "ticket": 3}[rule.labels["severity"]]
            assert found["for"] == duration(rule.hold)
            assert found["actions"] == [{"actionGroupId": "monitoring-tell-id"}]


def test_no_group_is_larger_than_azure_takes_it() -> None:
    whose = subject(environment({"web": service()}).services[0], environment())
    groups = objectives.rule_groups(whose, collector.place(whose), objectives.Links())
    parts = list(portions(groups))
    assert max(len(group.rules) for _, group in parts) <= MOST_RULES
    assert [rule for _, part in parts for rule in part.rules] == [rule for group in groups for rule in group.rules]
    assert [number for number, _ in parts] == list(range(1, len(parts) + 1))


@pytest.mark.parametrize(("seconds", "text"), [(10, "PT1M"), (60, "PT1M"), (61, "PT2M"), (3600, "PT60M")])
def test_azure_knows_whole_minutes(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_the_collector_knows_where_to_and_who_it_is() -> None:
    found = beside(watched(metricsPath="/internal/metrics", port=9000))
    assert found["image"] == COLLECTOR
    assert found["command"] == ["/otelcol-contrib", "--config=env:COLLECTOR_CONFIG"]
    variables = {one["name"]: one["value"] for one in found["environmentVariables"]}
    assert variables["AZURE_CLIENT_ID"] == "web-identity-client"
    assert variables["REMOTE_WRITE_URL"] == (
        "https://monitoring-endpoint.ingest/dataCollectionRules/monitoring-rule-immutable/streams/"
        "Microsoft-PrometheusMetrics/api/v1/write?api-version=2023-04-24"
    )
    said = json.loads(variables["COLLECTOR_CONFIG"])
    assert said["extensions"]["azure_auth"]["managed_identity"] == {"client_id": "${env:AZURE_CLIENT_ID}"}
    (look,) = said["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert look["metrics_path"] == "/internal/metrics"
    assert look["static_configs"][0]["targets"] == ["localhost:9000"]


def test_a_service_may_write_metrics_by_one_way_and_nothing_else() -> None:
    recording = watched()
    role = recording.one("azure-native:authorization:RoleAssignment", "web-metrics-role").inputs
    assert role["roleDefinitionId"].endswith(PUBLISHER)
    assert (role["scope"], role["principalId"]) == ("monitoring-rule-id", "web-identity-principal")


def test_people_and_their_tools_are_told() -> None:
    group = watched().one("azure-native:monitor:ActionGroup", "monitoring-tell")
    assert [one["emailAddress"] for one in group.inputs["emailReceivers"]] == ["team@example.com"]
    assert [one["name"] for one in group.inputs["webhookReceivers"]] == ["pager"]
    assert any("webhookReceivers" in path for path in group.secret_paths)


def test_another_way_in_is_another_release() -> None:
    sources = watched().one(PROFILE).made_from["containerGroupProfileName"]
    assert any(urn.endswith("::monitoring-rule") for urn in sources)


def test_where_nobody_watches_nothing_is_there() -> None:
    recording = declared(environment())
    assert [one["name"] for one in recording.one(PROFILE).inputs["containers"]] == ["web"]
    assert not recording.of(GROUP)
    assert not recording.of("azure-native:monitor:AzureMonitorWorkspace")


def test_a_service_without_metrics_has_no_collector() -> None:
    recording = watched(metricsPath=None)
    assert [one["name"] for one in recording.one(PROFILE).inputs["containers"]] == ["web"]
    assert not recording.of(GROUP)


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        ({"collector": COLLECTOR}, "at least one of caas:monitoring.receivers, emails, webhooks"),
        ({**WATCH, "webhooks": ["other"]}, "a key in caas:secrets that is set; set are: pager"),
    ],
)
def test_an_alert_must_reach_somebody(watch: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        environment(azure={"monitoring": watch}, secrets=("pager",))
    assert said in str(refused.value)


ALERT, CALLED = "azure-native:monitor:MetricAlert", "azure-native:monitor:ActionGroup"
LISTED = {
    "email": {"to": ["team@example.com"]},
    "pagerDuty": {"key": "pager"},
    "webhook": {"url": "hook", "severities": ["ticket"]},
}


def listed(receivers: dict[str, Any], **monitoring: Any) -> Recording:
    told = {"receivers": receivers, **monitoring}
    world = environment(azure={"monitoring": {"collector": COLLECTOR}}, monitoring=told, secrets=("pager", "hook"))
    return declared(world)


def test_azure_tells_of_what_it_sees_itself_also_of_a_service_without_metrics() -> None:
    recording = watched(metricsPath=None)
    down = recording.one(ALERT, "web-down-alert").inputs
    full = [recording.one(ALERT, f"web-{which}-full-alert").inputs for which in ("memory", "cpu")]
    assert (down["severity"], down["scopes"], down["autoMitigate"]) == (1, ["web-balancer-id"], True)
    (criterion,) = down["criteria"]["allOf"]
    assert (criterion["metricName"], criterion["metricNamespace"]) == (
        "DipAvailability",
        "Microsoft.Network/loadBalancers",
    )
    assert (criterion["operator"], criterion["threshold"], down["windowSize"]) == ("LessThan", 1, "PT5M")
    for one in full:
        assert (one["severity"], one["scopes"]) == (3, ["web-group-id"])
        assert one["criteria"]["allOf"][0]["threshold"] == 90
    for one in (down, *full):
        assert one["actions"] == [{"actionGroupId": "monitoring-tell-id"}]
        page = one["description"].rpartition(" ")[2]
        assert (ROOT / page).is_file(), page


def test_where_nobody_watches_azure_tells_nobody() -> None:
    assert {one.inputs["description"] for one in declared(environment()).of(ALERT)} == {"Changes the count of web"}


def test_the_list_of_receivers_becomes_an_action_group_for_each_severity() -> None:
    recording = listed(LISTED, runbooks="https://r.example.com")
    pages, tickets = recording.one(CALLED, "monitoring-tell"), recording.one(CALLED, "monitoring-tell-tickets")
    assert pages.inputs["emailReceivers"] == []
    assert [one["name"] for one in pages.inputs["webhookReceivers"]] == ["pager-duty"]
    (duty,) = [one["serviceUri"] for one in pages.inputs["webhookReceivers"]]
    assert duty == f"https://events.pagerduty.com/integration/{MARKER}/enqueue"
    assert any("webhookReceivers" in path for path in pages.secret_paths)
    assert [one["emailAddress"] for one in tickets.inputs["emailReceivers"]] == ["team@example.com"]
    assert [one["name"] for one in tickets.inputs["webhookReceivers"]] == ["hook"]
    assert pages.inputs["actionGroupName"] != tickets.inputs["actionGroupName"]
    rules = [rule for group in recording.of(GROUP) for rule in group.inputs["rules"] if "alert" in rule]
    called = {rule["labels"]["severity"]: rule["actions"] for rule in rules}
    assert called["page"] == [{"actionGroupId": "monitoring-tell-id"}]
    assert called["ticket"] == [{"actionGroupId": "monitoring-tell-tickets-id"}]
    assert all(rule["annotations"]["runbook_url"].startswith("https://r.example.com/") for rule in rules)
    down = recording.one(ALERT, "web-down-alert").inputs
    assert (down["actions"], down["description"].rpartition(" ")[2]) == (
        [{"actionGroupId": "monitoring-tell-id"}],
        "https://r.example.com/ServiceDown.md",
    )


def test_a_severity_that_nobody_asked_for_goes_to_everybody() -> None:
    recording = listed({"pagerDuty": {"key": "pager"}})
    assert [one.name for one in recording.of(CALLED) if one.name.startswith("monitoring")] == ["monitoring-tell"]


@pytest.mark.parametrize(
    ("monitoring", "azure", "said"),
    [
        ({"receivers": {"slack": {"webhook": "hook"}, **LISTED}}, {}, "no slack on azure-aci"),
        ({"receivers": {"deadMansSwitch": "hook", **LISTED}}, {}, "no deadMansSwitch on azure-aci"),
        ({"receivers": LISTED, "retention": 5}, {}, "only receivers and runbooks on azure-aci"),
        ({"receivers": LISTED}, {"monitoring": None}, "azure.monitoring beside it: that says who watches"),
        ({"receivers": {"pagerDuty": {"key": "gone"}}}, {}, "a key in caas:secrets that is set; set are: hook, pager"),
    ],
)
def test_what_azure_cannot_tell_is_refused(monitoring: dict[str, Any], azure: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        environment(
            azure={"monitoring": {"collector": COLLECTOR}, **azure}, monitoring=monitoring, secrets=("pager", "hook")
        )
    assert said in str(refused.value)
