"""What the pack may mend by itself, where an operator asks for it: tags and the retention of logs.

A remedy adds what is missing and never changes what is there. The engine shows each as a change of the resource's
inputs before anything is applied. Opt in with ``--policy-pack-config`` (docs/runbook.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from policies import tags
from policies.aws.logs import GROUPS
from policies.configuration import Owner
from policies.rule import UNKNOWN, Resource, Setting, read
from policies.values import SIGNATURE

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

Edits = Mapping[tuple[str, ...], Any]
"""Path -> the value to put where nothing stands."""

Remedy = Callable[[Resource, Setting, Owner], Edits]

PREFIXES: Mapping[str, str] = {"aws": "caas:", "azure-native": "caas-", "gcp": "caas-", "kubernetes": "caas."}
"""Package -> how its tags begin: what each admits in a key."""

RETENTION: Mapping[str, int] = {"dev": 14, "staging": 30, "prod": 90}
"""Tier -> days that logs are kept where the stack names none."""

DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""What CloudWatch sells."""


def _tags(resource: Resource, _: Setting, owner: Owner) -> Edits:
    """Owner, environment and cost centre, where nothing tells them; the service is the program's to know."""
    package = resource.type.partition(":")[0]
    if resource.type not in tags.TAGGABLE or package not in PREFIXES:
        return {}
    own = tags.own(resource)
    if own is UNKNOWN:
        return {}
    told = {tags.key(key) for key in own}
    place = _place(resource, package)
    return {
        (*place, f"{PREFIXES[package]}{name}"): value
        for name, value in owner.tags.items()
        if not told & tags.SPELLINGS[name]
    }


def _place(resource: Resource, package: str) -> tuple[str, ...]:
    if package == "gcp":
        return ("resourceLabels",) if resource.type == "gcp:container/cluster:Cluster" else ("labels",)
    return ("metadata", "labels") if package == "kubernetes" else ("tags",)


def _retention(resource: Resource, setting: Setting, owner: Owner) -> Edits:
    """A time for logs that would be kept for ever: the stack's own, or its tier's."""
    if resource.type not in GROUPS or read(resource.properties, "retentionInDays") not in (None, 0):
        return {}
    wanted = owner.retention or RETENTION.get(setting.tier, RETENTION["prod"])
    return {("retentionInDays",): next(days for days in DAYS if days >= min(wanted, DAYS[-1]))}


REMEDIES: Mapping[str, Remedy] = {"required-tags": _tags, "log-retention": _retention}
"""Rule -> its remedy."""


def applied(properties: Struct, edits: Edits) -> bool:
    """Put each value at its path, in place; say whether anything changed.

    Where a part of the path is secret, unknown or no mapping, nothing is done: the rule goes on to refuse.
    """
    changed = False
    for path, value in edits.items():
        changed = _put(properties, path, value) or changed
    return changed


def _put(properties: Struct, path: tuple[str, ...], value: Any) -> bool:
    holder = properties
    for step in path[:-1]:
        if step not in holder.fields or holder.fields[step].WhichOneof("kind") == "null_value":
            holder.fields[step].struct_value.SetInParent()
        if holder.fields[step].WhichOneof("kind") != "struct_value" or SIGNATURE in holder.fields[step].struct_value:
            return False
        holder = holder.fields[step].struct_value
    holder.update({path[-1]: value})
    return True
