"""What a stack says, as the values of Terraform's variables. Pure.

A value that is secret is left out, and said to be: a file for Terraform is plain text, and so is its state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delivery.adoption.variables import SERVICE, SERVICES, VARIABLES, Variable
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.preview.values import SIGNATURE

_STACK = "pulumi:pulumi:Stack"
_SCALARS = (str, bool, int, float)


@dataclass(frozen=True)
class Values:
    """What is told, and what is kept back."""

    known: Mapping[str, Any]
    """Variable -> value; those that the platform has not are not in it."""
    secret: tuple[str, ...]
    """Places of what is secret: ``caas_services.web.url``."""

    def text(self) -> str:
        """The document."""
        return f"{json.dumps(self.known, indent=2, sort_keys=True)}\n"


def values(resources: Iterable[Mapping[str, Any]]) -> Values:
    """The values for a stack.

    :param resources: What its state holds, secrets encrypted; the stack's outputs are those of one of them.
    :raises DeliveryError: Nothing was ever applied to it.
    """
    stored = list(resources)
    outputs = next((one.get("outputs") or {} for one in stored if one.get("type") == _STACK), {})
    if "services" not in outputs:
        raise DeliveryError(
            "The stack has no outputs: nothing was ever applied to it, or its last apply did not finish.",
            Exit.NOT_PROVEN,
            remedy="Run `caas up` first.",
        )
    found = {one.name: _one(one, outputs, stored) for one in VARIABLES}
    hidden: list[str] = []
    known = {name: _told(value, name, hidden) for name, value in found.items() if value is not None}
    return Values({name: value for name, value in known.items() if value not in (None, {})}, tuple(hidden))


def _one(variable: Variable, outputs: Mapping[str, Any], stored: list[Mapping[str, Any]]) -> Any:
    if variable.resources is not None:
        return dict(_of_resources(variable.resources, stored))
    given = next((found for path in variable.outputs if (found := _at(outputs, path)) is not None), None)
    if variable.name != SERVICES or not isinstance(given, Mapping) or _secret(given):
        return given
    return {
        name: fields
        if _secret(fields)
        else {SERVICE[key][0]: value for key, value in sorted(fields.items()) if key in SERVICE}
        for name, fields in given.items()
    }


def _of_resources(kinds: Mapping[str, str], stored: list[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for one in stored:
        key = kinds.get(str(one.get("type")))
        if key is None or one.get("delete"):
            continue
        value = one.get("id") if key == "id" else (one.get("outputs") or {}).get(key)
        yield str(one["urn"]).rpartition("::")[2], value


def _at(outputs: Mapping[str, Any], path: str) -> Any:
    found: Any = outputs
    for key in path.split("."):
        if _secret(found):
            return found
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _secret(value: Any) -> bool:
    return isinstance(value, Mapping) and SIGNATURE in value


def _told(value: Any, place: str, hidden: list[str]) -> Any:
    """A value without what is secret in it; None where nothing of it may be told."""
    if _secret(value):
        hidden.append(place)
        return None
    if isinstance(value, Mapping):
        told = {str(key): _told(each, f"{place}.{key}", hidden) for key, each in value.items()}
        return {key: each for key, each in told.items() if each is not None}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, _SCALARS) else None
