"""What Azure does by itself once a scaler is declared: an alert calls a workflow, and the workflow runs as somebody who
may do what their roles say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.expressions import value_of
from sandbox.clouds.azure.groups import may
from sandbox.clouds.azure.instances import resize
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Scope
from sandbox.clouds.core.world import GLOBAL, World

MANAGEMENT = "https://management.azure.com"
READ, WRITE = "Microsoft.ContainerInstance/nGroups/read", "Microsoft.ContainerInstance/nGroups/write"
COMPARISONS = {"GreaterThan": lambda one, other: one > other, "LessThan": lambda one, other: one < other}


def measure(world: World, group: str, figures: Mapping[str, float]) -> list[str]:
    """The figures of an NGroup as they are now; every alert that they raise calls what it names. The names of these.

    :param group: Id of the NGroup.
    :param figures: Metric -> value.
    """
    raised = []
    with world.open():
        alerts = [one["state"] for one in world.all(tokens.ALERT, GLOBAL).values() if group in one["state"]["scopes"]]
        for alert in sorted(alerts, key=lambda one: one["ruleName"]):
            criteria = alert["criteria"]["allOf"]
            if alert["enabled"] and all(_holds(one, figures) for one in criteria):
                raised.append(str(alert["ruleName"]))
                _call(world, alert, [{**one, "metricValue": figures[one["metricName"]]} for one in criteria])
    return raised


def tick(world: World) -> None:
    """Every workflow with a clock runs once."""
    with world.open():
        for record in list(world.all(tokens.WORKFLOW, GLOBAL).values()):
            kinds = {one["type"] for one in record["state"]["definition"]["triggers"].values()}
            if "Recurrence" in kinds:
                run(world, record["state"], None)


def _holds(criterion: Mapping[str, Any], figures: Mapping[str, float]) -> bool:
    value = figures.get(criterion["metricName"])
    return value is not None and COMPARISONS[criterion["operator"]](value, criterion["threshold"])


def _call(world: World, alert: Mapping[str, Any], criteria: list[dict[str, Any]]) -> None:
    body = {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {"alertRule": alert["ruleName"], "monitorCondition": "Fired"},
            "alertContext": {"condition": {"windowSize": alert["windowSize"], "allOf": criteria}},
        },
    }
    for action in alert["actions"]:
        called = world.get(tokens.CALLED, GLOBAL, action["actionGroupId"])
        for receiver in (called or {"state": {}})["state"].get("logicAppReceivers") or ():
            workflow = world.get(tokens.WORKFLOW, GLOBAL, receiver["resourceId"])
            if workflow is not None:
                run(world, workflow["state"], body)


def run(world: World, workflow: Mapping[str, Any], body: Mapping[str, Any] | None) -> None:
    """One run of a workflow. Raises `CloudError` for what its identity may not do."""
    if workflow.get("state") == "Disabled":
        return
    done: dict[str, Any] = {}
    sources = {
        "triggerBody": lambda: body,
        "body": lambda name: done[name],
        "outputs": lambda name: done[name],
    }
    _actions(world, workflow, workflow["definition"]["actions"], done, sources)


def _actions(
    world: World, workflow: Mapping[str, Any], actions: Mapping[str, Any], done: dict[str, Any], sources: dict[str, Any]
) -> None:
    waiting = dict(actions)
    while waiting:
        ready = [name for name, one in waiting.items() if not set(one.get("runAfter") or ()) & waiting.keys()]
        if not ready:
            raise CloudError("InvalidTemplate", f"The actions {', '.join(waiting)} wait for each other.")
        for name in ready:
            done[name] = _action(world, workflow, waiting.pop(name), done, sources)


def _action(
    world: World, workflow: Mapping[str, Any], action: Mapping[str, Any], done: dict[str, Any], sources: dict[str, Any]
) -> Any:
    kind = action["type"]
    if kind == "Compose":
        return value_of(action["inputs"], sources)
    if kind == "Http":
        return _http(world, workflow, value_of(action["inputs"], sources))
    if kind == "If":
        if _condition(value_of(action["expression"], sources)):
            _actions(world, workflow, action["actions"], done, sources)
        return None
    raise CloudError("InvalidTemplate", f"The action type {kind!r} is not known here.")


def _condition(expression: Mapping[str, Any]) -> bool:
    (word, inside), *rest = expression.items()
    if rest or word not in ("not", "equals"):
        raise CloudError("InvalidTemplate", f"The condition {json.dumps(expression)} is not known here.")
    return not _condition(inside) if word == "not" else inside[0] == inside[1]


def _http(world: World, workflow: Mapping[str, Any], call: Mapping[str, Any]) -> Any:
    path, _, query = str(call["uri"]).removeprefix(MANAGEMENT).partition("?")
    if not str(call["uri"]).startswith(MANAGEMENT) or "api-version=" not in query:
        raise CloudError("InvalidUri", f"{call['uri']} is not known here.")
    group = path
    record = world.get(tokens.NGROUP, GLOBAL, group)
    if record is None:
        raise CloudError("ResourceNotFound", f"The resource {group} was not found.", 404)
    who = str((workflow.get("identity") or {}).get("principalId"))
    wanted = {"GET": READ, "PATCH": WRITE}[call["method"]]
    if not may(Call(world, Scope("", ""), {}), who, wanted, group):
        text = f"The client '{who}' does not have authorization to perform action '{wanted}' over scope '{group}'."
        raise CloudError("AuthorizationFailed", text, 403)
    if call["method"] == "PATCH":
        count = int(call["body"]["properties"]["elasticProfile"]["desiredCount"])
        state = {**record["state"], "elasticProfile": {**record["state"]["elasticProfile"], "desiredCount": count}}
        platform = record["platform"]
        resize(platform, state, count)
        record = {"state": state, "platform": platform}
        world.put(tokens.NGROUP, GLOBAL, group, record)
    return {"id": group, "properties": {"elasticProfile": record["state"]["elasticProfile"]}}
