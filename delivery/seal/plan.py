"""What stands in a plan, and how two of them differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

PARTS = ("commit", "configuration", "state", "policies", "tools", "images", "steps")
"""The parts that must not move, in the order in which they are named."""
Name = tuple[str, str]
"""A thing, and the property of it that is meant; empty for the thing itself."""
GONE = "(not there)"
MOST = 20
"""Lines that are shown of what has moved."""


def moved(sealed: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[str]]:
    """Part -> what of it has moved, from what to what. Only parts that both have are compared."""
    found = {
        part: list(_differences(_named(part, sealed[part]), _named(part, now[part])))
        for part in PARTS
        if part in sealed and part in now
    }
    return {part: lines for part, lines in found.items() if lines}


def missing(sealed: Mapping[str, Any]) -> list[str]:
    """The parts that a whole plan has and this one lacks."""
    return [part for part in PARTS if not isinstance(sealed.get(part), list if part == "steps" else dict)]


def _differences(old: Mapping[Name, str], new: Mapping[Name, str]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        was, is_ = old.get(name, GONE), new.get(name, GONE)
        if was != is_:
            yield f"{' '.join(part for part in (_short(name[0]), name[1]) if part)}: {was} -> {is_}"


def _named(part: str, content: Any) -> dict[Name, str]:
    """A part as texts, each by its name."""
    if part == "steps":
        return dict(_steps(content))
    return {(str(name), ""): str(value) for name, value in content.items()}


def _steps(content: list[Mapping[str, Any]]) -> Iterator[tuple[Name, str]]:
    for step in content:
        urn = str(step["urn"])
        yield (urn, ""), str(step["operation"])
        for path, value in step["inputs"].items():
            yield (urn, str(path)), str(value)


def _short(urn: str) -> str:
    """``aws:ecs/service:Service shop-service``: what a person needs of a URN to place it."""
    parts = urn.split("::")
    return urn if len(parts) < 4 else f"{parts[2].rpartition('$')[2]} {'::'.join(parts[3:])}"
