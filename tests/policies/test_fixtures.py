"""Every rule allows, refuses and leaves undecided what its fixtures say, and every rule has some."""

from __future__ import annotations

import pytest

from policies import catalogue
from policies.rule import Resource, Rule, StackRule
from tests.policies.verdicts import fixtures, wrong

RULES = catalogue.load().all
FIXTURES = fixtures()


def test_every_rule_has_a_fixture_and_every_fixture_a_rule() -> None:
    assert set(FIXTURES) == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_its_fixtures_expect(rule: Rule | StackRule) -> None:
    fixture = FIXTURES[rule.id]
    assert fixture.allowed, "at least one that it allows"
    assert fixture.refused, "at least one that it refuses"
    assert list(wrong(rule, fixture)) == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if isinstance(rule, Rule)], ids=lambda rule: rule.id)
def test_a_fixture_is_of_a_type_that_the_rule_looks_at(rule: Rule) -> None:
    fixture = FIXTURES[rule.id]
    examples = (*fixture.allowed, *fixture.refused, *fixture.undecided)
    assert {one.type for one in examples if isinstance(one, Resource)} <= rule.types
