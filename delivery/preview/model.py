"""A preview as plain data: what would change, what the rules say of it, and what the engine had to say beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Operation(Enum):
    """What would happen to a resource; the order is that in which people are told."""

    REPLACE = "replace"
    DELETE = "delete"
    CREATE = "create"
    UPDATE = "update"
    IMPORT = "import"
    READ = "read"


@dataclass(frozen=True)
class Property:
    """One property that would change. Values are short texts, secrets masked; None where there is none."""

    path: str
    """``spec.template.spec.containers[0].image``."""
    old: str | None
    new: str | None
    replaces: bool = False
    """It is what forces the replacement."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {"path": self.path, "old": self.old, "new": self.new, "replaces": self.replaces}


@dataclass(frozen=True)
class Change:
    """One resource that would change."""

    operation: Operation
    urn: str
    type: str
    properties: tuple[Property, ...] = ()
    """What differs, of an update or a replacement."""
    before: Mapping[str, Any] | None = field(default=None, repr=False)
    """Its inputs now, as the engine shows them; None for one that does not exist."""
    after: Mapping[str, Any] | None = field(default=None, repr=False)
    """Its inputs then; None for one that goes."""

    @property
    def name(self) -> str:
        """The last part of its URN."""
        return self.urn.rpartition("::")[2]

    @property
    def parent(self) -> str:
        """The component types that it stands in, as its URN has them: ``caas:aws:Service``."""
        return self.urn.split("::")[2].rpartition("$")[0] if self.urn.count("::") > 2 else ""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "operation": self.operation.value,
            "type": self.type,
            "name": self.name,
            "urn": self.urn,
            "properties": [one.document() for one in self.properties],
        }


class Verdict(Enum):
    """How a rule of the policy pack ended."""

    VIOLATION = "violation"
    UNDECIDED = "undecided"
    """It needs a value that only an apply will know."""
    WARNING = "warning"
    WAIVED = "waived"


@dataclass(frozen=True)
class PolicyResult:
    """What one rule said of one resource."""

    verdict: Verdict
    rule: str
    message: str
    resource: str
    """Name of the resource; empty for a rule over the whole stack."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "verdict": self.verdict.value,
            "rule": self.rule,
            "resource": self.resource,
            "message": self.message,
        }


@dataclass(frozen=True)
class Resource:
    """One resource that the stack has now or will have: what prices and seals look at, changed or not."""

    urn: str
    type: str
    parent: str | None
    """URN of its component."""
    inputs: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Preview:
    """Everything that a preview found."""

    changes: tuple[Change, ...]
    unchanged: int
    policies: tuple[PolicyResult, ...] = ()
    packs: Mapping[str, str] = field(default_factory=dict)
    """Name of each policy pack that was asked -> its version."""
    errors: tuple[str, ...] = ()
    before: tuple[Resource, ...] = field(default=(), repr=False)
    after: tuple[Resource, ...] = field(default=(), repr=False)

    def count(self, operation: Operation) -> int:
        """How many resources this would happen to."""
        return sum(change.operation is operation for change in self.changes)

    @property
    def counts(self) -> dict[str, int]:
        """Operation -> number, those that occur, the gravest first."""
        return {each.value: self.count(each) for each in Operation if self.count(each)}

    def said(self, verdict: Verdict) -> tuple[PolicyResult, ...]:
        """The results with this verdict."""
        return tuple(result for result in self.policies if result.verdict is verdict)
