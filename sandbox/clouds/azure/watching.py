"""Logs, alerts, and what an alert calls."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.formats import GROUP_KEY, grouped, identities, made, now, refer
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Scope, Values
from sandbox.clouds.core.world import GLOBAL, World
from sandbox.rpc.arguments import UNKNOWN, Failure

PERIODS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
WINDOWS = (*PERIODS, "PT6H", "PT12H", "P1D")
CRITERIA = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
BALANCER = r"/subscriptions/.+/providers/Microsoft\.Network/loadBalancers/[^/]+"
"""Ids of load balancers, which alerts may look at too; whether there is such a one is not checked here."""
CRITERION_KEYS = {
    "criterionType",
    "dimensions",
    "metricName",
    "metricNamespace",
    "name",
    "operator",
    "skipMetricValidation",
    "threshold",
    "timeAggregation",
}


def _workspace(call: Call) -> dict[str, Any]:
    known = call.old or {}
    call.platform.setdefault("key", secrets.token_urlsafe(48))
    return made(
        call,
        "Microsoft.OperationalInsights/workspaces",
        call.inputs["workspaceName"],
        customerId=known.get("customerId") or str(uuid.uuid4()),
        createdDate=now(),
    )


def shared_keys(world: World, _scope: Scope, inputs: Values) -> dict[str, Any]:
    """The keys of a workspace."""
    record = _find(world, tokens.WORKSPACE, inputs, "workspaceName")
    return {"primarySharedKey": record["platform"]["key"], "secondarySharedKey": record["platform"]["key"]}


def _workflow(call: Call) -> dict[str, Any]:
    call.platform.setdefault("signature", secrets.token_urlsafe(24))
    own = call.inputs["workflowName"]
    return made(call, "Microsoft.Logic/workflows", own, version="1", changedTime=now(), **identities(call))


def _check_workflow(inputs: Values) -> Iterator[Failure]:
    definition = inputs.get("definition")
    if definition in (None, UNKNOWN):
        return
    if not isinstance(definition, Mapping) or not {"$schema", "triggers", "actions"} <= definition.keys():
        yield Failure("definition", "a workflow definition has $schema, triggers and actions")


def callback(world: World, _scope: Scope, inputs: Values) -> dict[str, Any]:
    """Where a workflow's trigger is called."""
    record = _find(world, tokens.WORKFLOW, inputs, "workflowName")
    trigger = inputs["triggerName"]
    if (record["state"]["definition"]["triggers"].get(trigger) or {}).get("type") != "Request":
        raise CloudError("WorkflowTriggerNotFound", f"The trigger '{trigger}' could not be found.", 404)
    where = f"https://prod-00.westeurope.logic.azure.com{record['state']['id']}/triggers/{trigger}/paths/invoke"
    value = f"{where}?sig={record['platform']['signature']}"
    return {"value": value, "method": "POST", "basePath": where, "relativePath": ""}


def _find(world: World, token: str, inputs: Values, key: str) -> Mapping[str, Any]:
    for record in world.all(token, GLOBAL).values():
        state = record["state"]
        if (state[GROUP_KEY], state[key]) == (inputs[GROUP_KEY], inputs[key]):
            return record  # type: ignore[no-any-return] # a record is what the world says it is
    raise CloudError("ResourceNotFound", f"The resource '{inputs[key]}' was not found.", 404)


def _called(call: Call) -> dict[str, Any]:
    own = call.inputs["actionGroupName"]
    return {**made(call, "Microsoft.Insights/actionGroups", own), "location": call.inputs.get("location") or "Global"}


def _check_called(inputs: Values) -> Iterator[Failure]:
    short = inputs.get("groupShortName")
    if isinstance(short, str) and short != UNKNOWN and len(short) > 12:
        yield Failure("groupShortName", f"at most 12 characters, got {len(short)}")


def _alert(call: Call) -> dict[str, Any]:
    return {**made(call, "Microsoft.Insights/metricAlerts", call.inputs["ruleName"]), "isMigrated": False}


def _check_alert(inputs: Values) -> Iterator[Failure]:
    criteria = inputs.get("criteria")
    if not isinstance(criteria, Mapping):
        return
    if criteria.get("odataType") != CRITERIA:
        yield Failure("criteria.odataType", f"expected {CRITERIA}, got {criteria.get('odataType')}")
    listed = criteria.get("allOf")
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        for key in sorted(one.keys() - CRITERION_KEYS):
            yield Failure(f"criteria.allOf[{index}].{key}", "is not expected here")
        for key in ("metricName", "operator", "threshold", "timeAggregation"):
            if one.get(key) is None:
                yield Failure(f"criteria.allOf[{index}].{key}", "is required")
    if not listed:
        yield Failure("criteria.allOf", "at least one criterion is required")


KINDS = (
    grouped(
        tokens.WORKSPACE,
        "Operational Insights",
        "Workspace",
        _workspace,
        "workspaceName",
        computed=("provisioningState", "customerId", "createdDate"),
        ranges={"retentionInDays": (30, 730)},
    ),
    grouped(
        tokens.WORKFLOW,
        "Logic",
        "Workflow",
        _workflow,
        "workflowName",
        computed=("provisioningState", "version", "changedTime", "identity"),
        shaped=frozenset({"identity"}),
        check=_check_workflow,
    ),
    grouped(
        tokens.CALLED,
        "Monitor",
        "ActionGroup",
        _called,
        "actionGroupName",
        references={"logicAppReceivers.resourceId": refer(tokens.WORKFLOW)},
        check=_check_called,
    ),
    grouped(
        tokens.ALERT,
        "Monitor",
        "MetricAlert",
        _alert,
        "ruleName",
        computed=("isMigrated",),
        choices={"evaluationFrequency": PERIODS, "windowSize": WINDOWS},
        ranges={"severity": (0, 4)},
        # A service's own figures, and those of its load balancer.
        references={"scopes": refer(tokens.NGROUP, foreign=BALANCER), "actions.actionGroupId": refer(tokens.CALLED)},
        check=_check_alert,
    ),
)
