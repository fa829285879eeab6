"""The comment of a merge request: found again by its marker, dangerous things first, never longer than the limit."""

from __future__ import annotations

from delivery.preview import events, markdown, text
from delivery.preview.model import Change, Operation, PolicyResult, Preview, Property, Verdict
from delivery.prices.estimate import estimate
from delivery.prices.table import load
from tests.delivery.recorded import events as recorded

FOUND = events.preview(recorded("update"))
COST = estimate(FOUND, load(), {"aws": "eu-central-1"})


def many(number: int) -> Preview:
    """A preview with so many updates."""
    changes = (
        Change(Operation.UPDATE, f"urn:pulumi:dev::p::a:b:C::name-{n}", "a:b:C", (Property("size", "1", "2"),))
        for n in range(number)
    )
    return Preview(tuple(changes), 0)


def test_marker_counts_and_policies_stand_before_the_changes() -> None:
    lines = markdown.preview("market", "prod", FOUND, COST, prod=True).splitlines()
    assert lines[0] == "<!-- caas preview: market/prod -->"
    assert lines[1] == "### Preview of `prod`: 1 to replace, 2 to update, 5 unchanged"
    assert lines[3] == "**Policies:** not asked"
    assert lines[5].startswith("**Cost:** about +49.75 USD a month")
    assert lines[7] == "- `-/+` **replace** `aws:ecs/taskDefinition:TaskDefinition` `stock-task`"
    assert lines[8].endswith("**(forces the replacement)**")
    assert lines[10] == "  - `minCapacity`: `3` → `4`"


def test_a_comment_that_fits_is_whole_and_a_longer_one_says_how_much_is_left_out() -> None:
    whole = markdown.preview("p", "dev", many(40), None, prod=False)
    assert "left out" not in whole
    assert whole.count("`a:b:C`") == 40
    cut = markdown.preview("p", "dev", many(3000), None, prod=False)
    shown = cut.count("`a:b:C`")
    assert len(cut) <= markdown.LIMIT
    assert len(cut) > markdown.LIMIT - 500
    assert f"**{3000 - shown} more changes left out" in cut
    assert cut.splitlines()[0] == markdown.marker("preview", "p", "dev")
    assert len(markdown.preview("p", "dev", many(3000), None, prod=False, limit=1000)) <= 1000


def test_a_head_that_is_too_long_is_cut_too() -> None:
    policies = tuple(PolicyResult(Verdict.VIOLATION, "rule", f"wrong {n}", "one") for n in range(200))
    found = Preview(many(2).changes, 0, policies, {"caas": "1"})
    cut = markdown.preview("p", "dev", found, None, prod=False, limit=2000)
    assert len(cut) <= 2000
    assert "2 more changes and the end of the policies' results left out" in cut


def test_words_from_elsewhere_cannot_leave_their_place() -> None:
    bad = Property("a`b", "<!-- x -->\n# head", "`@all`")
    change = Change(Operation.UPDATE, "urn:pulumi:dev::p::a:b:C::n`1", "a:b:C", (bad,))
    results = (PolicyResult(Verdict.WARNING, "rule", "see <b>@team</b> [x](y)\nnext", "one"),)
    comment = markdown.preview("p", "dev", Preview((change,), 0, results, {"caas": "1"}), None, prod=False)
    assert "\n# head" not in comment
    assert "`a'b`: `<!-- x --> # head` → `'@all'`" in comment
    assert r"&lt;b>@​team&lt;/b> \[x\](y) next" in comment


def test_an_undecided_rule_is_listed_and_prod_is_told_that_it_must_be_decided() -> None:
    found = Preview((), 3, (PolicyResult(Verdict.UNDECIDED, "rule", "spec.image", "one"),), {"caas": "1"})
    prod = markdown.preview("p", "prod", found, None, prod=True)
    assert "- undecided: `rule` on `one`: spec.image" in prod
    assert text.UNDECIDED_IN_PROD in prod
    assert text.UNDECIDED_IN_PROD not in markdown.preview("p", "dev", found, None, prod=False)
    lines = list(text.lines("prod", found, None, prod=True))
    assert lines[1:] == [
        "Policies: 1 undecided (caas 1).",
        "  undecided rule (one): spec.image",
        f"  {text.UNDECIDED_IN_PROD}",
    ]


def test_the_text_puts_counts_first_and_says_what_is_not_known_of_the_cost() -> None:
    found = events.preview(recorded("policy"))
    lines = list(text.lines("dev", found, estimate(found, load(), {}), prod=False))
    assert lines[0] == "Stack dev: 2 to create, 0 unchanged."
    assert "Policies: 1 violated (caas 0.1.0)." in lines
    assert lines[-1] == "  Price not known: kubernetes:apps/v1:Deployment (1)."


def test_a_drift_says_what_differs() -> None:
    found = events.refresh(recorded("refresh"))
    lines = markdown.drift("market", "prod", found).splitlines()
    assert lines[:2] == ["<!-- caas drift: market/prod -->", "### Drift of `prod`: 2 differ from what was applied"]
    assert "- `-` **delete** `aws:cloudwatch/metricAlarm:MetricAlarm` `shop-errors`" in lines
