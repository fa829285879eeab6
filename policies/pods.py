"""Where pods and containers stand in the resources of Kubernetes. No rules here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.rule import Resource, items, read

Path = tuple[str | int, ...]

DEPLOYMENT, STATEFUL_SET = "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"

_TEMPLATE: Final[Path] = ("spec", "template", "spec")

PODS: Final[Mapping[str, Path]] = {
    "kubernetes:core/v1:Pod": ("spec",),
    "kubernetes:core/v1:ReplicationController": _TEMPLATE,
    DEPLOYMENT: _TEMPLATE,
    "kubernetes:apps/v1:DaemonSet": _TEMPLATE,
    "kubernetes:apps/v1:ReplicaSet": _TEMPLATE,
    STATEFUL_SET: _TEMPLATE,
    "kubernetes:batch/v1:Job": _TEMPLATE,
    "kubernetes:batch/v1:CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Resource type -> where the specification of its pods stands."""

POD_TYPES = frozenset(PODS)

LASTING = POD_TYPES - {"kubernetes:batch/v1:Job", "kubernetes:batch/v1:CronJob"}
"""Pods that serve until they are stopped."""

KINDS = ("initContainers", "containers", "ephemeralContainers")
"""The lists of containers that a pod has."""


def containers(resource: Resource, kinds: tuple[str, ...] = KINDS) -> Iterator[tuple[Path, Any]]:
    """Each container with its path; UNKNOWN in place of a list that is not known yet."""
    for kind in kinds:
        yield from items(resource.properties, *PODS[resource.type], kind)


def called(named: Any) -> str:
    """The quoted name of a container, port or volume."""
    name = read(named, "name")
    return repr(name) if isinstance(name, str) else "'?'"


def shown(value: Any, absent: str) -> str:
    """A text as a message has it."""
    return value if isinstance(value, str) else absent


def effective(resource: Resource, container: Path, *keys: str) -> Path:
    """Where the security setting of a container stands: with itself, or with its pod where it says nothing."""
    own = (*container, "securityContext", *keys)
    pod = (*PODS[resource.type], "securityContext", *keys)
    return pod if read(resource.properties, *own) is None and read(resource.properties, *pod) is not None else own


def labels(resource: Resource) -> Any:
    """The labels of the pods that a resource makes."""
    above = PODS[resource.type][:-1]
    return read(resource.properties, *above, "metadata", "labels")


def namespace(resource: Resource) -> Any:
    """The namespace of an object; ``default`` where it names none."""
    found = read(resource.properties, "metadata", "namespace")
    return "default" if found is None else found


def object_name(resource: Resource) -> Any:
    """The name of an object in Kubernetes; None where the provider makes one up."""
    return read(resource.properties, "metadata", "name")
