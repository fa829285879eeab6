"""What differs between two environments, and whether it may. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from delivery.parity.allowed import Allowed
from delivery.parity.graph import Graph, Node

ABSENT = "-"
"""Stands for what one of the two does not have."""
WHOLE = ""
"""Path of a difference that is the resource itself: one of the two does not declare it, or not as many of it."""


@dataclass(frozen=True)
class Difference:
    """One property, or one resource as a whole, that two environments declare differently."""

    type: str
    name: str
    path: str
    """``spec.template.spec.containers[hello].livenessProbe.httpGet.path``; empty for the resource as a whole."""
    left: str
    right: str
    stacks: tuple[str, str]
    tiers: tuple[str, str]
    allowed: Allowed | None = None

    @property
    def reason(self) -> str | None:
        """Why it may be; None where it may not."""
        return self.allowed.reason if self.allowed else None

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "type": self.type,
            "name": self.name,
            "path": self.path,
            "stacks": list(self.stacks),
            "values": [self.left, self.right],
            "allowed": self.reason,
        }


@dataclass(frozen=True)
class Report:
    """All differences between the environments that were compared."""

    stacks: tuple[str, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know besides, such as a feature that two platforms have by different means."""

    @property
    def refused(self) -> tuple[Difference, ...]:
        """Those that may not be."""
        return tuple(one for one in self.differences if one.allowed is None)

    @property
    def accepted(self) -> tuple[Difference, ...]:
        """Those that may."""
        return tuple(one for one in self.differences if one.allowed is not None)

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "stacks": list(self.stacks),
            "same": not self.refused,
            "refused": [one.document() for one in self.refused],
            "allowed": [one.document() for one in self.accepted],
            "notes": list(self.notes),
        }


def compare(left: Graph, right: Graph, allowed: Sequence[Allowed]) -> tuple[Difference, ...]:
    """Every difference between two graphs of one platform, those that may be marked as such."""
    return tuple(judged(one, allowed) for one in _differences(left, right))


def judged(one: Difference, allowed: Sequence[Allowed]) -> Difference:
    """The difference with the entry of the list that allows it, where there is one."""
    absent = ABSENT in (one.left, one.right)
    entries = (each for each in allowed if each.covers(one.type, one.name, one.path, one.tiers, absent=absent))
    entry = next(entries, None)
    return replace(one, allowed=entry)


def _differences(left: Graph, right: Graph) -> Iterator[Difference]:
    for type_, name in sorted({*left.nodes, *right.nodes}):
        mine, theirs = left.nodes.get((type_, name), ()), right.nodes.get((type_, name), ())
        found = _properties(mine, theirs) if mine and theirs else {}
        if len(mine) != len(theirs):
            found[WHOLE] = (_count(mine), _count(theirs))
        for path, values in sorted(found.items()):
            yield Difference(type_, name, path, *values, (left.stack, right.stack), (left.tier, right.tier))


def _count(nodes: tuple[Node, ...]) -> str:
    return f"{len(nodes)} declared" if nodes else ABSENT


def _properties(mine: tuple[Node, ...], theirs: tuple[Node, ...]) -> dict[str, tuple[str, str]]:
    """Path -> the values of both.

    Where each zone has a resource, how many there are is no difference of their properties. Each is held against the
    nearest of the other side, in both directions, so that the odd one of one zone is seen.
    """
    found: dict[str, tuple[str, str]] = {}
    for one in mine:
        nearest = min(theirs, key=lambda other: _distance(one, other))
        found |= _differing(one, nearest)
    for one in theirs:
        nearest = min(mine, key=lambda other: _distance(one, other))
        found = {**_differing(nearest, one), **found}
    return found


def _distance(left: Node, right: Node) -> int:
    return len(left.properties.items() ^ right.properties.items())


def _differing(left: Node, right: Node) -> dict[str, tuple[str, str]]:
    paths = {path for path, _ in left.properties.items() ^ right.properties.items()}
    return {path: (left.properties.get(path, ABSENT), right.properties.get(path, ABSENT)) for path in paths}
