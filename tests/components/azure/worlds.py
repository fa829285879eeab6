"""Environments on Azure for the tests, made by the real loader from plain data, and what they declare."""

from __future__ import annotations

from typing import Any

import pulumi

from components import platform
from components.spec import Environment
from tests.components.recorder import Recording, record
from tests.components.worlds import environment as any_environment
from tests.components.worlds import service as any_service

SUBSCRIPTION, LOCATION = "12345678-1234-9876-4563-123456789012", "westeurope"
REGISTRY = "shopteam.azurecr.io"
GIVEN = f"{REGISTRY}/thing@sha256:" + "a" * 64
SIDECAR = f"{REGISTRY}/helper@sha256:" + "b" * 64
GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
VAULT = f"{GROUPS}/keys/providers/Microsoft.KeyVault/vaults/shop-keys"
HOME = f"{GROUPS}/nets/providers/Microsoft.Network/virtualNetworks/shared"
NETWORK = {key: f"{HOME}/subnets/{key}" for key in ("containers", "front", "gateway")}
EXISTING = f"{GROUPS}/build/providers/Microsoft.ContainerRegistry/registries/shopteam"
MARKER = "marker-5f1c0d"
LOGS: dict[str, Any] = {
    "agent": SIDECAR,
    "forwarder": SIDECAR,
    "elasticsearch": "https://logs.example.com:9243",
    "apiKey": "apiKey",
    "addresses": ["10.7.0.0/24"],
}

FULL: dict[str, Any] = {
    "environment": {"GREETING": "Hello"},
    "cpu": 0.5,
    "memory": 512,
    "secrets": {"API_KEY": {"config": "apiKey"}},
    "ingress": {"path": "/"},
    "health": {
        "readiness": {"path": "/ready"},
        "liveness": {"path": "/live"},
        "command": ["/app", "healthcheck"],
    },
    "scaling": {"minimum": 3, "maximum": 6, "memory": 80},
    "volumes": {"tmp": {"path": "/tmp"}},
    "sidecars": {"helper": {"image": SIDECAR, "port": 9000}},
    "egress": [{"cidr": "10.9.0.0/16", "ports": [5432]}],
    "rollout": {"minReady": 60},
}


def service(**changes: Any) -> dict[str, Any]:
    """A service with ingress, and what a test adds. None takes a key away."""
    base = {"image": GIVEN, "ingress": {"path": "/"}, "scaling": {"minimum": 3, "maximum": 6}}
    return any_service(**{**base, **changes})


def environment(
    services: dict[str, dict[str, Any]] | None = None,
    *,
    azure: dict[str, Any] | None = None,
    stack: str = "staging",
    **settings: Any,
) -> Environment:
    """An environment on Azure with one service `web`, unless others are given. A setting of None takes it away."""
    known = {
        "subscription": SUBSCRIPTION,
        "location": LOCATION,
        "vault": VAULT,
        "certificate": "wildcard",
        **(azure or {}),
    }
    return any_environment(
        services or {"web": service()},
        stack=stack,
        **{
            "platform": "azure-aci",
            "registry": {"address": REGISTRY},
            "azure": {key: value for key, value in known.items() if value is not None},
            **settings,
        },
    )


def declared(world: Environment, *, preview: bool = False) -> Recording:
    """Everything that the environment declares; its secrets all have the marker as their value."""

    def program() -> dict[str, Any]:
        return platform.declare(world, {key: pulumi.Output.secret(MARKER) for key in world.secret_keys})

    return record(program, preview=preview, stack_name=world.stack)


def full(
    stack: str = "staging",
    services: dict[str, dict[str, Any]] | None = None,
    pipeline: dict[str, Any] | None = None,
    logging: dict[str, Any] | None = None,
    **azure: Any,
) -> Environment:
    """A service that uses everything, an internal one, and what a test adds."""
    internal = service(ingress=None, port=9090, health={"readiness": {"path": "/r"}}, scaling=None, replicas=3)
    known = {"web": service(**FULL), "api": internal, **(services or {})}
    parts = {"pipeline": pipeline, "logging": logging}
    more = {key: value for key, value in parts.items() if value}
    return environment(known, secrets=("apiKey",), stack=stack, azure=azure, **more)


def web(*, azure: dict[str, Any] | None = None, stack: str = "staging", **changes: Any) -> Recording:
    """What one service `web` declares, described with some changes."""
    return declared(environment({"web": service(**changes)}, azure=azure, stack=stack))
