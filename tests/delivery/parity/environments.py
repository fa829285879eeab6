"""The same services in several environments, as graphs: declared for real, without an engine, and spoilt on purpose."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import compared, platform
from components.spec import Environment
from delivery.parity import allowed
from delivery.parity.compare import Difference, compare
from delivery.parity.graph import Graph, graph
from tests.components import worlds
from tests.components.aws import worlds as aws
from tests.components.recorder import record

Resources = list[dict[str, Any]]
Spoil = Callable[[Resources], object]

ALLOWED = allowed.load(Path("/nowhere"))
"""The list that everybody has."""

SERVICES = {
    "web": worlds.service(
        ingress={"path": "/"},
        environment={"LEVEL": "info"},
        secrets={"TOKEN": {"config": "token"}},
        sidecars={"proxy": {"image": worlds.SIDECAR}},
        volumes={"data": {"path": "/data"}},
        slo={"availability": 99.5},
        scaling={"minimum": 3, "maximum": 6},
    ),
    "api": worlds.service(scaling=None, replicas=3, cpu=0.5),
}


def kubernetes(stack: str, **settings: Any) -> Environment:
    """The services on Kubernetes."""
    given = {"domain": f"{stack}.example.com", **settings}
    return worlds.environment(SERVICES, stack=stack, secrets=("token",), **given)


def ecs(stack: str, **settings: Any) -> Environment:
    """A service on ECS whose traffic moves in steps, with alarms."""
    services = {
        "web": aws.service(**aws.FULL),
        "shop": aws.service(rollout={"strategy": "canary"}, ingress={"path": "/shop"}),
    }
    return aws.environment(services, secrets=("apiKey",), stack=stack, **settings)


def resources(environment: Environment) -> Resources:
    """What an environment declares, as plain data that may be changed."""

    def program() -> dict[str, Any]:
        values = {key: pulumi.Output.secret("value") for key in environment.secret_keys}
        return platform.declare(environment, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(compared.VARIABLE, "1")
        recorded = record(program, stack_name=environment.stack, preview=True).resources
    return [{"type": one.type, "name": one.name, "inputs": copy.deepcopy(one.inputs)} for one in recorded]


def declared(environment: Environment, spoil: Spoil | None = None) -> Graph:
    """The graph of an environment, after something was done to what it declares."""
    found = resources(environment)
    if spoil is not None:
        spoil(found)
    return graph(environment, found)


def differences(left: Graph, right: Graph) -> tuple[list[Difference], list[Difference]]:
    """Those that may not be, and those that may."""
    found = compare(left, right, ALLOWED)
    return [one for one in found if one.allowed is None], [one for one in found if one.allowed is not None]
