"""What the rules of the clouds say, to the letter, and of what: a text that changes is seen."""

from __future__ import annotations

import pytest

from tests.policies import messages

EVERY = [(domain, rule.id) for domain in messages.DOMAINS for rule in messages.rules(domain)]


@pytest.mark.parametrize("domain", messages.DOMAINS)
def test_the_rules_say_what_was_reviewed(domain: str) -> None:
    reviewed = (messages.DIRECTORY / f"{domain}.txt").read_text(encoding="utf-8")
    assert messages.text(domain) == reviewed, f"after a review: {messages.REGENERATE}"


@pytest.mark.parametrize(("domain", "rule"), EVERY, ids=[rule for _, rule in EVERY])
def test_a_rule_says_nothing_of_what_it_allows(domain: str, rule: str) -> None:
    shown = messages.fixture(domain, rule)
    found = next(each for each in messages.rules(domain) if each.id == rule)
    assert shown.allowed
    assert [messages.answers(found, shown.setting, each) for each in shown.allowed] == [[] for _ in shown.allowed]


@pytest.mark.parametrize(("domain", "rule"), EVERY, ids=[rule for _, rule in EVERY])
def test_what_is_refused_is_a_violation_and_what_is_undecided_is_none(domain: str, rule: str) -> None:
    shown = messages.fixture(domain, rule)
    found = next(each for each in messages.rules(domain) if each.id == rule)
    assert all(any(": " in line for line in messages.answers(found, shown.setting, each)) for each in shown.refused)
    undecided = [messages.answers(found, shown.setting, each) for each in shown.undecided]
    assert all(lines and all(line.endswith("?") for line in lines) for lines in undecided)


@pytest.mark.parametrize("domain", messages.DOMAINS)
def test_no_message_repeats_a_secret(domain: str) -> None:
    assert "Summer-24" not in messages.text(domain)
