"""A stack's overrides laid onto the services, and the memory of which of the two files gave a value.

An override changes what is there; it never adds what the service does not have, so that every environment
runs the same thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from components.spec.environment import ServiceOverride
from components.spec.errors import Finding, Path, Shown
from components.spec.fields import suggest
from components.spec.secrecy import shown
from components.spec.service import Service


@dataclass(frozen=True)
class Placed:
    """A service as one environment runs it, and where each of its values stands."""

    service: Service
    override: ServiceOverride | None = None

    def path(self, *segments: str | int) -> Path:
        """Where the value is given: in the overrides if they set it, else with the service."""
        if self.override is not None and _sets(self.override, segments):
            return ("overrides", self.service.name, *segments)
        return ("services", self.service.name, *segments)


def merge(service: Service, override: ServiceOverride | None) -> Placed:
    """The service with the override laid on. Call only where `misplaced` finds nothing."""
    if override is None:
        return Placed(service)
    changed: dict[str, Any] = {}
    for name in ("cpu", "memory", "replicas"):
        if (value := getattr(override, name)) is not None:
            changed[name] = value
    if override.image is not None:
        changed |= {"image": override.image, "build": None}
    if override.environment:
        changed["environment"] = {**service.environment, **override.environment}
    if service.scaling is not None and override.scaling is not None:
        changed["scaling"] = service.scaling.model_copy(update=_given(override.scaling))
    if service.ingress is not None and override.ingress is not None:
        changed["ingress"] = service.ingress.model_copy(update=_given(override.ingress))
    return Placed(service.model_copy(update=changed), override)


def strangers(overrides: Mapping[str, Any], services: Mapping[str, Any]) -> Iterator[Finding]:
    """Overrides of services that do not exist."""
    for name in overrides:
        if name not in services:
            near = suggest(name, services)
            remedy = f"did you mean {near}?" if near else "remove it, or describe the service in Pulumi.yaml"
            limit = f"a service of the project: {', '.join(services) or 'there is none'}"
            yield Finding(("overrides", name), Shown.ABSENT, limit, remedy)


def misplaced(service: Service, override: ServiceOverride) -> Iterator[Finding]:
    """What an override sets although the service does not have it."""
    path: Path = ("overrides", service.name)
    if override.replicas is not None and service.replicas is None:
        remedy = "override scaling.minimum and scaling.maximum" if service.scaling else "remove it"
        limit = "an override of replicas where the service has replicas; this one scales with load"
        yield Finding((*path, "replicas"), override.replicas, limit, remedy)
    if override.scaling is not None and service.scaling is None:
        limit = "bounds where the service scales; this one has a fixed count"
        yield Finding((*path, "scaling"), Shown.ABSENT, limit, "override replicas, or give the service scaling")
    if override.ingress is not None and service.ingress is None:
        limit = "an address where the service has ingress; this one is internal"
        yield Finding((*path, "ingress"), Shown.ABSENT, limit, "remove it, or give the service ingress")
    for name, value in override.environment.items():
        if name in service.environment:
            continue
        place = (*path, "environment", name)
        near = suggest(name, service.environment)
        remedy = f"did you mean {near}?" if near else "declare it with the service, with the value most use"
        limit = f"a variable that the service declares: {', '.join(service.environment) or 'it has none'}"
        if name in service.secrets:
            limit, remedy = "plain values only; this name is one of the service's secrets", "set the secret instead"
        hidden = name in service.secrets
        yield Finding(place, Shown.HIDDEN if hidden else shown(place, value), limit, remedy)


def _given(part: BaseModel) -> dict[str, Any]:
    return {name: value for name in part.model_fields_set if (value := getattr(part, name)) is not None}


def _sets(model: BaseModel, segments: tuple[str | int, ...]) -> bool:
    value: Any = model
    for segment in segments:
        if isinstance(value, BaseModel):
            names = {info.alias or name: name for name, info in type(value).model_fields.items()}
            value = getattr(value, names[str(segment)]) if segment in names else None
        elif isinstance(value, dict):
            value = value.get(segment)
        else:
            return False
    return value is not None
