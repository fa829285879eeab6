"""What the pack may mend by itself, where an operator asks for it: tags and the retention of logs.

A remedy adds what is missing and never changes what is there. The engine shows each as a change of the resource's
inputs before anything is applied. Opt in with ``--policy-pack-config`` (docs/runbook.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from policies.configuration import Owner
from policies.rule import Resource, Setting
from policies.values import SIGNATURE

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

Edits = Mapping[tuple[str, ...], Any]
"""Path -> the value to put where nothing stands."""

Remedy = Callable[[Resource, Setting, Owner], Edits]

REMEDIES: Mapping[str, Remedy] = {}
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
