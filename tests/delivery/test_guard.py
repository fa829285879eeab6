"""The look at what the engine is rolling out: one bad look is a suspicion, two are a failure."""

from __future__ import annotations

import time

from delivery.apply import Guard
from delivery.observe import Snapshot
from delivery.output import Output
from tests.delivery.world import TARGET, Platform, instance, snapshot

BAD = snapshot(
    instance(ready=False), generation=3, deadline_exceeded='ReplicaSet "hello-new" has timed out progressing.'
)
GOOD = snapshot(instance(), generation=3)


def guard(*seen: Snapshot) -> Guard:
    """One that watches an update from generation 2 to 3."""
    return Guard(Platform(*seen), Output(), {TARGET: 2})


def test_one_bad_look_condemns_nothing() -> None:
    watched = guard(BAD, GOOD, BAD, GOOD)
    assert [watched.check({TARGET: 0.0}) for _ in range(4)] == [None] * 4


def test_two_bad_looks_in_a_row_are_a_failure() -> None:
    watched = guard(GOOD, BAD, BAD)
    assert [watched.check({TARGET: 0.0}) for _ in range(2)] == [None, None]
    found = watched.check({TARGET: 0.0})
    assert found is not None
    assert found[0] == TARGET
    assert "timed out progressing" in found[1].reasons[-1]


def test_the_account_of_the_end_takes_what_is_seen_now() -> None:
    assert guard(BAD).look({TARGET: 0.0}) is not None


def test_a_failure_from_before_the_apply_is_not_its_own() -> None:
    old = Guard(Platform(BAD), Output(), {TARGET: 3})
    assert [old.check({TARGET: time.monotonic()}) for _ in range(3)] == [None] * 3
