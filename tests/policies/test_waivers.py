"""Waivers: narrow, owned, reasoned, bounded; a fault in the list names its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies import catalogue, waivers
from policies.documents import DataError
from policies.waivers import Pattern, PatternError, Waiver, Waivers

URN = "urn:pulumi:prod::caas::caas:kubernetes:Service$kubernetes:apps/v1:Deployment::billing-deployment"
GOOD = """\
waivers:
  - rule: read-only
    resource: urn:pulumi:prod::caas::kubernetes:apps/v1:Deployment::billing-*
    owner: payments-team
    reason: The image writes its cache beside its binary; PAY-112 moves it.
    expires: 2026-12-31
"""


@pytest.mark.parametrize(
    "pattern",
    [
        URN,
        "urn:pulumi:prod::caas::kubernetes:apps/v1:Deployment::billing-deployment",
        "urn:pulumi:prod::caas::kubernetes:apps/v1:Deployment::*",
        "urn:pulumi:prod::*::kubernetes:apps/v1:Deployment::billing-*",
        "urn:pulumi:*::caas::kubernetes:apps/v1:Deployment::*-deployment",
        "urn:pulumi:p*d::caas::*$kubernetes:apps/v1:Deployment::billing-deployment",
        "urn:pulumi:prod::caas::caas:*:Service$kubernetes:apps/v1:Deployment::billing-deployment",
    ],
)
def test_a_pattern_covers_what_it_names(pattern: str) -> None:
    assert Pattern.parse(pattern).matches(URN)


@pytest.mark.parametrize(
    "pattern",
    [
        "urn:pulumi:staging::caas::kubernetes:apps/v1:Deployment::billing-deployment",
        "urn:pulumi:prod::other::kubernetes:apps/v1:Deployment::billing-deployment",
        "urn:pulumi:prod::caas::kubernetes:apps/v1:StatefulSet::billing-deployment",
        "urn:pulumi:prod::caas::caas:kubernetes:Service::billing-deployment",
        "urn:pulumi:prod::caas::kubernetes:apps/v1:Deployment::billing",
        "urn:pulumi:prod::caas::kubernetes:apps/v1:Deployment::billing-deploymen?",
        "urn:pulumi:prod::caas::kubernetes:apps/v1:Deployment::[a-z]*-deployment",
        "urn:pulumi:prod::caas::*$*$kubernetes:apps/v1:Deployment::billing-deployment",
        "urn:pulumi:prod::c*s::kubernetes:apps/v1:Deployment::b*-x",
    ],
)
def test_a_pattern_covers_nothing_else(pattern: str) -> None:
    assert not Pattern.parse(pattern).matches(URN)


def test_a_star_never_crosses_a_part_of_the_urn() -> None:
    pattern = Pattern.parse("urn:pulumi:prod*::caas::kubernetes:apps/v1:Deployment::billing-deployment")
    assert not pattern.matches("urn:pulumi:prod::x::caas::kubernetes:apps/v1:Deployment::billing-deployment")
    named = Pattern.parse("urn:pulumi:prod::caas::kubernetes:core/v1:Pod::a*z")
    assert named.matches("urn:pulumi:prod::caas::kubernetes:core/v1:Pod::abz")
    parents = Pattern.parse("urn:pulumi:prod::caas::*$kubernetes:core/v1:Pod::a*z")
    assert not parents.matches("urn:pulumi:prod::caas::one$two$kubernetes:core/v1:Pod::abz")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("*", "'*' is no URN; write urn:pulumi:STACK::PROJECT::TYPE::NAME"),
        ("urn:pulumi:*", "'urn:pulumi:*' has not the four parts of a URN"),
        ("urn:pulumi:prod::*", "has not the four parts of a URN"),
        ("urn:pulumi:prod::caas::::x", "has not the four parts of a URN"),
        ("urn:pulumi:prod::caas::*::billing", "must spell out the resource's own type"),
        ("urn:pulumi:prod::caas::kubernetes:*::billing", "must spell out the resource's own type"),
        ("urn:pulumi:prod::caas::caas:Service$*::billing", "must spell out the resource's own type"),
        ("urn:pulumi:*::caas::kubernetes:core/v1:Pod::*", "names neither a stack nor a part of a name"),
        ("urn:pulumi:*::*::kubernetes:core/v1:Pod::**", "names neither a stack nor a part of a name"),
        ("urn:pulumi:p*::*::kubernetes:core/v1:Pod::*", "names neither a stack nor a part of a name"),
    ],
)
def test_a_pattern_that_would_cover_too_much_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        Pattern.parse(pattern)
    assert message in str(caught.value)


def written(directory: Path, text: str) -> Path:
    """The file with this text."""
    path = directory / "policies" / "waivers.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_the_list_is_read(tmp_path: Path) -> None:
    (found,) = waivers.load({"read-only"}, written(tmp_path, GOOD)).entries
    assert (found.rule, found.owner, found.expires) == ("read-only", "payments-team", date(2026, 12, 31))
    assert found.place == "policies/waivers.yaml:2"
    assert found.pattern.matches(URN)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("owner:", "ower:", ":4: a waiver has no 'ower'; it has expires, owner, reason, resource, rule"),
        ("waivers:", "waiver:", ":1: the file has no 'waiver'; it has waivers"),
        ("    owner: payments-team\n", "", ":2: the waiver lacks owner; each of the five keys is needed"),
        (
            "rule: read-only",
            "rule: raed-only",
            ":2: there is no rule 'raed-only'; docs/reference/policies.md",
        ),
        ("2026-12-31", "soon", ":6: expires is a day such as 2026-12-31, not 'soon'"),
        ("2026-12-31", "2026-12-31T10:00:00Z", ":6: expires is a day such as 2026-12-31, not "),
        ("payments-team", "[a, b]", ":4: owner is text; quote it"),
        (
            "The image writes its cache beside its binary; PAY-112 moves it.",
            "later",
            ":5: a reason is a sentence",
        ),
        ("The image writes", "TODO, the image writes", ":5: a reason is a sentence of at least 20 characters"),
        (
            "urn:pulumi:prod::caas::kubernetes:apps/v1:Deployment::billing-*",
            "'*'",
            ":3: '*' is no URN; write urn:pulumi:",
        ),
        ("  - rule", "  - oops\n  - rule", ":2: a waiver is a mapping with the keys expires, owner"),
        ("    owner: payments-team", "    owner: a\n    owner: b", ":5: found duplicate key"),
        ("waivers:\n", "waivers: {}\nx:\n", ":2: the file has no 'x'; it has waivers"),
        ("owner: payments", "owner: : payments", ":4: mapping values are not allowed here"),
    ],
)
def test_a_fault_names_the_file_the_line_and_the_way_out(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(DataError) as caught:
        waivers.load({"read-only"}, written(tmp_path, GOOD.replace(old, new, 1)))
    assert str(caught.value).startswith(f"policies/waivers.yaml{message}")
    assert "\n" not in str(caught.value)


def test_a_list_that_is_gone_is_no_empty_list(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"waivers.yaml: cannot be read \(No such file or directory\); restore it"):
        waivers.load(set(), tmp_path / "waivers.yaml")


def test_a_waiver_counts_to_the_end_of_its_last_day() -> None:
    waiver = Waiver("read-only", URN, "payments-team", "reason", date(2026, 12, 31))
    listed = Waivers((waiver,))
    assert listed.covering("read-only", URN, date(2026, 12, 31)) is waiver
    assert listed.covering("read-only", URN, date(2027, 1, 1)) is None
    assert listed.covering("other", URN, date(2026, 12, 31)) is None
    assert waiver.days(date(2026, 12, 17)) == 14


def test_the_project_s_own_list_is_valid() -> None:
    waivers.load(catalogue.load().ids)
