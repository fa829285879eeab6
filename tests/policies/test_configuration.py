"""What the engine says of the stack becomes the situation that rules are judged in."""

from __future__ import annotations

import pytest

from policies import catalogue
from policies.configuration import ConfigurationError, chosen, owner, situation
from policies.levels import Level

IDS = catalogue.load().ids


def test_tier_and_registry_come_from_the_stack_s_configuration() -> None:
    config = {"caas:tier": "staging", "caas:registry": '{"address": "registry.example.com/caas", "username": "x"}'}
    found = situation("eu", "shop", config, preview=True, ids=IDS)
    assert found.setting.tier == "staging"
    assert found.setting.registries == ("registry.example.com/caas",)
    assert (found.stack, found.project, found.preview) == ("eu", "shop", True)


@pytest.mark.parametrize("config", [{}, {"caas:registry": "{}"}, {"caas:registry": '{"address": 3}'}])
def test_without_a_registry_none_is_asked_for_and_without_a_tier_it_is_prod(config: dict[str, str]) -> None:
    found = situation("eu", "shop", config, preview=False, ids=IDS)
    assert found.setting.registries == ()
    assert found.setting.tier == "prod"


def test_whose_the_stack_is_comes_from_its_configuration() -> None:
    found = owner("dev", {"caas:owner": "web", "caas:costCentre": "4711", "caas:logRetention": "30"})
    assert found.tags == {"environment": "dev", "owner": "web", "cost-centre": "4711"}
    assert found.retention == 30
    assert owner("dev", {"caas:logRetention": "long"}).retention is None
    assert owner("dev", {}).tags == {"environment": "dev"}


ANNOUNCED = {"a": Level.ADVISORY, "m": Level.MANDATORY}


def test_an_operator_may_make_rules_stricter_and_choose_remedies() -> None:
    found = chosen({"a": "mandatory", "m": "remediate"}, ANNOUNCED, {"m"})
    assert [set(found.stricter), set(found.remediated)] == [{"a"}, {"m"}]
    assert chosen({"a": "advisory", "m": "mandatory", "of another pack": "disabled"}, ANNOUNCED, ()).stricter == set()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"m": "advisory"}, "rule m is mandatory here and cannot be set to advisory; mend the violation, or waive it"),
        ({"a": "disabled"}, "rule a is advisory here and cannot be set to disabled"),
        ({"a": "remediate"}, "rule a has no remediation; those that have one: m, n"),
    ],
)
def test_what_would_weaken_a_rule_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        chosen(given, ANNOUNCED, {"n", "m"})
    assert str(caught.value).startswith(message)
