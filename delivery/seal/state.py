"""The version of a stack's state: what it says is there, by resource. Pure.

Not part of it: what a platform only reports (outputs), times, and what somebody else owns by declaration, such as the
count that an autoscaler sets. A refresh that finds only such things leaves the version as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from delivery.seal.document import canonical

VOLATILE: Mapping[str, tuple[str, ...]] = {"docker-build:index:Image": ("registries",)}
"""Type -> properties that differ from one run to the next and change nothing: a registry's login is good for hours."""
_KEPT = ("urn", "type", "id", "parent", "provider", "custom", "external", "protect", "delete", "retainOnDelete")


def ignored(state: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """URN -> the properties that its program leaves to somebody else (``ignoreChanges``), or that are volatile."""
    return {
        str(one["urn"]): (*(one.get("ignoreChanges") or ()), *VOLATILE.get(str(one["type"]), ()))
        for one in state.get("resources") or []
    }


def version(state: Mapping[str, Any]) -> dict[str, str]:
    """Each resource of a stored deployment -> a hash of what the state says of it."""
    skipped = ignored(state)
    found: dict[str, str] = {}
    for one in state.get("resources") or []:
        urn = str(one["urn"])
        content = {name: one[name] for name in _KEPT if name in one}
        content["inputs"] = without(one.get("inputs") or {}, skipped[urn])
        name = f"{urn} (to be deleted)" if one.get("delete") else urn
        found[name] = f"sha256:{hashlib.sha256(canonical(content)).hexdigest()[:16]}"
    return found


def without(inputs: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The inputs without what stands at these paths (``elasticProfile.desiredCount``)."""
    kept = dict(inputs)
    for path in paths:
        first, _, rest = path.partition(".")
        if not rest:
            kept.pop(first, None)
        elif isinstance(kept.get(first), Mapping):
            kept[first] = without(kept[first], [rest])
    return kept
