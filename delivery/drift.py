"""``caas drift``: how the platform differs from what was last applied. Pure; who asks is ``preview/run.py``.

What an autoscaler owns is no drift: the engine leaves out what the program ignores (``ignoreChanges``), and here the
count of a Deployment is left out where a HorizontalPodAutoscaler scales it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from delivery.preview.model import Change, Operation, Preview, Property
from delivery.preview.text import difference
from delivery.preview.values import flat

WORDS = {
    Operation.DELETE: "is gone",
    Operation.UPDATE: "was changed",
    Operation.CREATE: "is there again",
    Operation.REPLACE: "was replaced",
}
"""What a refresh would do to the state -> what has happened to the resource."""
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
COUNT = "spec.replicas"


def declared(found: Preview) -> Preview:
    """What a refresh found, as far as it concerns what was declared: not what a platform only reports, such as a
    status, and not what an autoscaler owns."""
    scaled = {_scaled(one.inputs) for one in found.before if one.type == SCALER}
    kept = tuple(one for change in found.changes if (one := _kept(change, scaled)) is not None)
    return replace(found, changes=kept, unchanged=found.unchanged + len(found.changes) - len(kept))


def lines(stack: str, found: Preview) -> Iterator[str]:
    """The drift in words."""
    number = len(found.changes)
    yield (
        f"Stack {stack} has drifted: {number} differ, {found.unchanged} are as they were applied."
        if number
        else f"Stack {stack} has not drifted: {found.unchanged} resources are as they were applied."
    )
    for change in found.changes:
        yield f"  {change.type}  {change.name}  {WORDS.get(change.operation, change.operation.value)}"
        for one in change.properties:
            yield f"        {difference(one)}"


def _kept(change: Change, scaled: set[tuple[Any, Any]]) -> Change | None:
    if change.operation is not Operation.UPDATE:
        return change
    owned = change.type == DEPLOYMENT and _identity(change.before or {}) in scaled
    left, right = flat(change.before or {}), flat(change.after or {})
    properties = tuple(
        one for one in change.properties if not (owned and one.path == COUNT) and _declared(one, left, right)
    )
    return replace(change, properties=properties) if properties else None


def _declared(one: Property, left: dict[str, str], right: dict[str, str]) -> bool:
    """Does it stand in the inputs, before or after?"""
    return any(path == one.path or path.startswith((f"{one.path}.", f"{one.path}[")) for path in (*left, *right))


def _identity(inputs: Any) -> tuple[Any, Any]:
    metadata = inputs.get("metadata") or {}
    return metadata.get("namespace"), metadata.get("name")


def _scaled(inputs: Any) -> tuple[Any, Any]:
    metadata = inputs.get("metadata") or {}
    return metadata.get("namespace"), ((inputs.get("spec") or {}).get("scaleTargetRef") or {}).get("name")
