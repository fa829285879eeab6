"""Rules applied to resources: levels, what is not known, waivers, and rules that fail themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from policies.catalogue import Catalogue
from policies.judge import Finding, Judge, Kind, Situation
from policies.levels import Level, Levels
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, StackRule, Violation, judged, read
from policies.waivers import Waiver, Waivers

POD = "kubernetes:core/v1:Pod"
TODAY = date(2026, 6, 1)
STACK = "urn:pulumi:staging::caas::pulumi:pulumi:Stack::caas-staging"
LEVELS = Levels(
    {"dev": Level.ADVISORY, "staging": Level.MANDATORY, "prod": Level.MANDATORY}, frozenset({"leak"}), {"pair": {}}
)


def _open(resource: Resource, _: Setting) -> Iterator[Answer]:
    for name in ("first", "second"):
        yield from judged(resource.properties, (name,), lambda found: found == "open", f"{name} is open")


def _broken(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(resource.properties, ("first",), lambda found: found == "open", "first is open")
    if resource.properties["second"] == "open":
        yield from ()
    raise LookupError(resource.properties["second"])


def _limit(resource: Resource, setting: Setting) -> Iterator[Answer]:
    limit = setting.options.get("limit", 3)
    yield from judged(resource.properties, ("size",), lambda found: (found or 0) > limit, f"more than {limit}")


def _pair(resources: tuple[Resource, ...], _: Setting) -> Iterator[tuple[Resource | None, Answer]]:
    for resource in resources:
        for answer in judged(resource.properties, ("pair",), lambda found: found == "wrong", "the pair disagrees"):
            yield resource, answer
    if not any(read(resource.properties, "alarm") for resource in resources if resource.type == POD):
        yield from ((None, answer) for answer in judged({}, (), lambda _: True, "no alarm"))


def rule(id_: str, check: Any) -> Rule:
    """A rule for pods."""
    return Rule(id_, f"Title of {id_}.", Severity.HIGH, "Reason.", f"Mend {id_}.", frozenset({POD}), check)


CATALOGUE = Catalogue(
    (rule("open", _open), rule("broken", _broken), rule("limit", _limit), rule("leak", _open)),
    (StackRule("pair", "Title of pair.", Severity.LOW, "Reason.", "Mend pair.", _pair),),
)


def pod(**properties: Any) -> Resource:
    """A pod, of stack staging."""
    return Resource(POD, "web", properties, f"urn:pulumi:staging::caas::{POD}::web")


def judge(tier: str = "staging", *waivers: Waiver, **changes: Any) -> Judge:
    """A judge of stack staging."""
    situation = Situation(Setting(tier), LEVELS, Waivers(waivers), TODAY, "staging", "caas", **changes)
    return Judge(CATALOGUE, situation)


def waiver(rule_: str = "open", expires: date = date(2026, 12, 31), resource: str = pod().urn) -> Waiver:
    """A waiver for the pod."""
    return Waiver(rule_, resource, "web-team", "It is known.", expires, "policies/waivers.yaml:7")


def of(found: list[Finding], rule_: str) -> list[tuple[Kind, Level, str]]:
    """What one rule found."""
    return [(one.kind, one.level, one.message) for one in found if one.rule == rule_]


def test_a_violation_says_what_where_and_the_remedy() -> None:
    (found,) = [one for one in judge().resource(pod(first="open", second="shut")) if one.rule == "open"]
    assert found.message == "Title of open.\nfirst is open (first)\nRemedy: Mend open."
    assert found.urn == pod().urn


@pytest.mark.parametrize(
    ("tier", "rule_", "level"),
    [
        ("dev", "open", Level.ADVISORY),
        ("staging", "open", Level.MANDATORY),
        ("prod", "open", Level.MANDATORY),
        ("dev", "leak", Level.MANDATORY),
    ],
)
def test_the_tier_sets_the_level(tier: str, rule_: str, level: Level) -> None:
    assert {one[1] for one in of(judge(tier).resource(pod(first="open")), rule_)} == {level}


def test_one_unknown_hides_no_violation_of_the_same_rule_or_of_another() -> None:
    found = judge().resource(pod(first=UNKNOWN, second="open", size=9))
    assert of(found, "open") == [
        (Kind.UNDECIDED, Level.ADVISORY, "undecided: first is not known yet; Title of open."),
        (Kind.VIOLATION, Level.MANDATORY, "Title of open.\nsecond is open (second)\nRemedy: Mend open."),
    ]
    assert [one[0] for one in of(found, "limit")] == [Kind.VIOLATION]


def test_an_unknown_in_a_stack_ends_no_rule() -> None:
    found = of(judge().stack((pod(pair=UNKNOWN, alarm=1), pod(pair="wrong"))), "pair")
    assert [one[0] for one in found] == [Kind.UNDECIDED, Kind.VIOLATION]


@pytest.mark.parametrize(
    ("tier", "preview", "rule_", "level"),
    [
        ("prod", True, "open", Level.ADVISORY),
        ("prod", False, "open", Level.MANDATORY),
        ("dev", False, "open", Level.ADVISORY),
        ("dev", False, "leak", Level.MANDATORY),
    ],
)
def test_what_even_the_update_does_not_know_is_refused(tier: str, preview: bool, rule_: str, level: Level) -> None:
    ((kind, found, message),) = of(judge(tier, preview=preview).resource(pod(first=UNKNOWN)), rule_)
    assert (kind, found) == (Kind.UNDECIDED, level)
    assert message.startswith("undecided: first is ")


def test_a_rule_that_fails_has_not_passed_and_says_no_value() -> None:
    found = of(judge().resource(pod(first="open", second="a-password")), "broken")
    assert [one[:2] for one in found] == [(Kind.VIOLATION, Level.MANDATORY)] * 2
    assert "first is open" in found[0][2]
    assert "the rule broken itself failed (LookupError at line " in found[1][2]
    assert "a-password" not in found[1][2]


def test_a_rule_that_takes_an_unknown_for_a_value_has_not_passed() -> None:
    def careless(resource: Resource, _: Setting) -> Iterator[Answer]:
        if resource.properties["first"]:
            yield Violation("first is set")

    catalogue = Catalogue((rule("careless", careless),), ())
    (found,) = Judge(catalogue, judge().situation).resource(pod(first=UNKNOWN))
    assert "itself failed (TypeError" in found.message
    assert found.level is Level.MANDATORY


def test_a_stack_rule_that_fails_is_about_the_stack() -> None:
    def failing(_: tuple[Resource, ...], __: Setting) -> Iterator[tuple[Resource | None, Answer]]:
        raise KeyError("x")

    catalogue = Catalogue((), (StackRule("failing", "Title.", Severity.LOW, "", "", failing),))
    (found,) = Judge(catalogue, judge().situation).stack((pod(),))
    assert (found.urn, found.level) == (STACK, Level.MANDATORY)


def test_what_is_about_the_stack_has_the_stack_s_urn() -> None:
    (found,) = [one for one in judge().stack((pod(),)) if one.rule == "pair"]
    assert found.urn == STACK


def test_a_waived_violation_is_listed_with_its_reason_and_refuses_nothing() -> None:
    reviewer = judge("staging", waiver())
    found = of(reviewer.resource(pod(first="open")), "open")
    text = "waived: first is open (first); web-team until 2026-12-31: It is known."
    assert found == [(Kind.WAIVED, Level.ADVISORY, text)]
    assert of(reviewer.stack((pod(alarm=1),)), "waivers") == []


def test_a_waiver_waives_its_own_rule_only() -> None:
    found = judge("staging", waiver()).resource(pod(first="open"))
    assert [one[:2] for one in of(found, "leak")] == [(Kind.VIOLATION, Level.MANDATORY)]


def test_a_stack_rule_can_be_waived_by_resource() -> None:
    found = of(judge("staging", waiver("pair")).stack((pod(pair="wrong", alarm=1),)), "pair")
    assert [one[0] for one in found] == [Kind.WAIVED]


def test_an_expired_waiver_waives_nothing_and_fails_itself() -> None:
    reviewer = judge("dev", waiver(expires=date(2026, 5, 31)))
    assert [one[0] for one in of(reviewer.resource(pod(first="open")), "open")] == [Kind.VIOLATION]
    ((kind, level, message),) = of(reviewer.stack((pod(alarm=1),)), "waivers")
    assert (kind, level) == (Kind.VIOLATION, Level.MANDATORY)
    assert message == (
        f"policies/waivers.yaml:7: the waiver of open for {pod().urn} expired on 2026-05-31; "
        "mend the violation, or ask web-team for a new date"
    )


def test_a_waiver_that_covers_nothing_fails() -> None:
    reviewer = judge("dev", waiver())
    reviewer.resource(pod(first="shut"))
    ((_, level, message),) = of(reviewer.stack((pod(alarm=1),)), "waivers")
    assert level is Level.MANDATORY
    assert message.endswith("covers no violation; remove it")


def test_a_waiver_of_what_is_not_known_yet_is_in_use() -> None:
    reviewer = judge("prod", waiver(), preview=False)
    assert of(reviewer.resource(pod(first=UNKNOWN)), "open")[0][:2] == (Kind.UNDECIDED, Level.ADVISORY)
    assert of(reviewer.stack((pod(alarm=1),)), "waivers") == []


def test_the_waivers_of_another_stack_are_its_own_matter() -> None:
    other = waiver(resource=pod().urn.replace("staging", "prod"), expires=date(2020, 1, 1))
    assert of(judge("staging", other).stack((pod(alarm=1),)), "waivers") == []


@pytest.mark.parametrize(("day", "warned"), [(date(2026, 6, 15), True), (date(2026, 6, 16), False), (TODAY, True)])
def test_a_waiver_about_to_expire_warns(day: date, warned: bool) -> None:
    reviewer = judge("staging", waiver(expires=day))
    reviewer.resource(pod(first="open"))
    found = of(reviewer.stack((pod(alarm=1),)), "waivers")
    assert [one[:2] for one in found] == ([(Kind.NOTICE, Level.ADVISORY)] if warned else [])
    assert all(f"expires on {day}, in " in one[2] for one in found)


def test_a_rule_gets_its_own_options() -> None:
    assert of(judge(options={"limit": {"limit": 9}}).resource(pod(size=9)), "limit") == []
    assert len(of(judge(options={"open": {"limit": 9}}).resource(pod(size=9)), "limit")) == 1


def test_an_operator_may_make_a_rule_stricter() -> None:
    found = judge("dev", stricter=frozenset({"open"})).resource(pod(first="open"))
    assert {one[1] for one in of(found, "open")} == {Level.MANDATORY}


def test_a_rule_sees_only_its_types() -> None:
    assert judge().resource(Resource("aws:s3/bucket:Bucket", "x", {"first": "open"})) == []
