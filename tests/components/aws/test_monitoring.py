"""Who watches a service on ECS: the same objective in the rules, the alarms and the dashboards, and one right only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import slo
from components.aws import alarms
from components.aws.monitoring import alertmanager
from components.monitoring import collector, objectives
from components.monitoring.burn_rates import BURN_RATES
from components.monitoring.collector import subject
from components.monitoring.rules import document
from components.spec.errors import SpecError
from tests.components.aws.worlds import ACCOUNT, REGION, REGISTRY, containers, declared, environment, policy, service
from tests.components.recorder import Recording

COLLECTOR = f"{REGISTRY}/collector@sha256:" + "c" * 64
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:pager"
WATCH = {"collector": COLLECTOR, "emails": ["team@example.com"], "webhooks": ["pager"]}
SLO = {"availability": 99.5, "latency": {"percentile": 95, "threshold": 250}, "period": 7}


def watched(watch: dict[str, Any] | None = None, **changes: Any) -> Recording:
    world = environment(
        {"web": service(slo=SLO, **changes)}, aws={"monitoring": watch or WATCH}, secrets=("pager",), stack="staging"
    )
    return declared(world)


def test_the_rules_are_those_that_follow_from_the_objective() -> None:
    world = environment({"web": service(slo=SLO)}, aws={"monitoring": WATCH}, secrets=("pager",))
    found = declared(world).one("aws:amp/ruleGroupNamespace:RuleGroupNamespace", "web-rules").inputs
    whose = subject(world.services[0], world)
    said = json.loads(found["data"])
    links = objectives.Links(dashboard=_page(said))
    assert said == document(objectives.rule_groups(whose, collector.place(whose), links))
    assert found["name"] == "web"
    alerts = [rule for group in said["groups"] for rule in group["rules"] if "alert" in rule]
    assert {rule["alert"] for rule in alerts} >= {"ServiceFailsTooOften", "ServiceAnswersTooSlowly"}
    assert all('service="web"' in rule["expr"] for group in said["groups"] for rule in group["rules"][2:])


def _page(said: dict[str, Any]) -> str:
    pages = {
        rule["annotations"]["dashboard_url"] for group in said["groups"] for rule in group["rules"] if "alert" in rule
    }
    (page,) = pages
    assert page.endswith("#dashboards/dashboard/caas-staging")
    return str(page)


def test_the_collector_looks_where_the_service_answers_and_signs_what_it_sends() -> None:
    recording = watched(metricsPath="/internal/metrics", port=9000)
    own, beside = containers(recording)
    assert own["dependsOn"] == [{"containerName": "collector", "condition": "START"}]
    assert (beside["image"], beside["essential"], beside["readonlyRootFilesystem"]) == (COLLECTOR, False, True)
    variables = {one["name"]: one["value"] for one in beside["environment"]}
    assert variables["REMOTE_WRITE_URL"].endswith("api/v1/remote_write")
    said = json.loads(variables["AOT_CONFIG_CONTENT"])
    (look,) = said["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert (look["metrics_path"], look["scrape_interval"]) == ("/internal/metrics", "30s")
    labels = {"project": "caas", "environment": "staging", "service": "web"}
    assert look["static_configs"] == [{"targets": ["localhost:9000"], "labels": labels}]
    assert said["extensions"] == {"sigv4auth": {"region": REGION, "service": "aps"}}
    sender = said["exporters"]["prometheusremotewrite"]
    assert (sender["endpoint"], sender["auth"]) == ("${env:REMOTE_WRITE_URL}", {"authenticator": "sigv4auth"})
    assert said["processors"]["resourcedetection"]["detectors"] == ["env", "ecs"]


def test_the_rules_find_what_the_collector_has_labelled() -> None:
    world = environment({"web": service()}, aws={"monitoring": WATCH}, secrets=("pager",))
    whose = subject(world.services[0], world)
    for name, value in whose.identity.items():
        assert f'{name}="{value}"' in collector.place(whose).matchers
    look = collector.configuration(whose, collector.Sender("a", {}, ()))["receivers"]["prometheus"]["config"]
    assert look["scrape_configs"][0]["static_configs"][0]["labels"] == whose.identity


def test_a_task_may_write_metrics_to_its_workspace_and_nothing_else() -> None:
    recording = watched()
    (statement,) = policy(recording.one("aws:iam/rolePolicy:RolePolicy", "web-task-policy"))
    assert statement["Action"] == ["aps:RemoteWrite"]
    assert statement["Resource"] == ["arn:aws:monitoring-workspace"]


def test_only_the_workspace_and_the_alarms_write_into_the_topic() -> None:
    recording = watched()
    statements = policy(recording.one("aws:sns/topicPolicy:TopicPolicy", "monitoring-topic-policy"))
    assert [one["Principal"] for one in statements] == [
        {"Service": "aps.amazonaws.com"},
        {"Service": "cloudwatch.amazonaws.com"},
    ]
    assert all(one["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT} for one in statements)
    assert all("ArnLike" in one["Condition"] for one in statements)
    key = policy(recording.one("aws:kms/key:Key", "account-key"))
    assert key[-1]["Principal"] == {"Service": ["aps.amazonaws.com", "cloudwatch.amazonaws.com"]}
    assert key[-1]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_people_and_their_tools_are_told() -> None:
    recording = watched()
    told = {one.inputs["protocol"]: one for one in recording.of("aws:sns/topicSubscription:TopicSubscription")}
    assert told["email"].inputs["endpoint"] == "team@example.com"
    assert told["https"].name == "monitoring-tell-pager"
    assert "endpoint" in told["https"].secret_paths
    for alarm in recording.of("aws:cloudwatch/metricAlarm:MetricAlarm"):
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == ["arn:aws:monitoring-topic"]


def test_a_topic_that_exists_is_used_and_left_alone() -> None:
    recording = watched({"collector": COLLECTOR, "topic": TOPIC})
    assert not recording.of("aws:sns/topic:Topic")
    assert not recording.of("aws:sns/topicPolicy:TopicPolicy")
    definition = recording.one("aws:amp/alertManagerDefinition:AlertManagerDefinition", "monitoring-alertmanager")
    assert TOPIC in definition.inputs["definition"]
    assert len(policy(recording.one("aws:kms/key:Key", "account-key"))) == 2


def test_no_alert_goes_nowhere_and_a_page_silences_its_ticket() -> None:
    said = json.loads(json.loads(alertmanager(TOPIC, REGION))["alertmanager_config"])
    (receiver,) = said["receivers"]
    assert receiver["sns_configs"][0]["topic_arn"] == TOPIC
    assert receiver["sns_configs"][0]["send_resolved"] is True
    assert {said["route"]["receiver"], *(one["receiver"] for one in said["route"]["routes"])} == {receiver["name"]}
    assert said["route"]["routes"][0]["matchers"] == ['severity="page"']
    (silence,) = said["inhibit_rules"]
    assert silence["equal"] == ["project", "environment", "service", "slo"]


def test_a_version_is_taken_back_where_the_objective_ends() -> None:
    world = environment({"web": service(slo=SLO)})
    found = alarms.limits(world.services[0])
    allowed = slo.budget(world.services[0])
    assert found == alarms.Limits(errors=round(100 * BURN_RATES[0].factor * 0.005, 6), seconds=0.25, percentile=95)
    assert (allowed.failed, allowed.threshold) == (0.005, 0.25)
    recording = declared(world)
    kind = "aws:cloudwatch/metricAlarm:MetricAlarm"
    errors, latency = (recording.one(kind, f"web-{half}").inputs for half in ("errors", "latency"))
    assert (errors["threshold"], latency["threshold"]) == (7.2, 0.25)
    assert latency["metricQueries"][0]["metric"]["stat"] == "p95"
    assert "alarmActions" not in errors


def test_a_loose_objective_still_has_an_alarm_that_can_be_raised() -> None:
    world = environment({"web": service(slo={"availability": 90})})
    assert alarms.limits(world.services[0]).errors == 100 * objectives.HIGHEST


def test_the_dashboard_shows_each_service_beside_its_limit() -> None:
    recording = watched()
    page = recording.one("aws:cloudwatch/dashboard:Dashboard", "monitoring-dashboard").inputs
    assert page["dashboardName"] == "caas-staging"
    widgets = json.loads(page["dashboardBody"])["widgets"]
    assert [one["properties"]["title"] for one in widgets] == [
        "web: requests and errors a minute",
        "web: latency, p95",
        "web: CPU units, used and reserved",
        "web: instances, wanted and running",
    ]
    assert widgets[1]["properties"]["annotations"]["horizontal"][0]["value"] == 0.25
    assert all(one["x"] + one["width"] <= 24 for one in widgets)


def test_the_managed_prometheus_is_reached_without_the_internet() -> None:
    endpoints = {
        one.inputs["serviceName"].rpartition(f"{REGION}.")[2] for one in watched().of("aws:ec2/vpcEndpoint:VpcEndpoint")
    }
    assert "aps-workspaces" in endpoints
    assert "aps-workspaces" not in {
        one.inputs["serviceName"].rpartition(f"{REGION}.")[2]
        for one in declared(environment()).of("aws:ec2/vpcEndpoint:VpcEndpoint")
    }


def test_where_nobody_watches_only_the_alarms_are_there() -> None:
    recording = declared(environment())
    assert [one["name"] for one in containers(recording)] == ["web"]
    assert not [one for one in recording.resources if one.type.startswith(("aws:amp/", "aws:sns/"))]


def test_a_service_without_metrics_has_no_collector() -> None:
    spec = {**service(), "metricsPath": None}
    recording = declared(environment({"web": spec}, aws={"monitoring": WATCH}, secrets=("pager",)))
    assert [one["name"] for one in containers(recording)] == ["web"]
    assert not recording.of("aws:amp/ruleGroupNamespace:RuleGroupNamespace")


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        (
            {"collector": COLLECTOR},
            "emails or webhooks; neither is given",
        ),
        (
            {**WATCH, "topic": TOPIC},
            "exactly one of topic, and caas:monitoring.receivers",
        ),
        ({"collector": COLLECTOR, "topic": TOPIC.replace(REGION, "us-east-1")}, f"a topic in the region {REGION}"),
        ({**WATCH, "webhooks": ["other"]}, "a key in caas:secrets that is set; set are: pager"),
        ({**WATCH, "emails": ["nobody"]}, "an address of e-mail"),
    ],
)
def test_an_alert_must_reach_somebody(watch: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        environment(aws={"monitoring": watch}, secrets=("pager",))
    assert said in str(refused.value)


def test_the_collector_s_name_is_taken() -> None:
    beside = {"collector": {"image": COLLECTOR}}
    with pytest.raises(SpecError, match="another name than collector"):
        environment({"web": service(sidecars=beside)}, aws={"monitoring": WATCH}, secrets=("pager",))


SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def test_the_list_of_receivers_becomes_subscriptions_that_take_their_severities() -> None:
    told = {
        "email": {"to": ["team@example.com", "boss@example.com"]},
        "pagerDuty": {"key": "pager"},
        "webhook": {"url": "hook"},
    }
    world = environment(
        {"web": service()},
        aws={"monitoring": {"collector": COLLECTOR, "emails": ["boss@example.com"]}},
        monitoring={"receivers": told, "runbooks": "https://r.example.com"},
        secrets=("pager", "hook"),
    )
    recording = declared(world)
    found = {one.name.removeprefix("monitoring-tell-"): one for one in recording.of(SUBSCRIPTION)}
    assert {name: one.inputs["protocol"] for name, one in found.items()} == {
        "team@example.com": "email",
        "boss@example.com": "email",
        "pager-duty": "https",
        "hook": "https",
    }
    policies = {name: json.loads(one.inputs.get("filterPolicy", "null")) for name, one in found.items()}
    assert policies == {
        "team@example.com": {"severity": ["ticket"]},
        "boss@example.com": None,
        # The alarms of CloudWatch have no severity: they take a version back.
        "pager-duty": {"severity": ["page", {"exists": False}]},
        "hook": None,
    }
    duty = found["pager-duty"]
    assert duty.inputs["endpoint"].startswith("https://events.pagerduty.com/integration/")
    assert "endpoint" in duty.secret_paths
    said = json.loads(recording.one("aws:amp/ruleGroupNamespace:RuleGroupNamespace", "web-rules").inputs["data"])
    pages = [rule["annotations"]["runbook_url"] for one in said["groups"] for rule in one["rules"] if "alert" in rule]
    assert all(page.startswith("https://r.example.com/") for page in pages)


def test_slack_does_not_take_the_messages_of_sns() -> None:
    with pytest.raises(SpecError) as refused:
        environment(
            aws={"monitoring": {"collector": COLLECTOR, "emails": ["team@example.com"]}},
            monitoring={"receivers": {"slack": {"webhook": "pager"}}},
            secrets=("pager",),
        )
    assert "no slack on aws-ecs" in str(refused.value)
    assert "write the channel's own e-mail address under email.to" in str(refused.value)
