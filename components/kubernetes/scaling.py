"""The autoscaler of a service. Pure documents.

Where a service scales, its Deployment declares no count: this autoscaler owns it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.spec.service import Scaling, Service

if TYPE_CHECKING:
    from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscalerSpecArgsDict, MetricSpecArgsDict

BURST = 4
"""Instances that one step outwards may add at the least, where doubling would add fewer."""


def autoscaler_spec(service: Service, scaling: Scaling) -> HorizontalPodAutoscalerSpecArgsDict:
    """An autoscaling/v2 specification.

    Outwards: at most doubling (or four instances) per cooldown, at once when load comes. Inwards: at most
    halving per minute, and only below what the whole cooldown asked for.
    """
    return {
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": service.name},
        "min_replicas": scaling.minimum,
        "max_replicas": scaling.maximum,
        "metrics": [
            _utilization(service.name, resource, target)
            for resource, target in (("cpu", scaling.cpu), ("memory", scaling.memory))
            if target is not None
        ],
        "behavior": {
            "scale_up": {
                "stabilization_window_seconds": 0,
                "select_policy": "Max",
                "policies": [
                    {"type": "Percent", "value": 100, "period_seconds": max(1, scaling.scale_out_cooldown)},
                    {"type": "Pods", "value": BURST, "period_seconds": max(1, scaling.scale_out_cooldown)},
                ],
            },
            "scale_down": {
                "stabilization_window_seconds": scaling.scale_in_cooldown,
                "select_policy": "Max",
                "policies": [{"type": "Percent", "value": 50, "period_seconds": 60}],
            },
        },
    }


def _utilization(container: str, resource: str, target: int) -> MetricSpecArgsDict:
    """Percent of what the service's own container requests: an idle sidecar does not dilute it."""
    return {
        "type": "ContainerResource",
        "container_resource": {
            "container": container,
            "name": resource,
            "target": {"type": "Utilization", "average_utilization": target},
        },
    }
