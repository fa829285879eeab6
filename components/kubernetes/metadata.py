"""Where an object lives and what is written on it: the same for every object that is declared here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.naming import name as dns_name
from components.spec.environment import Environment

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict
    from pulumi_kubernetes.meta.v1.outputs import ObjectMeta

FIELD_MANAGER = "pulumi.com/patchFieldManager"
FORCE = "pulumi.com/patchForce"
TIMEOUT = "pulumi.com/timeoutSeconds"
SKIP_AWAIT = "pulumi.com/skipAwait"
DIGEST = "caas/digest"
HELD = "caas-held"
"""Name of the ConfigMap that says which stack has a namespace that it did not make."""


def namespace_name(environment: Environment) -> str:
    """The one namespace of an environment: ``<project>-<stack>`` unless the stack names another."""
    return environment.kubernetes.namespace or dns_name(environment.project, environment.stack)


def monitoring_namespace(environment: Environment) -> str:
    """Where a Prometheus of the environment's own runs."""
    return dns_name(namespace_name(environment), "monitoring")


def review_namespaces(environment: Environment) -> list[str]:
    """The namespaces that wait for reviews made from an environment; none where it has no such."""
    count = environment.pipeline.reviews if environment.pipeline is not None else 0
    return [dns_name(namespace_name(environment), "review", str(number)) for number in range(1, count + 1)]


def field_manager(environment: Environment) -> str:
    """Who owns the fields that server-side apply sets.

    The engine would draw a random name for each object and keep it in the state; after a create that was
    killed before the state was written, the next run would then conflict with its own fields.
    """
    return manager_name(environment.project, environment.stack)


def manager_name(project: str, stack: str) -> str:
    """The same for a stack that is known by its name alone."""
    return dns_name("caas", project, stack)


def declared_name(metadata: pulumi.Output[ObjectMeta]) -> pulumi.Output[str]:
    """The name of an object once it exists: who uses it waits for the object."""
    return metadata.apply(lambda known: known.name or "")


@dataclass(frozen=True)
class Scope:
    """What the objects of one component have in common.

    :param manager: See :func:`field_manager`.
    :param namespace: None for objects that belong to no namespace.
    :param labels: Written on every object.
    """

    manager: str
    namespace: pulumi.Output[str] | None
    labels: Mapping[str, str]

    def metadata(
        self,
        name: pulumi.Input[str],
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> ObjectMetaArgsDict:
        """Metadata with an explicit name, so that a create that was killed is adopted and not orphaned."""
        metadata: ObjectMetaArgsDict = {
            "name": name,
            "labels": {**self.labels, **labels} if labels else self.labels,
            "annotations": {FIELD_MANAGER: self.manager, **(annotations or {})},
        }
        if self.namespace is not None:
            metadata["namespace"] = self.namespace
        return metadata
