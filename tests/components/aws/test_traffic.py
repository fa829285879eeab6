"""How traffic reaches a service and moves from one version to the next, and what takes a bad version back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.aws import rollout
from components.spec.service import Rollout
from tests.components.aws.worlds import ACCOUNT, REGION, web
from tests.components.recorder import Declared, Recording

SERVICE = "aws:ecs/service:Service"
TARGETS = "aws:lb/targetGroup:TargetGroup"
RULE = "aws:lb/listenerRule:ListenerRule"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:smoke"

HOOKS = [
    {"stage": "after-scale-up", "function": FUNCTION},
    {"stage": "after-test-traffic", "pause": 90},
]


def shifting(strategy: str, **more: Any) -> Recording:
    """One service whose traffic moves."""
    return web(rollout={"strategy": strategy, **more})


def service(recording: Recording) -> Declared:
    return recording.one(SERVICE, "web-service")


def allowed(recording: Recording, name: str) -> dict[str, list[str]]:
    """Action -> resources of a role's policy."""
    document = json.loads(recording.one(ROLE_POLICY, name).inputs["policy"])
    return {action: one["Resource"] for one in document["Statement"] for action in one["Action"]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"strategy": "rolling"}, {"strategy": "ROLLING"}),
        ({"strategy": "blue-green"}, {"strategy": "BLUE_GREEN", "bake_time_in_minutes": "10"}),
        (
            {"strategy": "canary", "bake": 30},
            {
                "strategy": "CANARY",
                "bake_time_in_minutes": "30",
                "canary_configuration": {"canary_percent": 10, "canary_bake_time_in_minutes": "5"},
            },
        ),
        (
            {"strategy": "linear", "bake": 0, "step": {"percent": 25, "minutes": 2}},
            {
                "strategy": "LINEAR",
                "bake_time_in_minutes": "0",
                "linear_configuration": {"step_percent": 25, "step_bake_time_in_minutes": "2"},
            },
        ),
    ],
)
def test_each_strategy_is_ecs_s_own(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert rollout.deployment(Rollout(**given))["deployment_configuration"] == expected


def test_the_circuit_breaker_is_of_rolling_updates_only() -> None:
    assert "deployment_circuit_breaker" in rollout.deployment(Rollout(strategy="rolling"))
    for strategy in ("blue-green", "canary", "linear"):
        assert "deployment_circuit_breaker" not in rollout.deployment(Rollout.model_validate({"strategy": strategy}))


@pytest.mark.parametrize("strategy", ["rolling", "blue-green", "canary", "linear"])
def test_alarms_take_a_bad_version_back(strategy: str) -> None:
    recording = shifting(strategy)
    watched = service(recording).inputs["alarms"]
    names = ["caas-staging-web-errors", "caas-staging-web-latency"]
    assert watched == {"alarmNames": names, "enable": True, "rollback": True}
    for alarm in recording.of(ALARM):
        inputs = alarm.inputs
        assert (inputs["evaluationPeriods"], inputs["datapointsToAlarm"]) == (3, 2)
        assert inputs["treatMissingData"] == "notBreaching"
        looked_at = [one["metric"]["dimensions"]["TargetGroup"] for one in inputs["metricQueries"] if "metric" in one]
        assert len(set(looked_at)) == len(recording.of(TARGETS)), "of each version"
        (answer,) = (one for one in inputs["metricQueries"] if one.get("returnData"))
        assert "IF(all0 >= 100" in answer["expression"], "ten requests decide nothing"


def test_a_rolling_service_has_one_way_in() -> None:
    recording = shifting("rolling")
    (target,) = recording.of(TARGETS)
    (attachment,) = service(recording).inputs["loadBalancers"]
    assert "advancedConfiguration" not in attachment
    assert recording.one(RULE).inputs["actions"] == [{"type": "forward", "targetGroupArn": f"arn:aws:{target.name}"}]


def test_a_shifting_service_has_one_for_each_version() -> None:
    recording = shifting("canary")
    assert [one.name for one in recording.of(TARGETS)] == ["web-target-group", "web-alternate"]
    assert len({one.inputs["name"] for one in recording.of(TARGETS)}) == 2
    (attachment,) = service(recording).inputs["loadBalancers"]
    assert attachment["targetGroupArn"] == "arn:aws:web-target-group"
    assert attachment["advancedConfiguration"] == {
        "alternateTargetGroupArn": "arn:aws:web-alternate",
        "productionListenerRule": "arn:aws:web-shifting-rule",
        "roleArn": "arn:aws:web-shift-role",
    }
    (action,) = recording.one(RULE).inputs["actions"]
    assert [(one["arn"], one["weight"]) for one in action["forward"]["targetGroups"]] == [
        ("arn:aws:web-target-group", 100),
        ("arn:aws:web-alternate", 0),
    ]


def test_the_rule_of_another_strategy_is_another_beside_it() -> None:
    before, after = shifting("rolling").one(RULE), shifting("canary").one(RULE)
    assert before.name != after.name, "made before the old one goes"
    assert after.inputs["priority"] == before.inputs["priority"] + 1, "two rules cannot share a priority"


def test_a_new_port_is_no_new_target_group() -> None:
    assert (
        shifting("canary").one(TARGETS, "web-target-group").inputs
        == web(port=9000, rollout={"strategy": "canary"}).one(TARGETS, "web-target-group").inputs
    )


def test_ecs_moves_this_service_s_traffic_and_no_other() -> None:
    actions = allowed(shifting("linear"), "web-shift-policy")
    assert actions.pop("elasticloadbalancing:ModifyRule") == ["arn:aws:web-shifting-rule"]
    groups = ["arn:aws:web-target-group", "arn:aws:web-alternate"]
    for action in ("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"):
        assert actions.pop(action) == groups
    assert all(":Describe" in action for action in actions), "the rest only looks"


def test_hooks_are_asked_by_a_role_that_may_ask_them_only() -> None:
    recording = shifting("blue-green", hooks=HOOKS)
    asked, waited = service(recording).inputs["deploymentConfiguration"]["lifecycleHooks"]
    assert asked == {
        "lifecycleStages": ["POST_SCALE_UP"],
        "targetType": "AWS_LAMBDA",
        "hookTargetArn": FUNCTION,
        "roleArn": "arn:aws:web-hook-role",
    }
    assert waited == {
        "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
        "targetType": "PAUSE",
        "timeoutConfiguration": {"timeoutInMinutes": "90", "action": "ROLLBACK"},
    }
    assert allowed(recording, "web-hook-policy") == {"lambda:InvokeFunction": [FUNCTION]}


def test_the_service_waits_for_the_policies_of_its_deployments() -> None:
    needed = {urn.rpartition("::")[2] for urn in service(shifting("canary", hooks=HOOKS)).depends_on}
    assert needed >= {"web-shift-policy", "web-hook-policy", "web-shifting-rule"}


def test_an_apply_waits_for_the_bake_the_steps_and_the_pauses() -> None:
    plain = rollout.wait_limit(Rollout(strategy="rolling"))
    blue = rollout.wait_limit(Rollout(strategy="blue-green", bake=30))
    assert blue == plain + 30 * 60
    linear = Rollout.model_validate({"strategy": "linear", "bake": 0, "step": {"percent": 30, "minutes": 5}})
    assert rollout.wait_limit(linear) == plain + 4 * 5 * 60
    paused = Rollout.model_validate({"strategy": "blue-green", "bake": 0, "hooks": (HOOKS[1],)})
    assert rollout.wait_limit(paused) == plain + 90 * 60
