"""Environments on AWS for the tests, made by the real loader from plain data, and what they declare."""

from __future__ import annotations

import json
from typing import Any, cast

import pulumi

from components import platform
from components.spec import Environment
from tests.components.recorder import Declared, Recording, record
from tests.components.worlds import environment as any_environment
from tests.components.worlds import service as any_service

ACCOUNT, REGION = "123456789012", "eu-central-1"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team"
GIVEN = f"{REGISTRY}/thing@sha256:" + "a" * 64
SIDECAR = f"{REGISTRY}/helper@sha256:" + "b" * 64
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
OTHER_CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/99999999-2222-3333-4444-555555555555"
EXISTING_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/db-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/flag"
MARKER = "marker-5f1c0d"

EXISTING_VPC = {
    "id": "vpc-0123456789abcdef0",
    "privateSubnets": ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2"],
    "publicSubnets": ["subnet-0bbbbbbbbbbbbbbb1", "subnet-0bbbbbbbbbbbbbbb2"],
}

FULL: dict[str, Any] = {
    "environment": {"GREETING": "Hello"},
    "secrets": {
        "API_KEY": {"config": "apiKey"},
        "DB": {"reference": f"{EXISTING_SECRET}:password::"},
        "FLAG": {"reference": PARAMETER},
    },
    "ingress": {"path": "/"},
    "health": {
        "readiness": {"path": "/ready"},
        "liveness": {"path": "/live"},
        "command": ["/app", "healthcheck"],
    },
    "scaling": {
        "minimum": 3,
        "maximum": 6,
        "memory": 80,
        "requests": 600,
        "schedules": [{"cron": "0 6 * * 1-5", "minimum": 4, "maximum": 8}],
    },
    "volumes": {"tmp": {"path": "/tmp"}, "data": {"path": "/data", "kind": "persistent", "size": 512}},
    "sidecars": {"helper": {"image": SIDECAR, "port": 9000}},
    "egress": [{"cidr": "10.9.0.0/16", "ports": [5432]}],
}


def service(**changes: Any) -> dict[str, Any]:
    """A service with the fewest keys that AWS takes, and what a test adds. None takes a key away."""
    base = {"image": GIVEN, "ingress": {"path": "/"}, "scaling": {"minimum": 3, "maximum": 6}}
    return any_service(**{**base, **changes})


def environment(
    services: dict[str, dict[str, Any]] | None = None,
    *,
    aws: dict[str, Any] | None = None,
    stack: str = "staging",
    **settings: Any,
) -> Environment:
    """An environment on AWS with one service `web`, unless others are given. A setting of None takes it away."""
    known = {"region": REGION, "certificate": CERTIFICATE, **(aws or {})}
    return any_environment(
        services or {"web": service()},
        stack=stack,
        **{
            "platform": "aws-ecs",
            "registry": {"address": REGISTRY},
            "aws": {key: value for key, value in known.items() if value is not None},
            **settings,
        },
    )


def declared(world: Environment, *, preview: bool = False) -> Recording:
    """Everything that the environment declares; its secrets all have the marker as their value."""

    def program() -> dict[str, Any]:
        return platform.declare(world, {key: pulumi.Output.secret(MARKER) for key in world.secret_keys})

    return record(program, preview=preview, stack_name=world.stack)


def full(stack: str = "staging", **aws: Any) -> Environment:
    """Two services: one that uses everything, and an internal one."""
    internal = service(ingress=None, port=9090, health={"readiness": {"path": "/r"}, "command": ["/api", "ok"]})
    return environment({"web": service(**FULL), "api": internal}, secrets=("apiKey",), stack=stack, aws=aws)


def web(*, aws: dict[str, Any] | None = None, stack: str = "staging", **changes: Any) -> Recording:
    """What one service `web` declares, described with some changes."""
    return declared(environment({"web": service(**changes)}, aws=aws, stack=stack))


def policy(resource: Declared, key: str = "policy") -> list[dict[str, Any]]:
    """The statements of a policy document."""
    return cast(list[dict[str, Any]], json.loads(resource.inputs[key])["Statement"])


def containers(recording: Recording, name: str = "web") -> list[dict[str, Any]]:
    """The container definitions of a service."""
    task = recording.one("aws:ecs/taskDefinition:TaskDefinition", f"{name}-task")
    return cast(list[dict[str, Any]], json.loads(task.inputs["containerDefinitions"]))
