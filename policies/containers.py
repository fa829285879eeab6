"""Containers on every platform, read alike: Kubernetes' pods, ECS' task definitions, Azure's groups. No rules here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.pods import POD_TYPES, Path
from policies.pods import containers as pod_containers
from policies.rule import Resource, items, read

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"

AZURE_GROUPS = frozenset(
    {
        "azure-native:containerinstance:ContainerGroup",
        "azure-native:containerinstance:ContainerGroupProfile",
    }
)

CONTAINER_TYPES = POD_TYPES | AZURE_GROUPS | {TASK_DEFINITION}
"""Every resource type that containers are described in."""


@dataclass(frozen=True)
class Variable:
    """One environment variable whose value stands in the description."""

    path: Path
    name: Any
    value: Any
    """Plain text, UNKNOWN, or None where it comes from elsewhere."""


@dataclass(frozen=True)
class Container:
    """One container. Everything may be UNKNOWN."""

    path: Path
    """Where it stands; within a task definition's JSON as well."""
    body: Any

    @property
    def called(self) -> str:
        """Its quoted name."""
        name = read(self.body, "name")
        return repr(name) if isinstance(name, str) else "'?'"

    @property
    def image(self) -> Any:
        """The image; None where none is named."""
        return read(self.body, "image")

    def variables(self) -> Iterator[Variable]:
        """The variables with a value, as each platform spells them."""
        for key in ("env", "environment", "environmentVariables"):
            for path, one in items(self.body, key):
                yield Variable((*self.path, *path, "value"), read(one, "name"), read(one, "value"))


def containers(resource: Resource) -> Iterator[Container]:
    """Each container of a resource of `CONTAINER_TYPES`; one with an UNKNOWN body where the list is not known."""
    if resource.type == TASK_DEFINITION:
        yield from _task_containers(resource)
    elif resource.type in AZURE_GROUPS:
        for kind in ("initContainers", "containers"):
            for path, body in items(resource.properties, kind):
                yield Container(path, body)
    else:
        for path, body in pod_containers(resource):
            yield Container(path, body)


def _task_containers(resource: Resource) -> Iterator[Container]:
    found = read(resource.properties, "containerDefinitions")
    for path, body in items({"containerDefinitions": _parsed(found)}, "containerDefinitions"):
        yield Container(path, body)


def _parsed(found: Any) -> Any:
    """The definitions as data: the API takes them as JSON. What is no JSON has no containers; ECS refuses it."""
    if not isinstance(found, str):
        return found
    try:
        parsed = json.loads(found)
    except ValueError:
        return None
    return [parsed] if isinstance(parsed, Mapping) else parsed
