"""Environments of one or two services on Kubernetes, declared in memory, and where to look in what comes of them."""

from __future__ import annotations

from typing import Any

import pulumi

from components import platform
from components.spec import Environment
from tests.components.recorder import Declared, Recording, record
from tests.components.worlds import SIDECAR, environment, service

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
SERVICE = "kubernetes:core/v1:Service"
SECRET = "kubernetes:core/v1:Secret"
OWNER = "kubernetes:core/v1:ConfigMap"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
NAMESPACE = "kubernetes:core/v1:Namespace"
MARKER = "marker-5f1c0d"


def declared(world: Environment, *, preview: bool = False, **secrets: str) -> Recording:
    """Everything that the environment declares on its platform."""

    def program() -> dict[str, Any]:
        return platform.declare(world, {key: pulumi.Output.secret(value) for key, value in secrets.items()})

    return record(program, preview=preview)


def web(**changes: Any) -> Recording:
    """The environment with one service `web`, described with some changes."""
    return declared(environment({"web": service(**changes)}))


def pod(recording: Recording, name: str = "web") -> dict[str, Any]:
    template: dict[str, Any] = recording.one(DEPLOYMENT, f"{name}-deployment").inputs["spec"]["template"]
    return template


def container(recording: Recording) -> dict[str, Any]:
    first: dict[str, Any] = pod(recording)["spec"]["containers"][0]
    return first


def objects(recording: Recording) -> list[Declared]:
    """What is sent to Kubernetes."""
    return [one for one in recording.resources if one.type.startswith("kubernetes:")]


FULL = {
    "environment": {"GREETING": "Hello"},
    "secrets": {"API_KEY": {"config": "apiKey"}, "TOKEN": {"reference": "existing/token"}},
    "ingress": {"path": "/"},
    "volumes": {"tmp": {"path": "/tmp"}, "data": {"path": "/data", "kind": "persistent", "size": 512}},
    "sidecars": {"helper": {"image": SIDECAR, "port": 9000}},
}


def full() -> Recording:
    """Two services, one of which uses everything."""
    world = environment({"web": service(**FULL), "api": service(port=9090)}, secrets=("apiKey",))
    return declared(world, apiKey=MARKER)
