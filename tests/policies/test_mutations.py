"""Break every rule in every way that ``mutation.py`` knows: its fixtures must notice."""

from __future__ import annotations

import pytest

from policies import catalogue
from policies.rule import Rule, StackRule
from tests.policies.mutation import mutants
from tests.policies.verdicts import fixtures, wrong

RULES = catalogue.load().all
FIXTURES = fixtures()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_broken_rule_is_noticed(rule: Rule | StackRule) -> None:
    every = list(mutants(rule))
    survived = [mutant.what for mutant in every if not list(wrong(mutant.rule, FIXTURES[rule.id]))]
    assert every, "nothing in the rule can be broken, so nothing in it decides"
    assert survived == []
