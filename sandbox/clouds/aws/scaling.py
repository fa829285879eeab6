"""Application Auto Scaling of ECS services."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name

DIMENSIONS = ("ecs:service:DesiredCount",)
METRICS = ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget")
POLICY = "aws:appautoscaling/policy:Policy"
ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"


def _target(call: Call) -> dict[str, Any]:
    return {
        "id": call.inputs["resourceId"],
        "arn": arn(call.scope, "application-autoscaling", f"scalable-target/{uuid.uuid4().hex}"),
        "roleArn": arn(
            call.scope,
            "iam",
            "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
            region="",
        ),
    }


def _admit_target(call: Call) -> None:
    resource = str(call.inputs["resourceId"])
    if call.inputs["minCapacity"] > call.inputs["maxCapacity"]:
        raise CloudError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    if call.the(tokens.SERVICE, "arn", arn(call.scope, "ecs", resource)) is None:
        raise CloudError("ValidationException", f"ECS service doesn't exist: {resource}")


def _policy(call: Call) -> dict[str, Any]:
    name, resource = call.inputs["name"], call.inputs["resourceId"]
    made = arn(
        call.scope,
        "autoscaling",
        f"scalingPolicy:{uuid.uuid4()}:resource/{call.inputs['serviceNamespace']}/{resource}:policyName/{name}",
    )
    return {"id": name, "arn": made, "alarmArns": []}


def _registered(call: Call) -> None:
    resource = call.inputs["resourceId"]
    if call.the(tokens.SCALABLE_TARGET, "id", resource) is None:
        raise CloudError(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {call.inputs['serviceNamespace']}, resource ID: "
            f"{resource}, scalable dimension: {call.inputs.get('scalableDimension')}",
        )


def _admit_policy(call: Call) -> None:
    _registered(call)
    kinds = {
        "TargetTrackingScaling": "targetTrackingScalingPolicyConfiguration",
        "StepScaling": "stepScalingPolicyConfiguration",
    }
    key = kinds.get(call.inputs["policyType"])
    if key and not call.inputs.get(key):
        raise CloudError("ValidationException", f"{key} is required for policy type {call.inputs['policyType']}")
    tracking = call.inputs.get("targetTrackingScalingPolicyConfiguration") or {}
    metric = tracking.get("predefinedMetricSpecification") or {}
    if metric.get("predefinedMetricType") == "ALBRequestCountPerTarget" and not metric.get("resourceLabel"):
        raise CloudError("ValidationException", "ResourceLabel must be specified for ALBRequestCountPerTarget")


def _action(call: Call) -> dict[str, Any]:
    name = call.inputs["name"]
    resource = f"{call.inputs['serviceNamespace']}/{call.inputs['resourceId']}"
    made = arn(
        call.scope, "autoscaling", f"scheduledAction:{uuid.uuid4()}:resource/{resource}:scheduledActionName/{name}"
    )
    return {"id": f"{name}-{resource.replace('/', '-', 1)}", "arn": made}


def _admit_action(call: Call) -> None:
    _registered(call)
    schedule = str(call.inputs["schedule"])
    if not schedule.startswith(("at(", "rate(", "cron(")):
        raise CloudError("ValidationException", f"Schedule expression {schedule!r} must be at(), rate() or cron()")
    if schedule.startswith("cron(") and len(schedule[5:-1].split()) != 6:
        raise CloudError("ValidationException", f"cron expression {schedule!r} must have six fields")


IMPORTED = "{serviceNamespace}/{resourceId}/{scalableDimension}"
PLACE = frozenset({"resourceId", "scalableDimension", "serviceNamespace"})

KINDS = (
    Kind(
        tokens.SCALABLE_TARGET,
        "Application Auto Scaling",
        "Target",
        _target,
        computed=("arn", "roleArn"),
        replaces=PLACE,
        imported=IMPORTED,
        choices={"serviceNamespace": ("ecs",), "scalableDimension": DIMENSIONS},
        ranges={"minCapacity": (0, 2147483647), "maxCapacity": (0, 2147483647)},
        admit=_admit_target,
    ),
    Kind(
        POLICY,
        "Application Auto Scaling",
        "Scaling Policy",
        _policy,
        computed=("arn", "alarmArns"),
        replaces=PLACE | {"name"},
        name=Name("name", 256),
        # Its id is its name, which another service's policy may have as well.
        keyed="arn",
        imported=f"{IMPORTED}/{{name}}",
        defaults={"policyType": "StepScaling"},
        choices={
            "policyType": ("StepScaling", "TargetTrackingScaling", "PredictiveScaling"),
            "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType": METRICS,
        },
        admit=_admit_policy,
    ),
    Kind(
        ACTION,
        "Application Auto Scaling",
        "Scheduled Action",
        _action,
        computed=("arn",),
        replaces=PLACE | {"name"},
        name=Name("name", 256),
        defaults={"timezone": "UTC"},
        admit=_admit_action,
    ),
)
