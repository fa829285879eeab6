"""How instances are replaced and how many may be missing. Pure documents and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.kubernetes.metadata import TIMEOUT
from components.spec.service import Rollout, Service

if TYPE_CHECKING:
    from pulumi_kubernetes.apps.v1 import DeploymentSpecArgsDict
    from pulumi_kubernetes.apps.v1.outputs import DeploymentSpec
    from pulumi_kubernetes.core.v1 import PodTemplateSpecArgsDict
    from pulumi_kubernetes.policy.v1 import PodDisruptionBudgetSpecArgsDict

REVISIONS_KEPT = 5
"""Old ReplicaSets that stay for a rollback."""


def deployment_spec(
    service: Service, selector: Mapping[str, str], template: PodTemplateSpecArgsDict
) -> DeploymentSpecArgsDict:
    """The specification of a service's Deployment. Where load decides the count, none is declared: an update
    would reset what load has chosen."""
    rollout = service.rollout
    spec: DeploymentSpecArgsDict = {
        "selector": {"match_labels": selector},
        "template": template,
        "min_ready_seconds": rollout.min_ready,
        "progress_deadline_seconds": rollout.progress_deadline,
        "revision_history_limit": REVISIONS_KEPT,
        "strategy": {
            "type": "RollingUpdate",
            "rolling_update": {
                "max_surge": f"{rollout.max_surge}%",
                "max_unavailable": f"{rollout.max_unavailable}%",
            },
        },
    }
    if service.scaling is None:
        spec["replicas"], _ = bounds(service)
    return spec


def running_image(spec: DeploymentSpec) -> str:
    """The image of a Deployment's first container, which is the service's own."""
    pod = spec.template.spec
    return str(pod.containers[0].image) if pod is not None else ""


def wait_limit(rollout: Rollout) -> int:
    """Seconds that an apply waits for a rollout: a little longer than Kubernetes' own deadline, whose reason is
    then shown instead of a bare timeout."""
    return rollout.progress_deadline + 10


def wait_annotations(rollout: Rollout) -> dict[str, str]:
    """Tells the provider how long to wait."""
    return {TIMEOUT: str(wait_limit(rollout))}


def bounds(service: Service) -> tuple[int, int]:
    """(minimum, maximum) instances, whoever decides the count."""
    if service.scaling is not None:
        return service.scaling.minimum, service.scaling.maximum
    count = service.replicas if service.replicas is not None else 1
    return count, count


def disruption_spec(service: Service, selector: Mapping[str, str]) -> PodDisruptionBudgetSpecArgsDict | None:
    """What a node's drain may take away: one instance at a time.

    None below two instances: a budget would either forbid the drain for ever or promise nothing.
    ``AlwaysAllow`` lets broken instances go, which otherwise block a drain without serving anybody.
    """
    minimum, _ = bounds(service)
    if minimum < 2:
        return None
    return {
        "max_unavailable": 1,
        "selector": {"match_labels": selector},
        "unhealthy_pod_eviction_policy": "AlwaysAllow",
    }
