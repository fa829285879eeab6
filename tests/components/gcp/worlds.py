"""Environments on GKE for the tests, made by the real loader from plain data, and what they declare."""

from __future__ import annotations

from typing import Any

import pulumi

from components import platform
from components.spec import Environment
from tests.components.recorder import Recording, record
from tests.components.worlds import environment as any_environment
from tests.components.worlds import service as any_service

PROJECT, REGION = "shop-1234", "europe-west3"
REGISTRY = f"{REGION}-docker.pkg.dev/{PROJECT}/team"
GIVEN = f"{REGISTRY}/thing@sha256:" + "a" * 64
SIDECAR = f"{REGISTRY}/helper@sha256:" + "b" * 64
KEY = f"projects/{PROJECT}/locations/{REGION}/keyRings/ring/cryptoKeys/key"
OFFICE = {"office": "203.0.113.0/24"}
NETWORK = {"name": "shared", "subnetwork": "nodes", "pods": "pods-a", "services": "services-a"}
ACCOUNT = f"web@{PROJECT}.iam.gserviceaccount.com"
MARKER = "marker-5f1c0d"

FULL: dict[str, Any] = {
    "environment": {"GREETING": "Hello"},
    "cpu": 0.25,
    "memory": 512,
    "secrets": {"API_KEY": {"config": "apiKey"}, "DB": {"reference": "database/password"}},
    "ingress": {"path": "/"},
    "health": {"readiness": {"path": "/ready"}, "liveness": {"path": "/live"}},
    "scaling": {"minimum": 3, "maximum": 6, "memory": 80},
    "volumes": {"tmp": {"path": "/tmp"}, "data": {"path": "/data", "kind": "persistent", "size": 512}},
    "sidecars": {"helper": {"image": SIDECAR, "port": 9000}},
    "egress": [{"cidr": "10.9.0.0/16", "ports": [5432]}],
    "serviceAccountAnnotations": {"iam.gke.io/gcp-service-account": ACCOUNT},
}


def service(**changes: Any) -> dict[str, Any]:
    """A service with ingress, and what a test adds. None takes a key away."""
    base = {"image": GIVEN, "ingress": {"path": "/"}, "scaling": {"minimum": 3, "maximum": 6}}
    return any_service(**{**base, **changes})


def environment(
    services: dict[str, dict[str, Any]] | None = None,
    *,
    gcp: dict[str, Any] | None = None,
    stack: str = "staging",
    **settings: Any,
) -> Environment:
    """An environment on GKE with one service `web`, unless others are given. A setting of None takes it away."""
    known = {"project": PROJECT, "region": REGION, "authorizedNetworks": OFFICE, **(gcp or {})}
    return any_environment(
        services or {"web": service()},
        stack=stack,
        **{
            "platform": "gke",
            "registry": {"address": REGISTRY},
            "gcp": {key: value for key, value in known.items() if value is not None},
            **settings,
        },
    )


def declared(world: Environment, *, preview: bool = False) -> Recording:
    """Everything that the environment declares; its secrets all have the marker as their value."""

    def program() -> dict[str, Any]:
        return platform.declare(world, {key: pulumi.Output.secret(MARKER) for key in world.secret_keys})

    return record(program, preview=preview, stack_name=world.stack)


def full(stack: str = "staging", services: dict[str, dict[str, Any]] | None = None, **gcp: Any) -> Environment:
    """A service that uses everything, an internal one, and what a test adds."""
    internal = service(ingress=None, port=9090, health={"readiness": {"path": "/r"}})
    storage = {"storageClass": "standard-rwx"}
    known = {"web": service(**FULL), "api": internal, **(services or {})}
    return environment(known, secrets=("apiKey",), stack=stack, gcp=gcp, kubernetes=storage)


def web(*, gcp: dict[str, Any] | None = None, stack: str = "staging", **changes: Any) -> Recording:
    """What one service `web` declares, described with some changes."""
    return declared(environment({"web": service(**changes)}, gcp=gcp, stack=stack))
