"""The engine's property values as short texts with paths: secrets masked, what is not known yet said so. Pure.

The engine masks secrets in its events with the same word as ``delivery.masking``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from delivery.masking import MASK

UNKNOWN = "(known after the apply)"
LONGEST = 120
"""Characters of a value that are shown."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a secret, an asset or another special value in the engine's JSON."""
_MASKED = "1b47061264138c4ac30d75fd1eb44270"
"""What it marks a secret with."""
_UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What the engine writes where a string, boolean, number, list, asset, archive or object is not known yet."""
_INTERNAL = frozenset({"__defaults", "__internal", "__pulumi_raw_state_delta", "__inputs", "__autonamed"})


def known(value: Any) -> bool:
    """Is this a value that the preview knows?"""
    return not (isinstance(value, str) and any(mark in value for mark in _UNKNOWNS))


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Every single value below this one: its path -> its whole text. A text of JSON is read like what it holds."""
    return dict(_leaves(value, path))


def short(text: str) -> str:
    """What is shown of it: one line, the end cut off where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    value = _opened(value)
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == _MASKED:
            yield path, MASK
            return
        shown = {key: item for key, item in value.items() if key not in _INTERNAL}
        for key in sorted(shown):
            yield from _leaves(shown[key], _below(path, str(key)))
        if not shown and path:
            yield path, "{}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{number}]")
        if not value:
            yield path, "[]"
    elif value is not None:
        yield path, _text(value)


def _opened(value: Any) -> Any:
    """A text that holds a JSON object or list is shown by what is in it; any other value stays."""
    if isinstance(value, str) and value[:1] in ("{", "[") and value != MASK:
        try:
            found = json.loads(value)
        except ValueError:
            return value
        return found if isinstance(found, dict | list) else value
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str):
        for mark in _UNKNOWNS:
            value = value.replace(mark, UNKNOWN)
    return str(value)


def _below(path: str, key: str) -> str:
    if not key.replace("_", "").replace("-", "").isalnum():
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key
