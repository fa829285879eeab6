"""Violations that are meant: ``waivers.yaml``, read, checked, and matched against resources.

A waiver is narrow (a rule and a URN), owned, reasoned and bounded in time. One that has expired, or that covers
nothing any more, fails until somebody removes it, so that the list never grows old unread.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from policies.documents import Document

FILE = Path(__file__).parent / "waivers.yaml"

KEYS = ("rule", "resource", "owner", "reason", "expires")

SOON = 14
"""Days before its end from which a waiver warns."""

SHORTEST_REASON = 20
"""Characters; less is no reason that somebody else could judge."""

_REASONS = re.compile(r"^(todo|tbd|n/?a|none|temporary|because|test(ing)?|fix later)\b", re.IGNORECASE)


class PatternError(ValueError):
    """A pattern that is no URN, or that would cover more than anybody meant."""


@dataclass(frozen=True)
class Pattern:
    """The four parts of a resource's URN, each with ``*`` for any characters of that part."""

    stack: str
    project: str
    type: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read ``urn:pulumi:STACK::PROJECT::TYPE::NAME``. Raises `PatternError` with the remedy."""
        shape = "write urn:pulumi:STACK::PROJECT::TYPE::NAME, as the preview shows it"
        if not text.startswith("urn:pulumi:"):
            raise PatternError(f"{text!r} is no URN; {shape}")
        parts = text.removeprefix("urn:pulumi:").split("::", 3)
        if len(parts) != 4 or not all(parts):
            raise PatternError(f"{text!r} has not the four parts of a URN; {shape}")
        found = cls(*parts)
        if "*" in found.type.rpartition("$")[2]:
            raise PatternError(f"{text!r} must spell out the resource's own type; `*` may stand for its parents only")
        if "*" in found.stack and not found.name.replace("*", ""):
            raise PatternError(
                f"{text!r} names neither a stack nor a part of a name; name one, or it covers everything"
            )
        return found

    def of_stack(self, stack: str, project: str) -> bool:
        """Whether it can cover a resource of that stack."""
        return _like(self.stack, stack) and _like(self.project, project)

    def matches(self, urn: str) -> bool:
        """Whether it covers the resource."""
        parts = urn.removeprefix("urn:pulumi:").split("::", 3)
        if len(parts) != 4:
            return False
        stack, project, type_, name = parts
        own = type_.rpartition("$")[2]
        typed = self._type(type_) if "$" in self.type else self.type == own
        return typed and self.of_stack(stack, project) and _like(self.name, name)

    def _type(self, type_: str) -> bool:
        mine, theirs = self.type.split("$"), type_.split("$")
        return len(mine) == len(theirs) and all(_like(one, other) for one, other in zip(mine, theirs, strict=True))


def _like(pattern: str, text: str) -> bool:
    """Only ``*`` is special: ``?`` and ``[`` may stand in names and mean themselves."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None


@dataclass(frozen=True)
class Waiver:
    """One entry of the file."""

    rule: str
    resource: str
    owner: str
    reason: str
    expires: date
    """The last day on which it counts."""
    place: str = "policies/waivers.yaml"
    """File and line."""

    @cached_property
    def pattern(self) -> Pattern:
        """The resource, read."""
        return Pattern.parse(self.resource)

    def expired(self, today: date) -> bool:
        """Whether it counts no more."""
        return today > self.expires

    def days(self, today: date) -> int:
        """Days that it still counts; 0 on the last."""
        return (self.expires - today).days


@dataclass(frozen=True)
class Waivers:
    """All of them."""

    entries: tuple[Waiver, ...] = ()

    def covering(self, rule: str, urn: str, today: date) -> Waiver | None:
        """The waiver that covers a violation, among those that have not expired."""
        for waiver in self.entries:
            if waiver.rule == rule and not waiver.expired(today) and waiver.pattern.matches(urn):
                return waiver
        return None


def load(ids: Collection[str], path: Path = FILE) -> Waivers:
    """Read and check the file. Raises `DataError` with the file and the line of the first fault."""
    document = Document.load(path)
    root = document.root
    if not isinstance(root, Mapping):
        raise document.fault(root, "the file is a mapping with the key waivers; write `waivers: []` for none")
    document.only(root, ("waivers",), "the file")
    listed = root.get("waivers") or []
    if not isinstance(listed, list):
        raise document.fault(root, "waivers is a list", "waivers")
    return Waivers(tuple(_waiver(document, listed, number, ids) for number in range(len(listed))))


def _waiver(document: Document, listed: Any, number: int, ids: Collection[str]) -> Waiver:
    entry = document.mapping(listed, number, KEYS, "a waiver")
    if missing := [key for key in KEYS if not entry.get(key)]:
        raise document.fault(listed, f"the waiver lacks {', '.join(missing)}; each of the five keys is needed", number)
    for key in KEYS[:-1]:
        if not isinstance(entry[key], str):
            raise document.fault(entry, f"{key} is text; quote it", key)
    if entry["rule"] not in ids:
        raise document.fault(
            entry, f"there is no rule {entry['rule']!r}; docs/reference/policies.md lists them", "rule"
        )
    if type(entry["expires"]) is not date:
        raise document.fault(entry, f"expires is a day such as 2026-12-31, not {entry['expires']!r}", "expires")
    reason = entry["reason"].strip()
    if len(reason) < SHORTEST_REASON or _REASONS.match(reason):
        limit = f"a reason is a sentence of at least {SHORTEST_REASON} characters that says why the risk is taken"
        raise document.fault(entry, f"{limit}, and what ends it", "reason")
    try:
        Pattern.parse(entry["resource"])
    except PatternError as error:
        raise document.fault(entry, str(error), "resource") from None
    place = document.place(listed, number)
    return Waiver(entry["rule"], entry["resource"], entry["owner"], reason, entry["expires"], place)
