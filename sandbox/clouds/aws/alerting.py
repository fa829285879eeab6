"""Amazon Managed Service for Prometheus, and SNS: rules, who is told of them, and the topic between the two."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique

LARGEST = 1 << 20
"""Bytes of a definition."""
RULE = {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
INTEGRATIONS = {"sns_configs", "pagerduty_configs"}
"""What the managed Alertmanager can tell; it has no others."""
PROTOCOLS = ("sqs", "sms", "lambda", "firehose", "application", "email", "email-json", "http", "https")


def _refuse(text: str) -> CloudError:
    return CloudError("ValidationException", text)


def _read(text: Any, what: str) -> dict[str, Any]:
    if len(str(text).encode()) > LARGEST:
        raise _refuse(f"{what} is larger than {LARGEST} bytes")
    try:
        found = YAML(typ="safe", pure=True).load(str(text))
    except YAMLError as error:
        raise _refuse(f"{what} is not valid YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict):
        raise _refuse(f"{what} must be a mapping")
    return found


def _workspace(call: Call) -> dict[str, Any]:
    id_ = f"ws-{uuid.uuid4()}"
    where = f"https://aps-workspaces.{call.scope.region}.amazonaws.com/workspaces/{id_}/"
    return {"id": id_, "arn": arn(call.scope, "aps", f"workspace/{id_}"), "prometheusEndpoint": where}


def _rules(call: Call) -> dict[str, Any]:
    whole = f"rulegroupsnamespace/{call.inputs['workspaceId']}/{call.inputs['name']}"
    made = arn(call.scope, "aps", whole)
    return {"id": made, "arn": made}


def _admit_rules(call: Call) -> None:
    groups = _read(call.inputs["data"], "data").get("groups")
    if not isinstance(groups, list) or not groups:
        raise _refuse("data must have at least one group")
    names = [group.get("name") for group in groups]
    if len(set(names)) != len(names) or not all(names):
        raise _refuse("each group needs a name of its own")
    for rule in (rule for group in groups for rule in group.get("rules") or ()):
        if unknown := set(rule) - RULE:
            raise _refuse(f"field {min(unknown)} not found in type rulefmt.Rule")
        if ("record" in rule) == ("alert" in rule) or not rule.get("expr"):
            raise _refuse("a rule has one of record and alert, and an expr")
        if "record" in rule and not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", rule["record"]):
            raise _refuse(f"invalid recording rule name: {rule['record']}")


def _definition(call: Call) -> dict[str, Any]:
    return {"id": call.inputs["workspaceId"]}


def _admit_definition(call: Call) -> None:
    outer = _read(call.inputs["definition"], "definition")
    if unknown := set(outer) - {"alertmanager_config", "template_files"}:
        raise _refuse(f"definition: unknown field {min(unknown)}")
    config = _read(outer.get("alertmanager_config"), "alertmanager_config")
    receivers = {one["name"]: one for one in config.get("receivers") or ()}
    for one in receivers.values():
        for kind in set(one) - {"name"}:
            if kind not in INTEGRATIONS:
                raise _refuse(f"receiver {one['name']}: {kind} is not supported; use sns_configs")
        for sns in one.get("sns_configs") or ():
            _admit_topic(call, sns)
    routes = [config.get("route") or {}]
    while routes:
        route = routes.pop()
        if "receiver" in route and route["receiver"] not in receivers:
            raise _refuse(f'undefined receiver "{route["receiver"]}" used in route')
        routes += route.get("routes") or []
    if "receiver" not in (config.get("route") or {}):
        raise _refuse("root route must specify a default receiver")


def _admit_topic(call: Call, config: dict[str, Any]) -> None:
    topic = config.get("topic_arn")
    if not topic:
        raise _refuse("sns_configs: topic_arn is required")
    if "sigv4" not in config:
        raise _refuse("sns_configs: sigv4 is required")
    if f":{call.scope.account}:" in topic and call.the(tokens.TOPIC, "arn", topic) is None:
        raise _refuse(f"sns_configs: the topic {topic} does not exist")


def _topic(call: Call) -> dict[str, Any]:
    made = arn(call.scope, "sns", call.inputs["name"])
    return {"id": made, "arn": made, "owner": call.scope.account}


def _topic_policy(call: Call) -> dict[str, Any]:
    return {"id": call.inputs["arn"], "owner": call.scope.account}


def _admit_policy(call: Call) -> None:
    for statement in json.loads(call.inputs["policy"])["Statement"]:
        if any(resource != call.inputs["arn"] for resource in statement.get("Resource") or ()):
            raise CloudError("InvalidParameter", "Invalid parameter: Policy Error: a statement is of another topic")


def _subscription(call: Call) -> dict[str, Any]:
    made = f"{call.inputs['topic']}:{uuid.uuid4()}"
    waits = call.inputs["protocol"] in ("email", "email-json", "http", "https")
    return {
        "id": made,
        "arn": made,
        "ownerId": call.scope.account,
        "pendingConfirmation": waits,
        "confirmationWasAuthenticated": not waits,
    }


def _admit_subscription(call: Call) -> None:
    protocol, endpoint = call.inputs["protocol"], str(call.inputs["endpoint"])
    shapes = {"email": r"[^@\s]+@[^@\s]+", "https": r"https://\S+", "http": r"http://\S+"}
    if not re.fullmatch(shapes.get(protocol, r".+"), endpoint):
        raise CloudError("InvalidParameter", f"Invalid parameter: {protocol.capitalize()} endpoint")
    policy = json.loads(call.inputs.get("filterPolicy") or "{}")
    if not isinstance(policy, dict) or not all(isinstance(one, list) for one in policy.values()):
        raise CloudError("InvalidParameter", "Invalid parameter: FilterPolicy: each attribute has a list of values")


def _page(call: Call) -> dict[str, Any]:
    name = call.inputs["dashboardName"]
    return {"id": name, "dashboardArn": arn(call.scope, "cloudwatch", f"dashboard/{name}", region="")}


def _admit_page(call: Call) -> None:
    widgets = json.loads(call.inputs["dashboardBody"]).get("widgets")
    if not isinstance(widgets, list) or len(widgets) > 500:
        raise CloudError("InvalidParameterInput", "The dashboard must have widgets, 500 at the most")
    for number, widget in enumerate(widgets):
        properties = widget.get("properties") or {}
        if widget.get("type") == "metric" and not (properties.get("metrics") and properties.get("region")):
            where = f"/widgets/{number}/properties"
            raise CloudError("InvalidParameterInput", f"Should have required properties metrics and region at {where}")
        if widget.get("x", 0) + widget.get("width", 0) > 24:
            raise CloudError("InvalidParameterInput", f"Should be <= 24 at /widgets/{number}/width")


_WORKSPACE = Reference(
    tokens.WORKSPACE, "id", "ResourceNotFoundException", "Workspace not found, workspaceId: {value}", holds=False
)
_TOPIC = Reference(tokens.TOPIC, "arn", "NotFound", "Topic does not exist: {value}", holds=False)
_KEY = Reference(
    tokens.KEY, "arn", "KMSNotFound", "The KMS key {value} does not exist", holds=False, foreign=r"(?!arn:).*"
)

KINDS = (
    Kind(
        tokens.WORKSPACE,
        "AMP (Managed Prometheus)",
        "Workspace",
        _workspace,
        computed=("arn", "prometheusEndpoint"),
        replaces=frozenset({"kmsKeyArn"}),
        name=Name("alias", 100, auto=False),
        quota=Quota(25, "ServiceQuotaExceededException", "The maximum number of workspaces is {limit}."),
    ),
    Kind(
        "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
        "AMP (Managed Prometheus)",
        "Rule Group Namespace",
        _rules,
        computed=("arn",),
        replaces=frozenset({"name", "workspaceId"}),
        name=Name("name", 64, r"[0-9A-Za-z][-.0-9A-Z_a-z]*", "is no valid name"),
        references={"workspaceId": _WORKSPACE},
        unique=Unique(("workspaceId", "name"), "ConflictException", "A namespace of that name exists"),
        admit=_admit_rules,
    ),
    Kind(
        "aws:amp/alertManagerDefinition:AlertManagerDefinition",
        "AMP (Managed Prometheus)",
        "Alert Manager Definition",
        _definition,
        replaces=frozenset({"workspaceId"}),
        references={"workspaceId": _WORKSPACE},
        unique=Unique(("workspaceId",), "ConflictException", "The workspace has a definition already"),
        admit=_admit_definition,
    ),
    Kind(
        tokens.TOPIC,
        "SNS (Simple Notification)",
        "Topic",
        _topic,
        computed=("arn", "owner"),
        replaces=frozenset({"name", "namePrefix", "fifoTopic"}),
        name=Name("name", 256, r"[A-Za-z0-9_-]+(\.fifo)?", "is no valid name: letters, digits, - and _ only"),
        documents=frozenset({"policy", "deliveryPolicy", "archivePolicy"}),
        references={"kmsMasterKeyId": _KEY},
        quota=Quota(100000, "TopicLimitExceeded", "The maximum number of topics is {limit}."),
    ),
    Kind(
        "aws:sns/topicPolicy:TopicPolicy",
        "SNS (Simple Notification)",
        "Topic Policy",
        _topic_policy,
        computed=("owner",),
        replaces=frozenset({"arn"}),
        documents=frozenset({"policy"}),
        references={"arn": _TOPIC},
        admit=_admit_policy,
    ),
    Kind(
        "aws:sns/topicSubscription:TopicSubscription",
        "SNS (Simple Notification)",
        "Topic Subscription",
        _subscription,
        computed=("arn", "ownerId", "pendingConfirmation", "confirmationWasAuthenticated"),
        replaces=frozenset({"endpoint", "protocol", "topic"}),
        documents=frozenset({"filterPolicy"}),
        choices={"protocol": PROTOCOLS},
        references={"topic": _TOPIC},
        admit=_admit_subscription,
    ),
    Kind(
        "aws:cloudwatch/dashboard:Dashboard",
        "CloudWatch",
        "Dashboard",
        _page,
        computed=("dashboardArn",),
        replaces=frozenset({"dashboardName"}),
        name=Name("dashboardName", 255, r"[A-Za-z0-9_-]+", "is no valid name: letters, digits, - and _ only"),
        documents=frozenset({"dashboardBody"}),
        admit=_admit_page,
    ),
)
