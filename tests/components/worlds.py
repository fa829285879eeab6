"""Environments for the tests, made by the real loader from plain data."""

from __future__ import annotations

from typing import Any

from components.spec import Environment, Source, load_environment

GIVEN = "registry.example.com/team/thing@sha256:" + "a" * 64
SIDECAR = "registry.example.com/team/helper@sha256:" + "b" * 64


def service(**changes: Any) -> dict[str, Any]:
    """A service's description with the fewest keys, and what a test adds. None takes a key away."""
    body = {
        "image": GIVEN,
        "port": 8080,
        "health": {"readiness": {"path": "/ready"}},
        "scaling": {"minimum": 2, "maximum": 4},
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def environment(
    services: dict[str, dict[str, Any]] | None = None,
    *,
    secrets: tuple[str, ...] = (),
    stack: str = "staging",
    **settings: Any,
) -> Environment:
    """An environment with one service `web`, unless others are given."""
    config: dict[str, Any] = {
        "registry": {"address": "registry.example.com/team"},
        "domain": "example.com",
        "owner": "owners",
        "costCentre": "4711",
        "services": services or {"web": service()},
        "secrets": list(secrets),
        **settings,
    }
    source = Source("Pulumi.yaml", f"Pulumi.{stack}.yaml")
    return load_environment(config, project="caas", stack=stack, source=source)
