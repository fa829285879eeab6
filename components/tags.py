"""Labels and tags that say whose a resource is. Pure; every platform puts the same ones on what it declares."""

from __future__ import annotations

from components.naming import name
from components.spec.environment import Environment
from components.spec.service import Service

MANAGED_BY = "pulumi"


def labels(environment: Environment, service: Service | None = None) -> dict[str, str]:
    """Kubernetes labels of a resource of the environment, or of one of its services.

    They describe. For selection use `selector`, which never changes: these do, with the owner for one.
    """
    result = {
        "app.kubernetes.io/part-of": environment.project,
        "app.kubernetes.io/managed-by": MANAGED_BY,
        "caas.environment": name(environment.stack),
        "caas.tier": environment.tier,
    }
    if environment.owner is not None:
        result["caas.owner"] = environment.owner
    if environment.cost_centre is not None:
        result["caas.cost-centre"] = environment.cost_centre
    if service is not None:
        # The service's own labels go first: they must not replace what selects it.
        result = {**service.labels, **result, **selector(environment, service)}
    return result


def selector(environment: Environment, service: Service) -> dict[str, str]:
    """The labels by which a service's instances are found. A change of these replaces every workload."""
    return {
        "app.kubernetes.io/name": service.name,
        "app.kubernetes.io/instance": name(environment.project, environment.stack, service.name),
    }
