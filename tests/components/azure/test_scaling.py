"""Scaling: alerts on the group's own figures, and the one thing that a scaler may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.azure.scaling import alerts, period
from components.spec.service import Scaling
from tests.components.azure.worlds import declared, full, web

ALERT = "azure-native:monitor:MetricAlert"


def scaling(**changes: Any) -> Scaling:
    return Scaling.model_validate_json(json.dumps({"minimum": 2, "maximum": 8, **changes}))


@pytest.mark.parametrize(
    ("cooldown", "text"), [(0, "PT1M"), (60, "PT1M"), (61, "PT5M"), (300, "PT5M"), (1000, "PT30M"), (3600, "PT1H")]
)
def test_a_cooldown_becomes_a_period_that_azure_has(cooldown: int, text: str) -> None:
    assert period(cooldown) == text


def test_one_figure_is_enough_to_grow_and_all_are_needed_to_shrink() -> None:
    found = {one.name: one for one in alerts(scaling(cpu=60, memory=80, scaleInCooldown=600))}
    assert found.keys() == {"cpu", "memory", "in"}
    assert [(one.metric, one.operator, one.threshold) for one in found["cpu"].criteria] == [
        ("CpuPercentage", "GreaterThan", 60)
    ]
    assert [(one.metric, one.threshold) for one in found["in"].criteria] == [
        ("CpuPercentage", 30),
        ("MemoryPercentage", 40),
    ]
    assert found["in"].period == "PT15M"


def test_without_a_target_there_is_no_alert() -> None:
    assert alerts(scaling(cpu=None)) == []


def test_alerts_are_written_as_azure_reads_them() -> None:
    inputs = web().one(ALERT, "web-cpu-alert").inputs
    assert inputs["scopes"] == ["web-group-id"]
    assert inputs["autoMitigate"] is False, "it speaks again as long as the figure is off"
    criteria = inputs["criteria"]
    assert criteria["odataType"] == "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    (one,) = criteria["allOf"]
    assert (one["metricName"], one["operator"], one["threshold"]) == ("CpuPercentage", "GreaterThan", 70)
    assert inputs["actions"] == [{"actionGroupId": "web-scaler-call-id"}]


def test_a_scaler_may_change_the_count_of_its_own_group_only() -> None:
    recording = declared(full())
    role = recording.one("azure-native:authorization:RoleDefinition").inputs
    (permission,) = role["permissions"]
    assert permission["actions"] == [
        "Microsoft.ContainerInstance/nGroups/read",
        "Microsoft.ContainerInstance/nGroups/write",
    ]
    given = recording.one("azure-native:authorization:RoleAssignment", "web-scaler-role").inputs
    assert (given["scope"], given["principalId"]) == ("web-group-id", "web-scaler-principal")
    assert given["roleDefinitionId"] == "cluster-scaler-id"
    definition = recording.one("azure-native:logic:Workflow", "web-scaler").inputs["definition"]
    calls = json.dumps(definition["actions"])
    assert calls.count("/nGroups/caas-staging-web?api-version=") == 2


def test_where_the_scaler_is_called_is_secret() -> None:
    group = declared(full()).one("azure-native:monitor:ActionGroup", "web-scaler-call")
    assert "logicAppReceivers[0].callbackUrl" in group.secret_paths
