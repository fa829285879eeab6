"""The page of the policies agrees with the rules."""

from __future__ import annotations

from delivery import policy_reference
from policies import catalogue


def test_the_page_on_disk_is_current() -> None:
    assert policy_reference.PAGE.drift() is None, policy_reference.PAGE.drift()


def test_every_rule_is_on_the_page_with_its_reason_and_remedy() -> None:
    page = policy_reference.rendered()
    for rule in catalogue.load().all:
        assert f"\n### {rule.id}\n\n{rule.title} {rule.reason}\n\n{rule.remedy}\n" in page
        assert f"[{rule.id}](#{rule.id})" in page
