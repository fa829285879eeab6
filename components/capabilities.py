"""What each platform can do, and by what: the table that the check, the documentation and the tests share.

Data, lookups and the check; nothing of Pulumi. A platform whose components do not exist yet refuses everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from components.spec.environment import PlatformName
from components.spec.errors import Finding
from components.spec.service import Service

Support = Literal["native", "emulated", "refused"]


@dataclass(frozen=True)
class Feature:
    """Something that a service may ask for.

    :param key: Short name, and the row of the table.
    :param path: Where in a service's description it is asked for.
    :param asked: Whether a service asks for it.
    """

    key: str
    title: str
    path: tuple[str, ...]
    asked: Callable[[Service], bool]


@dataclass(frozen=True)
class Capability:
    """How one platform answers to one feature.

    :param by: What does it (native, emulated).
    :param alternative: What to do instead (refused).
    """

    support: Support
    by: str = ""
    alternative: str = ""


def _native(by: str) -> Capability:
    return Capability("native", by=by)


def _refused(alternative: str) -> Capability:
    return Capability("refused", alternative=alternative)


FEATURES: tuple[Feature, ...] = (
    Feature("build", "Image from a Dockerfile", ("build",), lambda s: s.build is not None),
    Feature(
        "dedicated-builder",
        "A builder for one image",
        ("build", "dedicatedBuilder"),
        lambda s: s.build is not None and s.build.dedicated_builder,
    ),
    Feature("image", "Image by digest", ("image",), lambda s: s.image is not None),
    Feature("replicas", "Fixed count", ("replicas",), lambda s: s.replicas is not None),
    Feature(
        "scaling-cpu",
        "Scaling on CPU",
        ("scaling", "cpu"),
        lambda s: s.scaling is not None and s.scaling.cpu is not None,
    ),
    Feature(
        "scaling-memory",
        "Scaling on memory",
        ("scaling", "memory"),
        lambda s: s.scaling is not None and s.scaling.memory is not None,
    ),
    Feature(
        "scaling-requests",
        "Scaling on requests",
        ("scaling", "requests"),
        lambda s: s.scaling is not None and s.scaling.requests is not None,
    ),
    Feature(
        "scaling-schedules",
        "Scaling by the clock",
        ("scaling", "schedules"),
        lambda s: s.scaling is not None and bool(s.scaling.schedules),
    ),
    Feature("rolling", "Rolling update", ("rollout", "strategy"), lambda s: s.rollout.strategy == "rolling"),
    Feature("blue-green", "Blue-green update", ("rollout", "strategy"), lambda s: s.rollout.strategy == "blue-green"),
    Feature("canary", "Canary update", ("rollout", "strategy"), lambda s: s.rollout.strategy == "canary"),
    Feature("linear", "Linear update", ("rollout", "strategy"), lambda s: s.rollout.strategy == "linear"),
    Feature("ingress", "Address for the world", ("ingress",), lambda s: s.ingress is not None),
    Feature("internal", "Address for the environment's other services", ("ingress",), lambda _: True),
    Feature(
        "liveness-command",
        "Health command inside the container",
        ("health", "command"),
        lambda s: bool(s.health.command),
    ),
    Feature(
        "min-ready",
        "A while of calm before an instance counts",
        ("rollout", "minReady"),
        lambda s: s.rollout.min_ready > 0,
    ),
    Feature("egress", "Closed towards the outside", ("egress",), lambda _: True),
    Feature(
        "scratch",
        "Scratch volume",
        ("volumes",),
        lambda s: any(volume.kind == "scratch" for volume in s.volumes.values()),
    ),
    Feature(
        "persistent",
        "Persistent volume",
        ("volumes",),
        lambda s: any(volume.kind == "persistent" for volume in s.volumes.values()),
    ),
    Feature("sidecars", "Sidecars", ("sidecars",), lambda s: bool(s.sidecars)),
    Feature(
        "secret-values",
        "Secrets from the stack",
        ("secrets",),
        lambda s: any(source.config is not None for source in s.secrets.values()),
    ),
    Feature(
        "secret-references",
        "Secrets that exist already",
        ("secrets",),
        lambda s: any(source.reference is not None for source in s.secrets.values()),
    ),
    Feature(
        "workload-identity",
        "Identity at a cloud",
        ("serviceAccountAnnotations",),
        lambda s: bool(s.service_account_annotations),
    ),
)

KUBERNETES: dict[str, Capability] = {
    "build": _native("BuildKit (pulumi-docker-build)"),
    "dedicated-builder": _native("BuildxBuilder (pulumi-docker)"),
    "image": _native("Deployment"),
    "replicas": _native("Deployment"),
    "scaling-cpu": _native("HorizontalPodAutoscaler, metrics-server"),
    "scaling-memory": _native("HorizontalPodAutoscaler, metrics-server"),
    "scaling-requests": _refused("scaling.cpu: the autoscaler has no count of requests without a metrics adapter"),
    "scaling-schedules": _refused("scaling.minimum and scaling.maximum: the autoscaler has no clock"),
    "rolling": _native("Deployment"),
    "blue-green": _refused("rollout.strategy rolling"),
    "canary": _refused("rollout.strategy rolling"),
    "linear": _refused("rollout.strategy rolling"),
    "ingress": _native("Ingress and the cluster's controller"),
    "internal": _native("Service"),
    "liveness-command": Capability("emulated", by="liveness over HTTP or TCP, which the kubelet asks from outside"),
    "min-ready": _native("Deployment"),
    "egress": _native("NetworkPolicy, where the cluster's network enforces it"),
    "scratch": _native("emptyDir with a size limit"),
    "persistent": _native("PersistentVolumeClaim, ReadWriteMany"),
    "sidecars": _native("native sidecar containers"),
    "secret-values": _native("immutable Secret"),
    "secret-references": _native("Secret by name/key"),
    "workload-identity": _native("annotations of the ServiceAccount"),
}

_ROLLING = "rollout.strategy rolling: the circuit breaker, which takes a bad version back, exists for it only"

AWS_ECS: dict[str, Capability] = {
    "build": _native("BuildKit (pulumi-docker-build), ECR repository"),
    "dedicated-builder": _native("BuildxBuilder (pulumi-docker)"),
    "image": _native("task definition"),
    "replicas": _native("ECS service"),
    "scaling-cpu": _native("Application Auto Scaling, target tracking"),
    "scaling-memory": _native("Application Auto Scaling, target tracking"),
    "scaling-requests": _native("Application Auto Scaling, requests per target of the load balancer"),
    "scaling-schedules": _native("Application Auto Scaling, scheduled actions"),
    "rolling": _native("ECS service with circuit breaker and rollback"),
    "blue-green": _refused(_ROLLING),
    "canary": _refused(_ROLLING),
    "linear": _refused(_ROLLING),
    "ingress": _native("Application Load Balancer, a rule for each service"),
    "internal": _native("ECS Service Connect"),
    "liveness-command": _native("container health check"),
    "min-ready": _refused("a readiness path that answers 200 only once the service can serve, and minReady 0"),
    "egress": _native("security groups, VPC endpoints; an existing network without endpoints leaves HTTPS open"),
    "scratch": _native("task storage; the image gives the directory its owner with VOLUME"),
    "persistent": _native("EFS, an access point for each volume"),
    "sidecars": _native("containers of the task that start before the service and are restarted"),
    "secret-values": _native("Secrets Manager"),
    "secret-references": _native("ARN in Secrets Manager or Parameter Store"),
    "workload-identity": _refused(
        "the service's own task role: attach policies to the role <project>-<stack>-<service>-task"
    ),
}

PLATFORMS: dict[PlatformName, dict[str, Capability] | None] = {
    "kubernetes": KUBERNETES,
    "aws-ecs": AWS_ECS,
    "gke": None,
    "azure-aci": None,
}
"""None: not in this version."""

NOT_YET = _refused("platform kubernetes with a kubeconfig of that cloud's cluster")
"""The answer of a platform that is not in this version."""


def capability(platform: PlatformName, feature: str) -> Capability:
    """How a platform answers to a feature, by the feature's key."""
    table = PLATFORMS[platform]
    return NOT_YET if table is None else table[feature]


