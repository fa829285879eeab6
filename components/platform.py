"""The seam between what is described and what runs it.

Every platform offers one function, `declare`, in its own room; only the room of the platform that a stack names
is imported, and with it that platform's SDK. What a platform cannot do is refused by `check`, before the first
resource (see ``capabilities.py``).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from components.capabilities import FEATURES, NOT_YET, PLATFORMS, capability
from components.spec.environment import Environment
from components.spec.errors import Finding, Shown
from components.spec.service import Service

if TYPE_CHECKING:
    import pulumi

ROOMS = {"kubernetes": "components.kubernetes.environment"}
"""Platform -> the module that declares an environment on it."""

LONGEST_COOLDOWN = 1800
"""Seconds: Kubernetes' limit for a scaling policy's period."""


class Platform(Protocol):
    """What every platform's room offers."""

    def declare(self, environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
        """Declare the whole environment.

        :param environment: Validated, and checked by :func:`check`.
        :param secrets: Values of ``caas:secrets``, secret Outputs.
        :return: The program's exports: ``environment`` (the tier), ``platform``, ``services`` (name -> image,
            url, namespace, deployment, port, minimum, maximum, healthPath) and a part named as the platform.
        """
        ...


def declare(environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Declare the environment on the platform that it names."""
    room = cast(Platform, importlib.import_module(ROOMS[environment.platform]))
    return room.declare(environment, secrets)


def check(environment: Environment) -> tuple[Finding, ...]:
    """What the environment asks for that its platform cannot do; all of it, not the first only."""
    if PLATFORMS[environment.platform] is None:
        return (
            Finding(
                path=("platform",),
                value=environment.platform,
                limit="this version declares " + ", ".join(name for name, table in PLATFORMS.items() if table),
                remedy=f"use {NOT_YET.alternative}",
            ),
        )
    return tuple(finding for service in environment.services for finding in _check_service(environment, service))


def _check_service(environment: Environment, service: Service) -> Iterator[Finding]:
    for feature in FEATURES:
        answer = capability(environment.platform, feature.key)
        if answer.support == "refused" and feature.asked(service):
            yield Finding(
                path=("services", service.name, *feature.path),
                value=_asked_value(service, feature.path),
                limit=f"platform {environment.platform} does not offer: {feature.title.lower()}",
                remedy=f"use {answer.alternative}",
            )
    if service.scaling is not None and service.scaling.scale_out_cooldown > LONGEST_COOLDOWN:
        yield Finding(
            path=("services", service.name, "scaling", "scaleOutCooldown"),
            value=service.scaling.scale_out_cooldown,
            limit=f"at most {LONGEST_COOLDOWN} s on platform {environment.platform}",
            remedy=f"set scaleOutCooldown to {LONGEST_COOLDOWN} or less",
        )


def _asked_value(service: Service, path: tuple[str, ...]) -> object:
    """The value that stands at a path of the description; a collection is shown as such."""
    value: Any = service.model_dump(mode="json", by_alias=True)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return Shown.ABSENT if value is None else value
