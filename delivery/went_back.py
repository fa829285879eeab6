"""Did the platform itself go back to the version before? ECS does, by its circuit breaker or its alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.automation.events import StepEventStateMetadata

from delivery import declared
from delivery.errors import DeliveryError
from delivery.observe.model import Observer, Target

SERVICE = "aws:ecs/service:Service"


def went_back(
    not_updated: Sequence[StepEventStateMetadata], outputs: Mapping[str, Any], stack: str, observer: Observer
) -> bool:
    """Whether everything that could not be updated is a service that its platform has taken back.

    :param not_updated: Resources as they were to become.
    :param outputs: Of the stack's last good apply: where its services run.
    """
    try:
        running = {one.deployment: one.namespace for one in declared.parse(outputs, stack).services}
        targets = [_target(one, running) for one in not_updated]
        return bool(targets) and all(target is not None and observer.snapshot(target).taken_back for target in targets)
    except DeliveryError:
        return False  # What cannot be seen is not claimed; the failure itself is told in any case.


def _target(resource: StepEventStateMetadata, running: Mapping[str, str]) -> Target | None:
    inputs = resource.inputs or {}
    name, revision = inputs.get("name"), inputs.get("taskDefinition")
    if resource.type != SERVICE or name not in running or not isinstance(revision, str):
        return None
    return Target(running[str(name)], str(name), revision)