LONGEST_COOLDOWN = 1800
"""Seconds: Kubernetes' limit for a scaling policy's period."""


def check(platform: PlatformName, services: Iterable[Service]) -> Iterator[Finding]:
    """What the services ask for that the platform cannot do; all of it, not the first only."""
    if PLATFORMS[platform] is None:
        declared = ", ".join(name for name, table in PLATFORMS.items() if table is not None)
        yield Finding(("platform",), platform, f"in this version: {declared}", f"use {NOT_YET.alternative}")
        return
    for service in services:
        yield from _check_service(platform, service)


def _check_service(platform: PlatformName, service: Service) -> Iterator[Finding]:
    for feature in FEATURES:
        answer = capability(platform, feature.key)
        if answer.support == "refused" and feature.asked(service):
            path = ("services", service.name, *feature.path)
            limit = f"platform {platform} does not offer {feature.title.lower()}"
            yield Finding(path, _asked_value(service, feature.path), limit, f"use {answer.alternative}")
    if (
        platform == "kubernetes"
        and service.scaling is not None
        and service.scaling.scale_out_cooldown > LONGEST_COOLDOWN
    ):
        path = ("services", service.name, "scaling", "scaleOutCooldown")
        limit = f"at most {LONGEST_COOLDOWN} s on platform {platform}"
        yield Finding(path, service.scaling.scale_out_cooldown, limit, f"set {LONGEST_COOLDOWN} or less")


def _asked_value(service: Service, path: tuple[str, ...]) -> object:
    """The value that stands at a path of the description."""
    value: Any = service.model_dump(mode="json", by_alias=True)
    for key in path:
        value = value[key]
    return cast(object, value)


def markdown() -> str:
    """The table for the documentation: one row for each feature, one column for each platform."""
    lines = [
        "| feature | " + " | ".join(PLATFORMS) + " |",
        "|---|" + "---|" * len(PLATFORMS),
    ]
    for feature in FEATURES:
        cells = (_cell(platform, capability(platform, feature.key)) for platform in PLATFORMS)
        lines.append(f"| {feature.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(platform: PlatformName, answer: Capability) -> str:
    if PLATFORMS[platform] is None:
        return "not in this version"
    if answer.support == "refused":
        return f"refused; use {answer.alternative}"
    return f"{answer.support}: {answer.by}"
