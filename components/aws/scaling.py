"""Application Auto Scaling of a service. Pure documents.

Where a service scales, its count is the autoscaler's: an update does not set it.
"""

from __future__ import annotations

from typing import Any

from components.aws import sizes
from components.aws.schedules import aws_cron
from components.spec.service import Scaling, Schedule, Service

DIMENSION = "ecs:service:DesiredCount"
NAMESPACE = "ecs"


def targets(service: Service, scaling: Scaling) -> dict[str, dict[str, Any]]:
    """Kind -> metric and value to hold, for each target that is set.

    CPU and memory are percent of what the service declares; AWS measures percent of the size that was bought, which
    is larger: sizes come in steps, and sidecars and the proxy have their share.
    """
    size = sizes.cheapest(*sizes.total(service))
    found: dict[str, dict[str, Any]] = {}
    if scaling.cpu is not None:
        value = _of_size(scaling.cpu, sizes.units(service.cpu), size.cpu)
        found["cpu"] = _target("ECSServiceAverageCPUUtilization", value)
    if scaling.memory is not None:
        value = _of_size(scaling.memory, service.memory, size.memory)
        found["memory"] = _target("ECSServiceAverageMemoryUtilization", value)
    if scaling.requests is not None:
        found["requests"] = _target("ALBRequestCountPerTarget", float(scaling.requests))
    return found


def tracking(scaling: Scaling, target: dict[str, Any], resource_label: Any) -> dict[str, Any]:
    """The configuration of one policy.

    :param resource_label: Balancer and target group, as metrics know them; for requests only.
    """
    metric = dict(target["predefined_metric_specification"])
    if resource_label is not None:
        metric["resource_label"] = resource_label
    return {
        **target,
        "predefined_metric_specification": metric,
        "scale_out_cooldown": scaling.scale_out_cooldown,
        "scale_in_cooldown": scaling.scale_in_cooldown,
    }


def scheduled(schedule: Schedule) -> dict[str, Any]:
    """Other bounds from a time of day on."""
    return {
        "schedule": aws_cron(schedule.cron),
        "timezone": "UTC",
        "scalable_target_action": {"min_capacity": schedule.minimum, "max_capacity": schedule.maximum},
    }


def _of_size(percent: int, declared: int, bought: int) -> float:
    """Percent of the bought size that is `percent` of what was declared; never below 1, which AWS refuses."""
    return max(1.0, round(percent * declared / bought, 1))


def _target(metric: str, value: float) -> dict[str, Any]:
    return {"predefined_metric_specification": {"predefined_metric_type": metric}, "target_value": value}
