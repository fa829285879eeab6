"""All rules of the pack, collected from the modules that hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType

from policies.rule import Rule, StackRule

MODULES = ("supply_chain", "environment", "kubernetes", "stack", "aws", "gcp", "azure", "iam")
"""Modules with ``RULES`` or ``STACK_RULES``, in the order of the reference."""

RESERVED = frozenset({"all", "waivers", "levels"})
"""Names that the engine or the pack itself uses."""


@dataclass(frozen=True)
class Catalogue:
    """Rules over single resources, and over the whole stack."""

    rules: tuple[Rule, ...]
    stack_rules: tuple[StackRule, ...]

    def __post_init__(self) -> None:
        counts = Counter(rule.id for rule in self.all)
        twice = sorted(id_ for id_, count in counts.items() if count > 1)
        if twice or RESERVED & counts.keys():
            raise ValueError(f"rule ids used twice: {twice}; reserved: {sorted(RESERVED & counts.keys())}")

    @property
    def all(self) -> tuple[Rule | StackRule, ...]:
        """Every rule."""
        return (*self.rules, *self.stack_rules)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The id of every rule."""
        return frozenset(rule.id for rule in self.all)

    @cached_property
    def by_type(self) -> dict[str, tuple[Rule, ...]]:
        """Resource type -> the rules that look at it."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for type_ in rule.types:
                found.setdefault(type_, []).append(rule)
        return {type_: tuple(rules) for type_, rules in found.items()}

    def of(self, id_: str) -> Rule | StackRule:
        """The rule of that id. Raises KeyError."""
        return next(iter(rule for rule in self.all if rule.id == id_))


def collected(modules: Iterable[ModuleType]) -> Catalogue:
    """The rules of these modules."""
    found = tuple(modules)
    return Catalogue(
        rules=tuple(rule for module in found for rule in getattr(module, "RULES", ())),
        stack_rules=tuple(rule for module in found for rule in getattr(module, "STACK_RULES", ())),
    )


def load() -> Catalogue:
    """The pack's own rules."""
    return collected(import_module(f"policies.{name}") for name in MODULES)
