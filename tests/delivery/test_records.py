"""How the entries of a ledger add up to releases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from delivery import records
from delivery.records import Commit, Kind, Outcome, Owner, Release

T = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IMAGE = "registry.test/hello@sha256:" + "a" * 64
SAID = {"packs": {"caas": "0.2.0"}, "violation": ["image-digest shop"], "because": "INC-7"}


def release(number: int = 1, **changes: Any) -> Release:
    """A release that began at T and has no end."""
    base = Release(
        number=number,
        id=f"id-{number}",
        kind=Kind.UP,
        source=None,
        owner=Owner("ada", "laptop", 42),
        began=T,
        ended=None,
        outcome=Outcome.IN_PROGRESS,
        reason=None,
        note="a hotfix",
        commit=Commit("c" * 40, T - timedelta(hours=2), "main", True),
        images={},
        configuration="f00d",
        strategies={"hello": "canary"},
    )
    return replace(base, **changes)


def test_a_release_without_an_end_is_in_progress() -> None:
    assert records.releases([records.begun(release())]) == (release(),)


def test_an_end_says_how_when_and_with_what() -> None:
    at = T + timedelta(seconds=90)
    how: dict[str, Any] = {"reason": "it crashed", "images": {"hello": IMAGE}, "changed": 4, "policies": SAID}
    end = records.ended("id-1", at, Outcome.FAILED, **how)
    (found,) = records.releases([records.begun(release()), end])
    assert found == release(ended=at, outcome=Outcome.FAILED, **how)
    assert found.document()["policies"] == SAID
    assert found.seconds == 90


def test_an_end_of_an_older_version_tells_nothing_of_policies() -> None:
    end = records.ended("id-1", T, Outcome.SUCCEEDED)
    del end["policies"]
    (found,) = records.releases([records.begun(release()), end])
    assert found.policies is None


def test_the_images_known_at_the_beginning_stay_where_the_end_knows_none() -> None:
    pinned = release(kind=Kind.PROMOTE, source="staging 12", images={"hello": IMAGE})
    end = records.ended("id-1", T, Outcome.FAILED)
    (found,) = records.releases([records.begun(pinned), end])
    assert found.images == {"hello": IMAGE}
    assert found.what == "promote from staging 12"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_owner_s_word_goes_before_what_another_concluded(order: tuple[int, int]) -> None:
    ends = (
        records.ended("id-1", T, Outcome.INTERRUPTED, reason="its process is dead", by="id-2"),
        records.ended("id-1", T, Outcome.SUCCEEDED),
    )
    (found,) = records.releases([records.begun(release()), *(ends[i] for i in order)])
    assert found.outcome is Outcome.SUCCEEDED


def test_releases_come_by_number() -> None:
    entries = [records.begun(release(2)), records.begun(release(1))]
    assert [one.number for one in records.releases(entries)] == [1, 2]
    assert [one.number for one in records.unended(records.releases(entries))] == [1, 2]


@pytest.mark.parametrize("entry", [{"entry": "moved", "id": "x"}, {"id": "x"}, "text", {"entry": "begun", "id": "x"}])
def test_what_is_no_entry_is_refused(entry: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        records.releases([entry])


def test_a_configuration_s_hash_is_of_its_values() -> None:
    one = records.configuration_hash({"a": 1, "b": {"c": [1, 2], "d": "x"}})
    assert one == records.configuration_hash({"b": {"d": "x", "c": [1, 2]}, "a": 1})
    assert one != records.configuration_hash({"a": 1, "b": {"c": [2, 1], "d": "x"}})
    assert len(one) == 64


def test_two_releases_of_the_same_content_are_told_to_be_the_same() -> None:
    one = release(1, images={"hello": IMAGE})
    assert one.content == release(2, images={"hello": IMAGE}, kind=Kind.ROLLBACK, source="1").content
    assert one.content != release(2, images={"hello": IMAGE}, configuration="beef").content


def test_the_document_says_all_of_it() -> None:
    document = release(kind=Kind.ROLLBACK, source="3").document()
    assert document["what"] == "rollback to 3"
    assert document["outcome"] == "in progress"
    assert (document["ended"], document["seconds"]) == (None, None)
    assert document["commit"] == {
        "id": "c" * 40,
        "time": "2026-03-02T07:00:00+00:00",
        "branch": "main",
        "dirty": True,
    }
