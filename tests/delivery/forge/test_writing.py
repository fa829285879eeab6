"""Comments, issues and approvals against a forge that answers over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.forge import detect, model, writing
from delivery.forge.writing import DRIFT_LABEL
from tests import forges
from tests.forges import Entry, Forge

MARKER = "<!-- caas preview: shop/dev -->"
OTHER = "<!-- caas preview: shop/prod -->"
CHANGE = {"gitlab": {"CI_MERGE_REQUEST_IID": "7"}, "github": {"GITHUB_REF": "refs/pull/7/merge"}}


@pytest.fixture(params=["gitlab", "github"])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with forges.running(request.param) as running:
        yield running


def ours(forge: Forge, **more: str) -> model.Forge:
    return detect.forge(forges.variables(forge, **CHANGE[forge.kind], **more))


def test_one_comment_for_each_stack_is_replaced_in_place(forge: Forge) -> None:
    for marker, text in ((MARKER, "one"), (OTHER, "two"), (MARKER, "three")):
        assert writing.comment(ours(forge), marker, f"{marker}\n{text}")
    assert [one.body for one in forge.comments] == [f"{MARKER}\nthree", f"{OTHER}\ntwo"]
    assert {one.on for one in forge.comments} == {7}


def test_the_same_text_is_not_written_again(forge: Forge) -> None:
    writing.comment(ours(forge), MARKER, "same")
    written = len([one for one in forge.seen if not one.startswith("GET")])
    writing.comment(ours(forge), MARKER, "same")
    assert len([one for one in forge.seen if not one.startswith("GET")]) == written == 1


def test_somebody_else_s_comment_with_our_marker_is_left_alone(forge: Forge) -> None:
    forge.comments.append(Entry(1, "mallory", f"{MARKER}\nall is well", on=7))
    writing.comment(ours(forge), MARKER, "3 to delete")
    assert [(one.author, one.body) for one in forge.comments] == [
        ("mallory", f"{MARKER}\nall is well"),
        ("caas-bot", f"{MARKER}\n3 to delete"),
    ]


def test_an_own_comment_is_found_behind_a_hundred_others(forge: Forge) -> None:
    forge.comments += [Entry(forge.new_id(), "someone", "hm", on=7) for _ in range(150)]
    writing.comment(ours(forge), MARKER, "old")
    writing.comment(ours(forge), MARKER, "new")
    assert [one.body for one in forge.comments if one.author == "caas-bot"] == [f"{MARKER}\nnew"]


def test_what_is_too_long_is_cut_at_a_line_and_says_so(forge: Forge) -> None:
    kind = ours(forge)
    line = "x" * 99 + "\n"
    writing.comment(kind, MARKER, line * (kind.limit // 100 + 10))
    body = forge.comments[0].body
    assert kind.limit - 400 < len(body) <= kind.limit
    assert body.endswith(writing.CUT.format(name=kind.name, limit=kind.limit))
    assert set(body.splitlines()[1:-2]) <= {"x" * 99, ""}


def test_without_a_merge_request_nothing_is_written(forge: Forge) -> None:
    assert not writing.comment(detect.forge(forges.variables(forge)), MARKER, "text")
    assert forge.comments == []


def test_a_push_is_told_below_the_merge_request_that_brought_it(forge: Forge) -> None:
    forge.changes["abc1"] = (9, "ann")
    commit = {"CI_COMMIT_SHA": "abc1", "GITHUB_SHA": "abc1"}
    assert writing.comment(detect.forge(forges.variables(forge, **commit)), MARKER, "text")
    assert forge.comments[0].on == 9


def test_a_workflow_s_own_token_writes_as_github_s_bot() -> None:
    with forges.running("github") as forge:
        forge.accounts, forge.knows_user = {"secret-token": "github-actions[bot]"}, False
        for text in ("one", "two"):
            writing.comment(ours(forge), MARKER, text)
        assert [one.body for one in forge.comments] == [f"{MARKER}\ntwo"]


def test_one_issue_opens_is_updated_and_closes(forge: Forge) -> None:
    kind = ours(forge)
    assert writing.issue(kind, MARKER, "Drift", None) == "none"
    assert writing.issue(kind, MARKER, "Drift: 1", "1 differs") == "opened"
    assert writing.issue(kind, MARKER, "Drift: 2", "2 differ") == "updated"
    assert [(one.title, one.body, one.labels) for one in forge.issues] == [
        ("Drift: 2", f"{MARKER}\n2 differ", (DRIFT_LABEL,))
    ]
    assert writing.issue(kind, OTHER, "Drift", None) == "none"
    assert forge.issues[0].open
    assert writing.issue(kind, MARKER, "Drift", None) == "closed"
    assert not forge.issues[0].open
    assert forge.comments[-1].body == "Nothing differs any more."
    assert writing.issue(kind, MARKER, "Drift", "3 differ") == "opened"


def test_an_answer_that_asks_to_wait_is_tried_again(forge: Forge) -> None:
    forge.fails = [503, 429]
    assert writing.comment(ours(forge), MARKER, "text")
    assert len(forge.comments) == 1


def test_a_token_that_is_refused_is_one_line_without_the_token(forge: Forge) -> None:
    variables = forges.variables(forge, **CHANGE[forge.kind]) | {"CAAS_FORGE_TOKEN": "another-token"}
    with pytest.raises(DeliveryError) as caught:
        writing.comment(detect.forge(variables), MARKER, "text")
    assert caught.value.code == Exit.BAD_INPUT
    assert "answered 401" in caught.value.line
    assert "CAAS_FORGE_TOKEN" in caught.value.line
    assert "another-token" not in caught.value.line


def test_a_forge_that_is_not_there_is_one_line() -> None:
    variables = {"GITLAB_CI": "true", "CI_API_V4_URL": "http://127.0.0.1:9/api/v4", "CI_PROJECT_ID": "1"}
    kind = detect.forge({**variables, "CAAS_FORGE_TOKEN": "t", "CI_MERGE_REQUEST_IID": "7"})
    with pytest.raises(DeliveryError, match=r"GitLab at http://127\.0\.0\.1:9/api/v4 cannot be reached"):
        writing.comment(kind, MARKER, "text")


def approving(forge: Forge, who: str | None) -> model.Forge:
    """The job's forge, where that account let it go on."""
    if forge.kind == "github":
        forge.reviews = [("eve", "rejected")] + ([(who, "approved")] if who else [])
        return ours(forge, GITHUB_RUN_ID="12")
    return ours(forge, **({"GITLAB_USER_LOGIN": who, "GITLAB_USER_EMAIL": f"{who}@example.com"} if who else {}))


