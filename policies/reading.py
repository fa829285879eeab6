"""How rules read what clouds take: documents as JSON text, one text or a list of them, numbers as text, tiers.

None of these can fail: what is not what it should be is None, empty or UNKNOWN, and the rule says what that means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policies.rule import UNKNOWN, Answer, Setting, Undecided, dotted, read

TIERS = ("dev", "staging", "prod")


def parsed(value: Any) -> Any:
    """A document that may be given as JSON text. Text that is no JSON cannot be judged: it is UNKNOWN."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return UNKNOWN


def several(value: Any) -> list[Any]:
    """One or many, as a list; nothing is an empty one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def number(value: Any) -> float | None:
    """A number, also where it is written as text; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def filled(value: Any) -> bool:
    """Whether something stands there: a text, a list or a mapping that is not empty."""
    return isinstance(value, str | list | tuple | Mapping) and len(value) > 0


def unknown(value: Any, *paths: tuple[str | int, ...]) -> list[Undecided]:
    """Which of these paths are not known yet."""
    return [Undecided(dotted(*path)) for path in paths if read(value, *path) is UNKNOWN]


def elements(value: Any, *path: str | int) -> Iterator[tuple[str, Any]]:
    """What stands at a path, with where: each element of a list; anything else is one, and nothing is none."""
    found = read(value, *path)
    if isinstance(found, list | tuple):
        yield from ((dotted(*path, number), each) for number, each in enumerate(found))
    elif found is not None:
        yield dotted(*path), found


def named(container: Any) -> str:
    """A container as a message calls it."""
    name = read(container, "name")
    return f"container {name!r}" if isinstance(name, str) else "a container"


def shown(value: Any, default: str) -> str:
    """A value as a message shows it; the cloud's default where there is none."""
    return default if value is None else str(value)


def asked(setting: Setting, answers: Iterable[Answer], *tiers: str) -> Iterable[Answer]:
    """The answers where the rule is asked for in this environment's tier, by its option ``tiers``; else none."""
    wanted = setting.options.get("tiers")
    return answers if setting.tier in (tiers if wanted is None else wanted) else ()


def tiers_schema(*default: str) -> Mapping[str, Any]:
    """Schema of the option ``tiers``: in which environments the rule is asked for."""
    return {
        "tiers": {
            "type": "array",
            "items": {"type": "string", "enum": list(TIERS)},
            "default": list(default),
            "description": "Tiers of the environments in which the rule is asked for.",
        }
    }
