"""How a Gateway divides a service's traffic between two versions. Pure documents.

Declared is the rest: everything to the version that serves. While a new version is tried, ``caas up`` writes other
weights into the same object, and this again at the end; so an apply by hand never moves traffic.
"""

from __future__ import annotations

from typing import Any

from components.kubernetes.network import SERVICE_PORT, host_of
from components.spec.checks_kubernetes import PREVIEW
from components.spec.environment import Environment
from components.spec.service import Service

GATEWAY_API = "gateway.networking.k8s.io/v1"


def shifts(service: Service) -> bool:
    """Whether traffic moves between two versions of the service."""
    return service.rollout.strategy != "rolling"


def preview_host(service: Service, environment: Environment) -> str:
    """The host name under which the new version is tried."""
    return PREVIEW + host_of(service, environment)


def route_spec(service: Service, environment: Environment, *, host: str, backend: str) -> dict[str, Any]:
    """An HTTPRoute that leads everything for a host to one Service.

    :param backend: Name of the Service.
    """
    namespace, _, gateway = (environment.kubernetes.gateway or "").partition("/")
    path = service.ingress.path if service.ingress is not None else "/"
    return {
        "parentRefs": [{"name": gateway, "namespace": namespace}],
        "hostnames": [host],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": path}}],
                "backendRefs": [{"name": backend, "port": SERVICE_PORT, "weight": 1}],
            }
        ],
    }
