"""How a count follows load, which Container Instances does not do by itself: alerts on the NGroup's own figures, and a
workflow that writes another count. Pure documents and figures.

An alert says that the figure is off; the workflow works out what would bring it back and stays within the bounds. An
alert speaks once in its period, so the period is the cooldown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.spec.service import Scaling

API_VERSION = "2025-09-01"
MANAGEMENT = "https://management.azure.com"
TRIGGER, BOUNDS = "alert", "bounds"

LOOKS = 5
"""Minutes from one look at the bounds to the next."""

PERIODS = {60: "PT1M", 300: "PT5M", 900: "PT15M", 1800: "PT30M", 3600: "PT1H"}
"""Seconds -> how Azure writes them: both how often an alert looks and over how long ("Metric alerts")."""

METRICS = {"cpu": "CpuPercentage", "memory": "MemoryPercentage"}
"""Averages over all groups of an NGroup ("Supported metrics for Microsoft.ContainerInstance/containerScaleSets", as
NGroups were called before)."""

NAMESPACE = "Microsoft.ContainerInstance/nGroups"

INWARDS = "-in"
"""Ends the names of alerts that ask for fewer instances."""

CALM = 0.5
"""Of the target: below it, one instance less still leaves the others at the target or under it, from two on."""


@dataclass(frozen=True)
class Criterion:
    """One comparison of an alert.

    :param metric: Its name at Azure.
    :param threshold: Percent.
    """

    metric: str
    operator: str
    threshold: float


@dataclass(frozen=True)
class Alert:
    """One alert of a service.

    :param name: What follows after the service's name.
    :param criteria: All must hold.
    :param period: As Azure writes it.
    """

    name: str
    criteria: tuple[Criterion, ...]
    period: str


def period(cooldown: int) -> str:
    """The shortest period that is no shorter than a cooldown."""
    return next((text for seconds, text in PERIODS.items() if seconds >= cooldown), PERIODS[3600])


def targets(scaling: Scaling) -> dict[str, int]:
    """Figure -> percent that it is to be kept at."""
    given = {"cpu": scaling.cpu, "memory": scaling.memory}
    return {key: value for key, value in given.items() if value is not None}


def alerts(scaling: Scaling) -> list[Alert]:
    """Outwards when one figure is above its target, inwards when all are far below theirs."""
    wanted = targets(scaling)
    if not wanted:
        return []
    outwards = [
        Alert(key, (Criterion(METRICS[key], "GreaterThan", target),), period(scaling.scale_out_cooldown))
        for key, target in wanted.items()
    ]
    calm = tuple(Criterion(METRICS[key], "LessThan", CALM * target) for key, target in wanted.items())
    return [*outwards, Alert(INWARDS.removeprefix("-"), calm, period(scaling.scale_in_cooldown))]


def workflow(group: str, scaling: Scaling) -> dict[str, Any]:
    """The workflow's definition: read the count, work out the next one, write it where it differs.

    Outwards ``count * figure / target``, rounded up and one more at the least; inwards one less; always within the
    bounds, which are looked at without an alert too.

    :param group: Id of the NGroup.
    """
    # Both arms of an `if` are worked out, so each part has a value without an alert too.
    condition = "triggerBody()?['data']?['alertContext']?['condition']?['allOf']?[0]"
    figure = f"int(first(split(string(coalesce({condition}?['metricValue'], 0)), '.')))"
    target = f"int(first(split(string(coalesce({condition}?['threshold'], 1)), '.')))"
    count = "int(body('read')?['properties']?['elasticProfile']?['desiredCount'])"
    outwards = f"max(add({count}, 1), div(sub(add(mul({count}, {figure}), {target}), 1), {target}))"
    inwards = f"sub({count}, 1)"
    is_inwards = f"endsWith(coalesce(triggerBody()?['data']?['essentials']?['alertRule'], ''), '{INWARDS}')"
    wanted = f"if(equals(triggerBody(), null), {count}, if({is_inwards}, {inwards}, {outwards}))"
    bounded = f"@min({scaling.maximum}, max({scaling.minimum}, {wanted}))"
    return {
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/"
        "workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "triggers": {
            TRIGGER: {
                "type": "Request",
                "kind": "Http",
                "inputs": {"schema": {}},
                # Two that read the same count would both write the next one.
                "runtimeConfiguration": {"concurrency": {"runs": 1}},
            },
            # No alert speaks of a count outside the bounds, such as one that an update has raised.
            BOUNDS: {
                "type": "Recurrence",
                "recurrence": {"frequency": "Minute", "interval": LOOKS},
                "runtimeConfiguration": {"concurrency": {"runs": 1}},
            },
        },
        "actions": {
            "read": {"type": "Http", "inputs": _call("GET", group), "runAfter": {}},
            "count": {"type": "Compose", "inputs": bounded, "runAfter": {"read": ["Succeeded"]}},
            "change": {
                "type": "If",
                "expression": {"not": {"equals": ["@outputs('count')", f"@{count}"]}},
                "actions": {
                    "write": {
                        "type": "Http",
                        "inputs": {
                            **_call("PATCH", group),
                            "body": {"properties": {"elasticProfile": {"desiredCount": "@outputs('count')"}}},
                        },
                        "runAfter": {},
                    }
                },
                "runAfter": {"count": ["Succeeded"]},
            },
        },
    }


def _call(method: str, group: str) -> dict[str, Any]:
    """A call as the workflow's own identity."""
    return {
        "method": method,
        "uri": f"{MANAGEMENT}{group}?api-version={API_VERSION}",
        "authentication": {"type": "ManagedServiceIdentity", "audience": f"{MANAGEMENT}/"},
    }
