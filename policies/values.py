"""What the engine sends, as plain data: unknowns become ``UNKNOWN``, secrets their plain value.

A rule must see a secret to judge it and must never repeat it. So the texts of all secrets are kept beside the data,
and whatever a rule says goes through ``without_secrets`` before it leaves the pack.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from policies.rule import UNKNOWN

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a value which is more than plain data."""

SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark of the engine's protocol
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"

UNKNOWNS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""How the engine writes a value that is not known yet, one text for each kind of value."""

SHORTEST = 4
"""Characters of a secret text that is worth hiding: hiding ``1`` would hide half of every message."""

SHORTEST_INSIDE = 8
"""The same for a text inside a secret document: most short ones there are names."""

HIDDEN = "[secret]"


@dataclass(frozen=True)
class Plain:
    """A resource's properties, and the texts in them that may not be repeated."""

    properties: Mapping[str, Any]
    secrets: frozenset[str] = frozenset()


@dataclass
class _Reader:
    secrets: set[str] = field(default_factory=set)

    def mapping(self, fields: Mapping[str, Any], secret: bool) -> Any:
        mark = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
        if mark == SECRET:
            return self.value(fields["value"], True) if "value" in fields else UNKNOWN
        if mark == OUTPUT:
            hidden = secret or ("secret" in fields and fields["secret"].bool_value)
            return self.value(fields["value"], hidden) if "value" in fields else UNKNOWN
        if mark == RESOURCE:
            return fields["urn"].string_value if "urn" in fields else UNKNOWN
        return {key: self.value(each, secret) for key, each in fields.items() if key != SIGNATURE}

    def value(self, value: Any, secret: bool) -> Any:
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            return self.text(value.string_value, secret)
        if kind == "struct_value":
            return self.mapping(value.struct_value.fields, secret)
        if kind == "list_value":
            return [self.value(each, secret) for each in value.list_value.values]
        if kind == "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        return value.bool_value if kind == "bool_value" else None

    def text(self, text: str, secret: bool) -> Any:
        if text in UNKNOWNS:
            return UNKNOWN
        if secret:
            self.secrets.add(text)
            if text[:1] in ("{", "["):
                self.secrets.update(_leaves(text))
        return text


def _leaves(text: str) -> Iterator[str]:
    """The texts inside a secret JSON document, such as a task's containers: a rule reads on in it."""
    try:
        waiting = [json.loads(text)]
    except ValueError:
        return
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, str) and len(found) >= SHORTEST_INSIDE:
            yield found


def plain(properties: Struct) -> Plain:
    """Properties as they came over the wire, as plain data.

    Assets and archives become mappings with ``path``, ``text``, ``uri`` or ``assets``; whole numbers become int.
    """
    reader = _Reader()
    found = reader.mapping(properties.fields, False)
    secrets = frozenset(text for text in reader.secrets if len(text) >= SHORTEST)
    return Plain(found if isinstance(found, Mapping) else {}, secrets)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced, as it is and as Python quotes it; the longest first, for one may be a part
    of another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN).replace(repr(secret)[1:-1], HIDDEN)
    return text
