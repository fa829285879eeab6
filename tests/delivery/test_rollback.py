"""Which release a rollback goes back to, and what it refuses."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from delivery import oci
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.records import Kind, Outcome, Release
from delivery.rollback import choose, found_in_registry
from tests.delivery.registries import served
from tests.delivery.test_records import T, release

GOOD, FAILED = Outcome.SUCCEEDED, Outcome.FAILED


def run(number: int, outcome: Outcome = GOOD, version: str = "a", **changes: Any) -> Release:
    """A release of that version of the sample service."""
    images = {"hello": f"registry.test/hello@sha256:{version * 64}"} if outcome is GOOD else {}
    ended = None if outcome is Outcome.IN_PROGRESS else T + timedelta(minutes=1)
    return release(number, outcome=outcome, images=images, ended=ended, **changes)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([run(1, version="a"), run(2, version="b")], 1),
        ([run(1, version="a"), run(2, version="b"), run(3, version="b")], 1),
        ([run(1, version="a"), run(2, version="b"), run(3, FAILED)], 2),
        ([run(1, version="a"), run(2, version="b"), run(3, Outcome.INTERRUPTED)], 2),
        ([run(1, version="a"), run(2, version="b"), run(3, Outcome.REFUSED)], 1),
        ([run(1, version="a"), run(2, FAILED), run(3, version="c")], 1),
        ([run(1, version="a"), run(2, version="a", configuration="beef")], 1),
        ([run(1, version="a"), run(2, version="b"), run(3, version="a", kind=Kind.ROLLBACK, source="1")], 2),
    ],
    ids=[
        "the-one-before",
        "past-one-that-changed-nothing",
        "a-failed-one-is-undone",
        "an-interrupted-one-is-undone",
        "a-refused-one-never-was",
        "past-a-failed-one",
        "another-configuration",
        "a-rollback-is-undone",
    ],
)
def test_without_a_number_it_is_the_last_good_one_before(found: list[Release], expected: int) -> None:
    assert choose(found, None, "dev").number == expected


def test_a_number_chooses() -> None:
    found = [run(number, version=version) for number, version in ((1, "a"), (2, "b"), (3, "c"))]
    assert choose(found, 1, "dev").number == 1
    assert choose(found, 3, "dev").number == 3


@pytest.mark.parametrize(
    ("found", "number", "said"),
    [
        ([], None, "has nothing to go back to: it has no recorded release"),
        ([run(1)], None, "no release that succeeded before release 1 differs from it"),
        ([run(1), run(2)], None, "no release that succeeded before release 2 differs from it"),
        ([run(1), run(2)], 9, "has no release 9. Those that it can go back to: 1, 2"),
        ([run(1, FAILED)], 1, "Release 1 of stack 'dev' failed: it is nothing to go back to. .*: none"),
        ([run(1), run(2, Outcome.IN_PROGRESS)], 2, "Release 2 of stack 'dev' is in progress"),
        ([run(1, Outcome.ROLLED_BACK)], 1, "Release 1 of stack 'dev' was rolled back"),
    ],
)
def test_what_cannot_be_gone_back_to_is_said(found: list[Release], number: int | None, said: str) -> None:
    with pytest.raises(DeliveryError) as refused:
        choose(found, number, "dev")
    assert refused.value.code is Exit.BAD_INPUT
    assert re.search(said, refused.value.line), refused.value.line


def test_an_image_that_is_gone_stops_it_before_anything_is_changed() -> None:
    with served() as registry:
        kept = registry.image("hello", b"layer")
        gone = f"{registry.host}/hello@sha256:{'0' * 64}"
        found_in_registry([kept], "Release 3", Output())
        with pytest.raises(DeliveryError) as refused:
            found_in_registry([gone, kept], "Release 3", Output())
    assert refused.value.message == f"Release 3 cannot run any more; gone from the registry: {gone}."


def test_a_registry_that_does_not_say_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    image = "127.0.0.1:1/hello@sha256:" + "0" * 64
    with pytest.raises(DeliveryError):
        oci.exists(image)
    found_in_registry([image], "Release 3", Output())
    assert f"It could not be seen whether {image} is still there" in capsys.readouterr().err
