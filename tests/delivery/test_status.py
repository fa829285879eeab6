"""What ``caas status`` says from what it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from delivery import freeze
from delivery.alerts import Alert
from delivery.records import Outcome
from delivery.status import Status
from delivery.verdict import State, Verdict
from delivery.verify import Finding
from delivery.watched import Watched
from tests.delivery.test_records import T, release
from tests.delivery.world import NEW, OLD, instance, service, snapshot

ENDED = {"ended": T + timedelta(minutes=1), "outcome": Outcome.SUCCEEDED, "images": {"hello": NEW}}
GOOD = release(3, **ENDED)
FOUND = Finding(service(), snapshot(instance()), Verdict(State.PROVEN))


def status(**changes: Any) -> Status:
    base = Status(stack="dev", last=GOOD, good=GOOD, open=(), pending=0, holders=(), findings=(FOUND,), unseen=None)
    return replace(base, **changes)


def test_a_good_stack_is_one_line() -> None:
    assert status().lines() == [
        f"Stack dev: release 3 (up) of 2026-03-02 09:00 UTC by ada, commit {'c' * 12}+, succeeded"
    ]


def test_a_stack_without_a_record_says_so() -> None:
    assert status(last=None, good=None).lines() == ["Stack dev: no release is recorded."]


def test_a_failed_release_is_told_with_the_last_good_one() -> None:
    failed = release(4, ended=T, outcome=Outcome.FAILED, reason="it crashed")
    lines = status(last=failed).lines()
    assert lines[0].endswith("failed: it crashed")
    assert lines[1].startswith("The last that succeeded: release 3 (up)")


def test_what_is_unfinished_and_who_holds_it_is_told() -> None:
    open_ = release(5)
    lines = status(open=(open_,), pending=2, holders=("ada@laptop (process 7, since 09:00:00)",)).lines()
    assert lines[1].startswith("In progress: release 5 (up)")
    assert lines[2] == "An apply was cut off with 2 operations under way; `caas up` puts that right."
    assert lines[3] == "The stack is held by ada@laptop (process 7, since 09:00:00)."


def test_an_apply_past_the_record_is_a_difference() -> None:
    past = status(findings=(replace(FOUND, service=service(image=OLD)),))
    assert past.differences == (
        f"hello: release 3 ran {NEW.rpartition('@')[2][:19]}, declared is now {OLD.rpartition('@')[2][:19]}",
    )
    assert past.lines()[-1] == past.differences[0]


def test_what_nobody_could_see_is_no_difference() -> None:
    unseen = status(findings=(), unseen="The cluster does not answer.")
    assert unseen.differences == ()
    assert unseen.lines()[-1] == "What runs could not be seen: The cluster does not answer."


def test_the_document_says_the_same() -> None:
    document = status(open=(release(5),), holders=None).document()
    assert document["lastRelease"]["release"] == document["lastGoodRelease"] == 3
    assert (document["inProgress"], document["lockHolders"], document["pendingOperations"]) == ([5], None, 0)
    assert document["services"][0]["state"] == "proven"


def test_what_fires_and_what_is_left_of_the_budget_is_told_last() -> None:
    budget = freeze.Finding("hello", freeze.State.LEFT, "availability 80% left")
    seen = Watched((Alert("hello", "ServiceFailsTooOften", "page"),), (budget,))
    said = status(watched=seen)
    assert said.lines()[1:] == ["Firing: page ServiceFailsTooOften of hello.", "hello: availability 80% left."]
    assert said.document()["watched"] == {
        "alerts": [{"service": "hello", "alert": "ServiceFailsTooOften", "severity": "page"}],
        "budgets": {"hello": {"state": "left", "text": "availability 80% left"}},
        "unseen": None,
    }
    assert status(watched=Watched()).lines()[1:] == ["No alert fires."]
    assert status().document()["watched"] is None


def test_whoever_does_not_answer_is_named() -> None:
    unseen = status(watched=Watched(unseen="http://p does not answer: refused"))
    assert unseen.lines()[-1] == "Whether an alert fires could not be seen: http://p does not answer: refused"
    assert unseen.document()["watched"]["alerts"] is None
