"""Every rule of every module, once; and each says what a reader and a report need."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from policies import catalogue
from policies.catalogue import Catalogue, collected
from policies.rule import Rule, Severity, StackRule
from tests.projects import ROOT

RULES = catalogue.load().all


def rule(id_: str) -> Rule:
    """A rule that finds nothing."""
    return Rule(id_, "Title.", Severity.LOW, "Reason.", "Remedy.", frozenset({"a:b:C"}), lambda *_: ())


def test_an_id_is_one_rule_s() -> None:
    with pytest.raises(ValueError, match=r"rule ids used twice: \['one'\]"):
        Catalogue((rule("one"), rule("two"), rule("one")), ())
    stack_rule = StackRule("one", "Title.", Severity.LOW, "Reason.", "Remedy.", lambda *_: ())
    with pytest.raises(ValueError, match=r"rule ids used twice: \['one'\]"):
        Catalogue((rule("one"),), (stack_rule,))


@pytest.mark.parametrize("id_", ["all", "waivers", "levels"])
def test_an_id_is_no_word_of_the_engine_or_the_pack(id_: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"reserved: ['{id_}']")):
        Catalogue((rule(id_),), ())


def test_rules_are_collected_from_modules_in_order() -> None:
    first, second, neither = ModuleType("first"), ModuleType("second"), ModuleType("neither")
    first.RULES = (rule("b"),)  # type: ignore[attr-defined]
    second.RULES = (rule("a"),)  # type: ignore[attr-defined]
    found = collected((first, neither, second))
    assert [one.id for one in found.all] == ["b", "a"]
    assert found.by_type == {"a:b:C": (found.of("b"), found.of("a"))}


def test_every_module_with_rules_is_in_the_list() -> None:
    listed = {name.partition(".")[0] for name in catalogue.MODULES}
    holding = {
        path.relative_to(ROOT / "policies").parts[0].removesuffix(".py")
        for path in Path(ROOT / "policies").rglob("*.py")
        if re.search(r"^(STACK_)?RULES\b", path.read_text(), re.MULTILINE)
    }
    assert holding == listed


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.id)
def test_a_rule_says_what_a_reader_needs(one: Rule | StackRule) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", one.id)
    for text in (one.title, one.reason, one.remedy):
        assert text.strip() == text
        assert len(text) > 15
        assert text.endswith((".", "…"))
    assert len(one.title) <= 120
    assert all(isinstance(schema, dict) and "description" in schema for schema in one.schema.values())
    if isinstance(one, Rule):
        assert one.types
