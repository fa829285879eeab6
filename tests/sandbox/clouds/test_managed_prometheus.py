"""What the simulated AWS and Azure refuse of rules, receivers, topics and dashboards, and that ours is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.clouds.aws import tokens as aws
from sandbox.clouds.azure import tokens as azure
from sandbox.clouds.core.errors import CloudError
from tests.components.azure import inventory as on_azure
from tests.components.azure.worlds import declared
from tests.sandbox.clouds import test_azure
from tests.sandbox.clouds.desk import Desk

RULES = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
DEFINITION = "aws:amp/alertManagerDefinition:AlertManagerDefinition"
TOLD = "aws:sns/topicSubscription:TopicSubscription"
POLICY = "aws:sns/topicPolicy:TopicPolicy"
PAGE = "aws:cloudwatch/dashboard:Dashboard"
GROUP = "azure-native:alertsmanagement:PrometheusRuleGroup"

RULE = {"record": "a:b", "expr": "up"}


def grouped(*rules: dict[str, Any]) -> str:
    return json.dumps({"groups": [{"name": "g", "rules": list(rules)}]})


def defined(receiver: dict[str, Any], route: Any = None) -> str:
    config = {"route": route or {"receiver": "it"}, "receivers": [{"name": "it", **receiver}]}
    return json.dumps({"alertmanager_config": json.dumps(config)})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def workspace(desk: Desk) -> dict[str, Any]:
    return desk.create(aws.WORKSPACE, alias="shop")


def test_a_workspace_has_an_endpoint(workspace: dict[str, Any]) -> None:
    end = f"https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/{workspace['id']}/"
    assert workspace["prometheusEndpoint"] == end
    assert workspace["arn"] == f"arn:aws:aps:eu-central-1:123456789012:workspace/{workspace['id']}"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("groups: [", "is not valid YAML"),
        ("- a", "must be a mapping"),
        ("{}", "at least one group"),
        (json.dumps({"groups": [{"name": "g"}, {"name": "g"}]}), "a name of its own"),
        (grouped({**RULE, "exrp": "up"}), "field exrp not found"),
        (grouped({**RULE, "alert": "A"}), "one of record and alert"),
        (grouped({"alert": "A"}), "and an expr"),
        (grouped({**RULE, "record": "a-b"}), "invalid recording rule name: a-b"),
    ],
)
def test_rules_that_amazon_refuses(data: str, said: str, desk: Desk, workspace: dict[str, Any]) -> None:
    with pytest.raises(CloudError, match=said):
        desk.create(RULES, name="web", workspaceId=workspace["id"], data=data)
    desk.create(RULES, name="web", workspaceId=workspace["id"], data=grouped(RULE))


def test_a_namespace_needs_its_workspace_and_is_there_once(desk: Desk, workspace: dict[str, Any]) -> None:
    desk.create(RULES, name="web", workspaceId=workspace["id"], data=grouped(RULE))
    with pytest.raises(CloudError, match="exists"):
        desk.create(RULES, name="web", workspaceId=workspace["id"], data=grouped(RULE))
    with pytest.raises(CloudError, match="Workspace not found"):
        desk.create(RULES, name="web", workspaceId="ws-other", data=grouped(RULE))


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (defined({"slack_configs": [{}]}), "slack_configs is not supported"),
        (defined({"sns_configs": [{"sigv4": {}}]}), "topic_arn is required"),
        (defined({"sns_configs": [{"topic_arn": "arn:aws:sns:eu-central-1:1:a"}]}), "sigv4 is required"),
        (
            defined({"sns_configs": [{"topic_arn": "arn:aws:sns:eu-central-1:123456789012:a", "sigv4": {}}]}),
            "does not exist",
        ),
        (defined({}, {"receiver": "other"}), 'undefined receiver "other"'),
        (defined({}, {"receiver": "it", "routes": [{"receiver": "other"}]}), 'undefined receiver "other"'),
        (defined({}, {"group_by": ["a"]}), "must specify a default receiver"),
        (json.dumps({"config": ""}), "unknown field config"),
    ],
)
def test_definitions_that_amazon_refuses(definition: str, said: str, desk: Desk, workspace: dict[str, Any]) -> None:
    with pytest.raises(CloudError, match=said):
        desk.create(DEFINITION, workspaceId=workspace["id"], definition=definition)


def test_who_is_told_has_an_address_and_a_topic(desk: Desk) -> None:
    topic = desk.create(aws.TOPIC, name="alerts")
    assert desk.create(TOLD, topic=topic["arn"], protocol="email", endpoint="a@b.example")["pendingConfirmation"]
    with pytest.raises(CloudError, match="Https endpoint"):
        desk.create(TOLD, topic=topic["arn"], protocol="https", endpoint="http://a.example")
    with pytest.raises(CloudError, match="Topic does not exist"):
        desk.create(TOLD, topic="arn:aws:sns:eu-central-1:123456789012:b", protocol="email", endpoint="a@b.example")
    other = json.dumps({"Statement": [{"Resource": ["arn:aws:sns:eu-central-1:123456789012:b"]}]})
    with pytest.raises(CloudError, match="of another topic"):
        desk.create(POLICY, arn=topic["arn"], policy=other)


@pytest.mark.parametrize(
    ("widgets", "said"),
    [
        ({}, "must have widgets"),
        ([{"type": "metric", "properties": {"region": "a"}}], "metrics and region at /widgets/0"),
        ([{"x": 20, "width": 6}], "<= 24 at /widgets/0/width"),
    ],
)
def test_dashboards_that_cloudwatch_refuses(widgets: Any, said: str, desk: Desk) -> None:
    with pytest.raises(CloudError, match=said):
        desk.create(PAGE, dashboardName="shop", dashboardBody=json.dumps({"widgets": widgets}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"interval": "PT30S"}, "interval: expected PT1M to PT15M, got PT30S"),
        ({"interval": "PT16M"}, "interval: expected PT1M to PT15M, got PT16M"),
        ({"rules": [{"record": "a", "expression": "up"}] * 21}, "rules: at most 20 rules in a group, got 21"),
        ({"rules": [{"expression": "up"}]}, "rules[0].alert: a rule has exactly one of record and alert"),
        ({"rules": [{"record": "a", "expression": "up", "for": "PT1M"}]}, "rules[0].for: is for alerts only"),
        ({"rules": [{"alert": "a", "expression": "up", "for": "90s"}]}, "rules[0].for: expected whole minutes"),
    ],
)
def test_groups_that_azure_refuses(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    given = {"resourceGroupName": "shop", "ruleGroupName": "g", "scopes": ["/s"], "rules": [], **changes}
    assert any(found.startswith(said) for found in test_azure.Desk(tmp_path).check(GROUP, **given))


def test_azure_s_way_in_leads_to_a_workspace_that_exists(tmp_path: Path) -> None:
    desk = test_azure.Desk(tmp_path)
    desk.group()
    metrics = desk.create(azure.METRICS, resourceGroupName="shop", location="westeurope", azureMonitorWorkspaceName="m")
    assert metrics["metrics"]["prometheusQueryEndpoint"].startswith("https://m-")
    flow = {"streams": ["Microsoft-PrometheusMetrics"], "destinations": ["m"]}
    way = {"resourceGroupName": "shop", "location": "westeurope", "dataCollectionRuleName": "r", "dataFlows": [flow]}
    known = {"monitoringAccounts": [{"name": "m", "accountResourceId": metrics["id"]}]}
    assert desk.create(azure.WAY_IN, **way, destinations=known)["immutableId"].startswith("dcr-")
    for wrong, said in (
        ({"monitoringAccounts": [{"name": "m", "accountResourceId": "/other"}]}, "/other was not found"),
        ({"monitoringAccounts": [{"name": "n", "accountResourceId": metrics["id"]}]}, "names no known destination: m"),
    ):
        with pytest.raises(CloudError, match=said):
            desk.create(azure.WAY_IN, **{**way, "dataCollectionRuleName": "s"}, destinations=wrong)


def test_a_filter_of_messages_has_lists(desk: Desk) -> None:
    topic = desk.create(aws.TOPIC, name="alerts")["arn"]
    given = {"topic": topic, "protocol": "email", "endpoint": "team@example.com"}
    taken = json.dumps({"severity": ["page", {"exists": False}]})
    assert desk.create(TOLD, **given, filterPolicy=taken)["arn"].startswith(topic)
    with pytest.raises(CloudError, match="FilterPolicy"):
        desk.create(TOLD, **given, filterPolicy=json.dumps({"severity": "page"}))


@pytest.mark.parametrize("kind", [azure.ALERT, azure.CALLED])
def test_azure_takes_the_alerts_of_every_service_and_whom_they_call(kind: str, tmp_path: Path) -> None:
    desk, found = test_azure.Desk(tmp_path), declared(on_azure.stack("prod")).of(kind)
    assert {one.name for one in found} >= {azure.ALERT: {"web-down-alert"}, azure.CALLED: {"monitoring-tell"}}[kind]
    assert [said for one in found for said in desk.check(kind, **one.inputs)] == []


def test_an_alert_looks_at_a_group_that_exists_or_at_a_balancer(tmp_path: Path) -> None:
    desk = test_azure.Desk(tmp_path)
    desk.group()
    alert = declared(on_azure.stack("prod")).one(azure.ALERT, "web-down-alert").inputs
    given = {**alert, "resourceGroupName": "shop", "actions": []}
    root = "/subscriptions/1/resourceGroups/shop/providers"
    assert desk.create(azure.ALERT, **{**given, "scopes": [f"{root}/Microsoft.Network/loadBalancers/web"]})["id"]
    with pytest.raises(CloudError, match="was not found"):
        desk.create(azure.ALERT, **{**given, "scopes": [f"{root}/Microsoft.ContainerInstance/nGroups/web"]})


def test_azure_takes_the_rules_of_every_service(tmp_path: Path) -> None:
    desk, found = test_azure.Desk(tmp_path), declared(on_azure.stack("prod")).of(GROUP)
    assert len(found) == 9
    assert [said for one in found for said in desk.check(GROUP, **one.inputs)] == []
