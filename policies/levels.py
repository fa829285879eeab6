"""Which rule refuses in which environment, from ``levels.yaml``, and which environment this is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from policies.documents import Document

FILE = Path(__file__).parent / "levels.yaml"

TIERS = ("dev", "staging", "prod")
"""From the most lenient to the strictest."""


class Level(Enum):
    """What a violation does. No rule is ever switched off: a violation that is meant is waived, by name."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


@dataclass(frozen=True)
class Levels:
    """Levels by tier, the rules that refuse everywhere, and the exceptions."""

    tiers: Mapping[str, Level]
    always: frozenset[str]
    rules: Mapping[str, Mapping[str, Level]]

    def of(self, rule: str, tier: str) -> Level:
        """What a violation of the rule does in an environment of that tier."""
        if rule in self.always:
            return Level.MANDATORY
        return self.rules.get(rule, {}).get(tier, self.tiers[tier])


def load(ids: Collection[str], path: Path = FILE) -> Levels:
    """Read and check the file. Raises `DataError` with the file and the line."""
    document = Document.load(path)
    root = document.root
    if not isinstance(root, Mapping) or "tiers" not in root:
        raise document.fault(root, "the file is a mapping with tiers, always and rules; restore tiers")
    document.only(root, ("tiers", "always", "rules"), "the file")
    tiers = _by_tier(document, root, "tiers", "tiers")
    if missing := [tier for tier in TIERS if tier not in tiers]:
        raise document.fault(root, f"tiers lacks {', '.join(missing)}; say advisory or mandatory for each", "tiers")
    always = root.get("always") or []
    if not isinstance(always, list):
        raise document.fault(root, "always is a list of rule ids", "always")
    for number, id_ in enumerate(always):
        if id_ not in ids:
            raise document.fault(always, f"there is no rule {id_!r}; remove it, or mend the id", number)
    rules = {}
    for id_ in root.get("rules") or {}:
        if id_ not in ids:
            raise document.fault(root["rules"], f"there is no rule {id_!r}; remove it, or mend the id", id_)
        if id_ in always:
            raise document.fault(root["rules"], f"{id_} stands in always too; remove one of the two", id_)
        rules[id_] = _by_tier(document, root["rules"], id_, id_)
    return Levels(tiers, frozenset(always), rules)


def _by_tier(document: Document, at: Any, key: str, what: str) -> dict[str, Level]:
    found = {}
    given = document.mapping(at, key, TIERS, what)
    for tier, text in given.items():
        if text not in {level.value for level in Level}:
            raise document.fault(given, f"{text!r} is no level; write advisory or mandatory", tier)
        found[tier] = Level(text)
    return found


def tier(stack: str, config: Mapping[str, str], namespace: str = "caas") -> str:
    """The environment's tier, by what the engine says of the stack: its configuration, or its name.

    Where both name one, the stricter counts; where neither does, prod. Resources are not asked: a label is an input
    of the program, and a rule must not be lenient because of what it judges.
    """
    named = [text for text in (stack, config.get(f"{namespace}:tier", "")) if text in TIERS]
    return max(named, key=TIERS.index, default="prod")
