"""Values as they go over the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2

from sandbox.rpc.arguments import UNKNOWN


def plain(message: struct_pb2.Struct) -> dict[str, Any]:
    """A message's properties as Python values."""
    value: dict[str, Any] = json_format.MessageToDict(message)
    return value


def message(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Python values as a message's properties; what is None is left out."""
    result = struct_pb2.Struct()
    result.update({key: value for key, value in values.items() if value is not None})
    return result


def type_of(urn: str) -> str:
    """The resource's type: the last of the types that the URN's third part chains."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[3]


def known(value: Any) -> bool:
    """Whether nothing in it is unknown."""
    if isinstance(value, Mapping):
        return all(known(each) for each in value.values())
    if isinstance(value, list):
        return all(known(each) for each in value)
    return bool(value != UNKNOWN)


def same(key: str, one: Any, other: Any, documents: frozenset[str]) -> bool:
    """Whether two values of a property mean the same. Unknown is never the same as anything."""
    if not (known(one) and known(other)):
        return False
    if key in documents and isinstance(one, str) and isinstance(other, str):
        try:
            return bool(json.loads(one) == json.loads(other))
        except ValueError:
            return one == other
    return bool(one == other)


def within(one: Any, other: Any) -> bool:
    """Whether everything in the one is known and also in the other, which may have more in its mappings."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(key in other and within(value, other[key]) for key, value in one.items())
    return known(one) and bool(one == other)


def differences(one: Any, other: Any, path: str) -> Iterator[tuple[str, str]]:
    """The innermost places where two values differ, and how: add, delete or update."""
    if one is None or other is None:
        yield path, "add" if one is None else "delete"
    elif isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield from differences(one.get(key), other.get(key), _below(path, key))
    elif isinstance(one, list) and isinstance(other, list):
        for index in range(max(len(one), len(other))):
            pair = [each[index] if index < len(each) else None for each in (one, other)]
            if pair[0] != pair[1]:
                yield from differences(pair[0], pair[1], f"{path}[{index}]")
    else:
        yield path, "update"


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if key.replace("_", "").isalnum() else f'{path}["{key}"]'
