"""The sample service as the cluster tests describe it: quick to roll, with its own namespace and host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REGISTRY = "127.0.0.1:15000"
INGRESS = "http://127.0.0.1:18080"


def service(**changes: Any) -> dict[str, Any]:
    """The service, built from its Dockerfile. ``changes`` replace whole keys."""
    described: dict[str, Any] = {
        "build": {"context": "hello", "args": {"VERSION": "1"}},
        "port": 8080,
        "cpu": 0.05,
        "memory": 64,
        "environment": {"HELLO_DRAIN": "2s", "HELLO_FINISH": "2s"},
        "health": {
            "readiness": {"path": "/healthz/ready", "interval": 2, "timeout": 1},
            "liveness": {"path": "/healthz/live", "interval": 5, "timeout": 1},
            "startup": {"path": "/healthz/ready", "interval": 2, "failures": 12, "timeout": 1},
        },
        "replicas": 2,
        "rollout": {"progressDeadline": 30, "drain": 2, "endpointLag": 2, "stopTimeout": 8},
        "ingress": {"path": "/", "tls": False},
    }
    return {**described, **changes}


def with_environment(**variables: str) -> dict[str, Any]:
    """The service with more variables."""
    described = service()
    described["environment"] |= variables
    return described


INTERVAL = 10
"""Seconds of one analysis: the sandbox's Prometheus asks every two seconds, so ten are enough."""
GATE = {"prometheus": "http://127.0.0.1:19090", "interval": INTERVAL, "minimumRequests": 100, "patience": 1}


def shifting(strategy: str, rollout: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The service with a strategy that moves traffic; steps as short as they may be, but for what ``rollout`` says."""
    described = service(**changes)
    timing = {"bake": 0} if strategy == "blue-green" else {"bake": 0, "step": {"minutes": 0}}
    described["rollout"] = {**described["rollout"], "strategy": strategy, **timing, **(rollout or {})}
    return described


def settings(stack: str, **changes: Any) -> dict[str, Any]:
    """A dev-tier stack on the sandbox with a domain of its own."""
    return {
        "platform": "kubernetes",
        "tier": "dev",
        "registry": {"address": REGISTRY},
        "kubernetes": {"ingressClass": "traefik", "ingressEndpoint": INGRESS, "gateway": "ingress/front"},
        "gate": GATE,
        "domain": f"{stack}.localhost",
        **changes,
    }


def host(stack: str) -> str:
    """The host name under which the sample service answers."""
    return f"hello.{stack}.localhost"
