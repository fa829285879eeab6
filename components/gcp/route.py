"""How the front reaches a service: host and path, the health that counts, and how long connections may end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.base import Component, Transform
from components.gcp.front import GATEWAY_API, GKE_API, HTTPS, NAME, OBSERVED
from components.kubernetes.cluster import Cluster
from components.kubernetes.metadata import Scope, field_manager
from components.kubernetes.network import SERVICE_PORT, host_of
from components.spec import defaults
from components.spec.environment import Environment
from components.spec.service import Service
from components.tags import labels


def health_check(service: Service) -> dict[str, Any]:
    """The readiness probe, as the load balancer asks it; it goes on asking while the kubelet does."""
    probe = defaults.probe(service, "readiness")
    return {
        "checkIntervalSec": probe.interval,
        "timeoutSec": probe.timeout,
        "unhealthyThreshold": probe.failures,
        "config": {
            "type": "HTTP",
            "httpHealthCheck": {"portSpecification": "USE_SERVING_PORT", "requestPath": probe.path},
        },
    }


@dataclass(frozen=True, kw_only=True)
class RouteArgs:
    """What a route is made of.

    :param spec: A service with ingress.
    :param environment: Where it runs.
    :param cluster: Its namespace and provider.
    :param transforms: See :class:`components.base.Component`.
    """

    spec: Service
    environment: Environment
    cluster: Cluster
    transforms: Sequence[Transform] = ()


class Route(Component):
    """One service behind the front."""

    def __init__(self, name: str, args: RouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:Route", name, opts, args.transforms)
        spec = args.spec
        path = spec.ingress.path if spec.ingress is not None else "/"
        self._scope = Scope(field_manager(args.environment), args.cluster.namespace, labels(args.environment, spec))
        self._inside = self.child(provider=args.cluster.provider)
        target = {"group": "", "kind": "Service", "name": spec.name}
        draining = {"drainingTimeoutSec": spec.rollout.drain}
        logging = {"enabled": True, "sampleRate": 1_000_000}
        backend = {"name": spec.name, "port": SERVICE_PORT}
        rule = {"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": [backend]}
        self._object(
            f"{name}-route",
            GATEWAY_API,
            "HTTPRoute",
            spec.name,
            {
                "parentRefs": [{"name": NAME, "sectionName": HTTPS}],
                "hostnames": [host_of(spec, args.environment)],
                "rules": [rule],
            },
        )
        self._object(
            f"{name}-health",
            GKE_API,
            "HealthCheckPolicy",
            spec.name,
            {"default": health_check(spec), "targetRef": target},
        )
        self._object(
            f"{name}-backend",
            GKE_API,
            "GCPBackendPolicy",
            spec.name,
            {"default": {"connectionDraining": draining, "logging": logging}, "targetRef": target},
        )
        self.finish({})

    def _object(self, name: str, api: str, kind: str, own: str, spec: dict[str, Any]) -> None:
        metadata = self._scope.metadata(own, annotations=OBSERVED)
        CustomResource(name, api_version=api, kind=kind, metadata=metadata, spec=spec, opts=self._inside)
