"""What each platform can do, and by what: the table that the check, the documentation and the tests share.

Features, lookups and the check; each platform's answers stand in a file of its own. Nothing of Pulumi.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from components.capabilities.answers import Capability
from components.capabilities.aws import AWS_ECS
from components.capabilities.azure import AZURE_ACI
from components.capabilities.gke import GKE
from components.capabilities.kubernetes import KUBERNETES
from components.spec.environment import PlatformName
from components.spec.errors import Finding
from components.spec.service import Service


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
    Feature("hooks", "Somebody asked before an update goes on", ("rollout", "hooks"), lambda s: bool(s.rollout.hooks)),
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
    Feature("slo-alerts", "Alerts on the objective", ("slo",), lambda s: s.metrics_path is not None),
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

PLATFORMS: dict[PlatformName, dict[str, Capability]] = {
    "kubernetes": KUBERNETES,
    "aws-ecs": AWS_ECS,
    "gke": GKE,
    "azure-aci": AZURE_ACI,
}
"""Platform -> its answer to each feature."""


def capability(platform: PlatformName, feature: str) -> Capability:
    """How a platform answers to a feature, by the feature's key."""
    return PLATFORMS[platform][feature]


LONGEST_COOLDOWN = 1800
"""Seconds: Kubernetes' limit for a scaling policy's period."""


def check(platform: PlatformName, services: Iterable[Service]) -> Iterator[Finding]:
    """What the services ask for that the platform cannot do; all of it, not the first only."""
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
        platform in ("kubernetes", "gke")
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
        cells = (_cell(capability(platform, feature.key)) for platform in PLATFORMS)
        lines.append(f"| {feature.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(answer: Capability) -> str:
    if answer.support == "refused":
        return f"refused; use {answer.alternative}"
    return f"{answer.support}: {answer.by}"
