"""What ECS asks of a deployment that moves traffic between two versions, and what it does to the load balancer then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Values
from sandbox.clouds.core.world import GLOBAL
from sandbox.rpc.arguments import UNKNOWN, Failure

STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")

STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)
UNPAUSED = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")

CHOICES = {
    "deploymentConfiguration.strategy": STRATEGIES,
    "deploymentConfiguration.lifecycleHooks.lifecycleStages": STAGES,
    "deploymentConfiguration.lifecycleHooks.targetType": ("AWS_LAMBDA", "PAUSE"),
    "deploymentConfiguration.lifecycleHooks.timeoutConfiguration.action": ("ROLLBACK", "CONTINUE"),
}

RANGES = {
    "deploymentConfiguration.bakeTimeInMinutes": (0.0, 1440.0),
    "deploymentConfiguration.canaryConfiguration.canaryPercent": (0.1, 100.0),
    "deploymentConfiguration.canaryConfiguration.canaryBakeTimeInMinutes": (0.0, 1440.0),
    "deploymentConfiguration.linearConfiguration.stepPercent": (3.0, 100.0),
    "deploymentConfiguration.linearConfiguration.stepBakeTimeInMinutes": (0.0, 1440.0),
    "deploymentConfiguration.lifecycleHooks.timeoutConfiguration.timeoutInMinutes": (1.0, 20160.0),
}


def strategy(inputs: Values) -> str:
    """How the service's versions are replaced."""
    return str((inputs.get("deploymentConfiguration") or {}).get("strategy") or "ROLLING")


def check(inputs: Values) -> Iterator[Failure]:
    """What the plug-in finds wrong by itself."""
    configuration = inputs.get("deploymentConfiguration") or {}
    if configuration == UNKNOWN:
        return
    for name, block in (("CANARY", "canaryConfiguration"), ("LINEAR", "linearConfiguration")):
        if strategy(inputs) == name and not configuration.get(block):
            yield Failure(f"deploymentConfiguration.{block}", f'"{block}" is required when strategy is {name}')
    for index, hook in enumerate(configuration.get("lifecycleHooks") or ()):
        place = f"deploymentConfiguration.lifecycleHooks[{index}]"
        kind = hook.get("targetType") or "AWS_LAMBDA"
        if kind == "PAUSE" and set(hook.get("lifecycleStages") or ()) & set(UNPAUSED):
            yield Failure(f"{place}.lifecycleStages", f"PAUSE hooks cannot use {' or '.join(UNPAUSED)}")
        if kind == "AWS_LAMBDA" and not (hook.get("hookTargetArn") and hook.get("roleArn")):
            yield Failure(place, "hookTargetArn and roleArn are required when targetType is AWS_LAMBDA")


def admit(call: Call) -> None:
    """What ECS refuses when the service is made or changed."""
    shifting = strategy(call.inputs) != "ROLLING"
    if shifting and (call.inputs.get("deploymentCircuitBreaker") or {}).get("enable"):
        raise _refuse("Deployment circuit breaker is supported only for the ROLLING deployment strategy.")
    for hook in (call.inputs.get("deploymentConfiguration") or {}).get("lifecycleHooks") or ():
        if hook.get("roleArn"):
            _admit_role(call, hook["roleArn"])
    for name in (call.inputs.get("alarms") or {}).get("alarmNames") or ():
        if call.the(tokens.ALARM, "name", name) is None:
            raise _refuse(f"The CloudWatch alarm {name} does not exist.")
    for balancer in call.inputs.get("loadBalancers") or ():
        advanced = balancer.get("advancedConfiguration")
        if advanced:
            _admit_advanced(call, advanced)
        elif shifting:
            raise _refuse(f"advancedConfiguration is required for the {strategy(call.inputs)} deployment strategy.")


def _admit_advanced(call: Call, advanced: Values) -> None:
    _admit_role(call, advanced["roleArn"])
    for key in ("productionListenerRule", "testListenerRule"):
        if advanced.get(key) and call.the(tokens.LISTENER_RULE, "arn", advanced[key]) is None:
            raise _refuse(f"The listener rule {advanced[key]} does not exist.")


def _admit_role(call: Call, arn: str) -> None:
    if call.the(tokens.ROLE, "arn", arn, region=GLOBAL) is None:
        raise _refuse(f"Unable to assume role {arn}.")


def shift(call: Call) -> None:
    """Move all traffic to the target group that had none: ECS writes the rule, whatever the program declared."""
    before = (call.old or {}).get("taskDefinition")
    if strategy(call.inputs) == "ROLLING" or before in (None, call.inputs.get("taskDefinition")):
        return
    for balancer in call.inputs.get("loadBalancers") or ():
        arn = (balancer.get("advancedConfiguration") or {}).get("productionListenerRule")
        found = call.world.find(tokens.LISTENER_RULE, call.scope.region, "arn", arn)
        if found is not None:
            state = {**found["state"], "actions": [_turned(action) for action in found["state"]["actions"]]}
            call.world.put(tokens.LISTENER_RULE, call.scope.region, state["id"], {**found, "state": state})


def _turned(action: Values) -> dict[str, Any]:
    forward = action.get("forward") or {}
    groups = [{**one, "weight": 100 - (one.get("weight") or 0)} for one in forward.get("targetGroups") or ()]
    return {**action, "forward": {**forward, "targetGroups": groups}}


def _refuse(message: str) -> CloudError:
    return CloudError("InvalidParameterException", message)
