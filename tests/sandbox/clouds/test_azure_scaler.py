"""The scaler as it is declared, run as Azure runs it: what it makes of figures, its bounds, and what it may not do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.azure.scaling import alerts, workflow
from components.spec.service import Scaling
from sandbox.clouds.azure import scaler, tokens
from sandbox.clouds.azure.expressions import ExpressionError, value_of
from sandbox.clouds.azure.scaler import measure, tick
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.world import GLOBAL
from tests.sandbox.clouds.test_azure import SUBSCRIPTION, Desk, G

BOUNDS = {"minimum": 2, "maximum": 8, "cpu": 70, "memory": 80}
SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"


class Scaled:
    """An NGroup with the scaler that the components declare for it."""

    def __init__(self, directory: Path, count: int, *, scope: str | None = None) -> None:
        desk = Desk(directory)
        self.world = desk.cloud.world
        subnet = desk.network()
        self.group = str(desk.ngroup(subnet, desk.profile(), elasticProfile={"desiredCount": float(count)})["id"])
        described = Scaling.model_validate_json(json.dumps(BOUNDS))
        made = desk.create(
            tokens.WORKFLOW,
            **G,
            workflowName="scaler",
            definition=workflow(self.group, described),
            identity={"type": "SystemAssigned"},
        )
        self._right(desk, made["identity"]["principalId"], scope or self.group)
        receiver = {"name": "scaler", "resourceId": made["id"], "callbackUrl": "https://x"}
        called = desk.create(tokens.CALLED, **G, groupShortName="scaler", enabled=True, logicAppReceivers=[receiver])
        for alert in alerts(described):
            listed = [
                {
                    "criterionType": "StaticThresholdCriterion",
                    "name": one.metric,
                    "metricName": one.metric,
                    "operator": one.operator,
                    "threshold": one.threshold,
                    "timeAggregation": "Average",
                }
                for one in alert.criteria
            ]
            desk.create(
                tokens.ALERT,
                **G,
                ruleName=f"web-{alert.name}",
                scopes=[self.group],
                severity=3.0,
                enabled=True,
                evaluationFrequency=alert.period,
                windowSize=alert.period,
                criteria={"odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": listed},
                actions=[{"actionGroupId": called["id"]}],
            )

    @staticmethod
    def _right(desk: Desk, who: str, scope: str) -> None:
        allowed = [{"actions": [scaler.READ, scaler.WRITE]}]
        own = "00000000-0000-0000-0000-000000000001"
        role = desk.create(
            tokens.ROLE,
            roleDefinitionId=own,
            roleName="scaler",
            scope=SCOPE,
            permissions=allowed,
            roleType="CustomRole",
        )
        given = {"roleAssignmentName": own, "roleDefinitionId": role["id"], "scope": scope, "principalId": who}
        desk.create(tokens.ASSIGNMENT, **given)

    @property
    def count(self) -> int:
        """How many groups there are."""
        with self.world.open() as world:
            record = world.get(tokens.NGROUP, GLOBAL, self.group)
        assert record is not None
        assert len(record["platform"]["groups"]) == record["state"]["elasticProfile"]["desiredCount"]
        return len(record["platform"]["groups"])


@pytest.mark.parametrize(
    ("before", "cpu", "memory", "raised", "after"),
    [
        (3, 90, 50, ["web-cpu"], 4),
        (3, 72, 50, ["web-cpu"], 4),
        (3, 140, 50, ["web-cpu"], 6),
        (3, 50, 95, ["web-memory"], 4),
        (7, 100, 50, ["web-cpu"], 8),
        (8, 100, 50, ["web-cpu"], 8),
        (3, 60, 60, [], 3),
        (4, 20, 20, ["web-in"], 3),
        (4, 20, 60, [], 4),
        (2, 1, 1, ["web-in"], 2),
    ],
)
def test_a_count_follows_its_figures_within_the_bounds(
    tmp_path: Path, before: int, cpu: float, memory: float, raised: list[str], after: int
) -> None:
    scaled = Scaled(tmp_path, before)
    assert measure(scaled.world, scaled.group, {"CpuPercentage": cpu, "MemoryPercentage": memory}) == raised
    assert scaled.count == after


def test_load_that_stays_is_answered_until_the_figure_is_met(tmp_path: Path) -> None:
    scaled, load = Scaled(tmp_path, 2), 400.0
    seen = []
    for _ in range(8):
        seen.append(scaled.count)
        measure(scaled.world, scaled.group, {"CpuPercentage": load / scaled.count, "MemoryPercentage": 50})
    assert seen == [2, 6, 6, 6, 6, 6, 6, 6], "six instances at 67 percent are what 70 asks for"
    for _ in range(8):
        measure(scaled.world, scaled.group, {"CpuPercentage": 60 / scaled.count, "MemoryPercentage": 10})
        seen.append(scaled.count)
    assert seen[-1] == 2
    assert sorted(seen[8:], reverse=True) == seen[8:], "it goes back by one at a time and stays"


@pytest.mark.parametrize(("before", "after"), [(1, 2), (5, 5), (12, 8)])
def test_the_bounds_are_looked_at_without_an_alert(tmp_path: Path, before: int, after: int) -> None:
    scaled = Scaled(tmp_path, before)
    tick(scaled.world)
    assert scaled.count == after


def test_a_right_at_another_group_is_none_here(tmp_path: Path) -> None:
    scaled = Scaled(tmp_path, 3, scope=f"{SCOPE}/providers/Microsoft.ContainerInstance/nGroups/other")
    with pytest.raises(CloudError, match="AuthorizationFailed"):
        tick(scaled.world)
    assert scaled.count == 3


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("@add(1, mul(2, 3))", 7),
        ("@body('read')?['a']?['b']", 5),
        ("@body('read')?['no']?['b']", None),
        ("@if(endsWith('web-in', '-in'), 1, 2)", 1),
        ("@int(first(split(string('83.9'), '.')))", 83),
        ("no expression", "no expression"),
    ],
)
def test_expressions_are_worked_out(expression: str, value: Any) -> None:
    assert value_of(expression, {"body": lambda _: {"a": {"b": 5}}}) == value


@pytest.mark.parametrize(
    "expression", ["@unknown(1)", "@add(1, 2", "@div(1, 0)", "@body('read')['no']", "@int('')", "@add(1, 2) 3"]
)
def test_what_cannot_be_worked_out_is_an_error(expression: str) -> None:
    with pytest.raises(ExpressionError):
        value_of(expression, {"body": lambda _: {}})
