"""What a rule's options change: in which environments it is asked for, and how long logs are kept."""

from __future__ import annotations

import pytest

from policies.aws.logs import RULES
from policies.reading import TIERS
from policies.rule import Resource, Rule, Setting, StackRule
from tests.policies import messages

TIERED = [(domain, rule) for domain in messages.DOMAINS for rule in messages.rules(domain) if "tiers" in rule.schema]


@pytest.mark.parametrize(("domain", "rule"), TIERED, ids=[rule.id for _, rule in TIERED])
def test_a_rule_is_asked_for_where_its_schema_says(domain: str, rule: Rule | StackRule) -> None:
    for example in messages.fixture(domain, rule.id).refused:
        answered = [tier for tier in TIERS if messages.answers(rule, Setting(tier=tier), example)]
        assert answered == rule.schema["tiers"]["default"]
        everywhere = Setting(tier="dev", options={"tiers": ["dev"]})
        assert messages.answers(rule, everywhere, example)


@pytest.mark.parametrize(("kept", "message"), [(30, []), (29, ["29 days"]), (None, ["0 days"])])
def test_logs_are_kept_as_long_as_the_option_says(kept: int | None, message: list[str]) -> None:
    rule = next(each for each in RULES if each.id == "log-retention")
    group = Resource("aws:cloudwatch/logGroup:LogGroup", "web", {"retentionInDays": kept})
    wanted = [
        f"retentionInDays: logs are kept for {each}, and 0 is for ever; set retentionInDays to 30 or more"
        for each in message
    ]
    assert messages.answers(rule, Setting(options={"days": 30}), group) == wanted