def test_somebody_other_than_the_authors_may_approve(forge: Forge) -> None:
    forge.authors = {"c1": "ann", "c2": "bob"}
    assert writing.approved(approving(forge, "Cat"), ("c1", "c2")) == ("cat",)


@pytest.mark.parametrize("who", ["ann", "Bob", "dan"])
def test_nobody_approves_what_they_wrote_or_opened(forge: Forge, who: str) -> None:
    forge.authors = {"c1": "ann", "c2": "bob"}
    forge.changes = {"c2": (7, "dan")}
    kind = approving(forge, who)
    with pytest.raises(DeliveryError) as caught:
        writing.approved(kind, ("c1", "c2"))
    assert caught.value.code == Exit.POLICY
    assert "who wrote it" in caught.value.line


def test_an_author_whom_jenkins_knows_by_the_account_alone_is_one(forge: Forge) -> None:
    forge.authors = {"c1": "ann"}
    with pytest.raises(DeliveryError, match="who wrote it"):
        writing.approved(ours(forge), ("c1",), ("Ann",))


def test_nobody_is_no_approval(forge: Forge) -> None:
    forge.authors = {"c1": "ann"}
    with pytest.raises(DeliveryError, match="Nobody has approved it"):
        writing.approved(approving(forge, None), ("c1",))


def test_commits_of_unknown_authors_are_approved_by_nobody(forge: Forge) -> None:
    with pytest.raises(DeliveryError, match="knows no author"):
        writing.approved(approving(forge, "cat"), ("c9",))


def test_whom_jenkins_names_counts(forge: Forge) -> None:
    forge.authors = {"c1": "ann"}
    assert writing.approved(approving(forge, None), ("c1",), ("Cat",)) == ("cat",)
