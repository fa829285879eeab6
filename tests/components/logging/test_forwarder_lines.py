"""The forwarder's own decisions: how much is read at a time, what goes together, which id it gets."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from components.logging import intake
from components.logging.forwarder import rows, times
from components.logging.forwarder.lines import MOST_CHARACTERS, MOST_LINES, lines, record
from components.logging.forwarder.rows import SLICE, SPAN, Row, SliceTooLargeError, page
from components.logging.forwarder.settings import CONFIGURATION, Settings, decoded
from tests.components.logging.log_analytics import QUESTION, at

CONTINUES = re.compile(intake.continues())
IMAGE = "shop.azurecr.io/web@sha256:" + "0123456789ab" + "c" * 52


def row(seconds: float, message: str, **changes: Any) -> Row:
    """A row that the workspace took so many seconds after the beginning."""
    known: dict[str, Any] = {
        "ingested": times.ticks(at(seconds)),
        "time": at(seconds),
        "group": "web-0123456789abcdef",
        "container": "web",
        "identity": "c1",
        "image": IMAGE,
        "source": "LoggingAgent",
        "message": message,
    }
    return Row(**{**known, **changes})


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0000000Z"),
        ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.1000000Z"),
        ("2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05.1234567Z"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.1234567Z"),
    ],
)
def test_a_time_keeps_every_digit_that_the_workspace_has(text: str, whole: str) -> None:
    assert times.text(times.ticks(text)) == whole


@pytest.mark.parametrize("text", ["", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05+01:00"])
def test_what_is_no_time_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time in UTC"):
        times.ticks(text)


def test_the_question_names_window_order_and_bound_and_leaves_its_own_lines_out() -> None:
    asked = QUESTION.fullmatch(rows.query(times.ticks(at(0)), times.ticks(at(30)), "shop-dev-log-forwarder", 500))
    assert asked is not None
    assert (asked["begin"], asked["end"]) == (at(0), at(30))
    assert (asked["own"], asked["limit"]) == ("shop-dev-log-forwarder", "500")


def test_a_page_that_is_not_full_reaches_to_where_was_asked() -> None:
    found = [row(1, "a"), row(11, "b")]
    assert page(found, 10, times.ticks(at(60))) == (found, times.ticks(at(60)))
    assert page([], 10, times.ticks(at(60))) == ([], times.ticks(at(60)))


def test_a_full_page_leaves_its_last_slice_for_the_next_one() -> None:
    found = [row(1, "a"), row(11, "b"), row(12, "c")]
    assert page(found, 3, times.ticks(at(60))) == (found[:1], times.ticks(at(10)))
    with pytest.raises(SliceTooLargeError):
        page(found[1:], 2, times.ticks(at(60)))


def test_a_page_covers_no_more_than_a_restart_goes_back() -> None:
    found = [row(5, "a"), row(599, "b"), row(600, "c")]
    kept, upto = page(found, 10, times.ticks(at(6000)))
    assert [one.message for one in kept] == ["a", "b"]
    assert upto - times.ticks(at(0)) == SPAN
    assert SPAN % SLICE == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"tables": []}, "0 primary tables"),
        ({"tables": [{"name": "PrimaryResult", "columns": [{"name": "Ingested"}], "rows": []}]}, "without Container"),
    ],
)
def test_an_answer_of_another_form_is_refused(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rows.parsed(answer)


def test_an_answer_in_another_order_is_refused() -> None:
    names = ["Ingested", *rows.COLUMNS]
    values = [[at(second), at(second), "g", "c", "i", "", "", "m"] for second in (2, 1)]
    table = {"name": "PrimaryResult", "columns": [{"name": name} for name in names], "rows": values}
    with pytest.raises(ValueError, match="not sorted"):
        rows.parsed({"tables": [table]})


def test_a_trace_is_one_document_and_lines_of_others_do_not_disturb_it() -> None:
    told = [
        row(1, "before"),
        row(1, "Traceback (most recent call last):"),
        row(1, "other", identity="c2"),
        row(1, '{"msg": "json"}'),
        row(1, '  File "shop.py", line 7'),
        row(1, "ValueError: one"),
        row(1, "after"),
    ]
    found = lines(told, CONTINUES)
    assert [line.messages for line in found] == [
        ["before", "Traceback (most recent call last):", '  File "shop.py", line 7', "ValueError: one"],
        ["other"],
        ['{"msg": "json"}'],
        ["after"],
    ]


def test_nothing_goes_together_across_slices_so_that_a_page_may_begin_anywhere() -> None:
    told = [row(9.9, "head"), row(10.1, "  at Shop.buy(Shop.java:7)")]
    both = lines(told, CONTINUES)
    assert [line.messages for line in both] == [["head"], ["  at Shop.buy(Shop.java:7)"]]
    assert lines(told[1:], CONTINUES)[0].id == both[1].id


@pytest.mark.parametrize("changed", ["ingested", "time", "group", "container", "identity", "message"])
def test_an_id_follows_from_the_row_and_from_nothing_else(changed: str) -> None:
    one, same = (lines([row(1, "x")], CONTINUES)[0].id for _ in range(2))
    assert one == same
    assert re.fullmatch("[0-9a-f]{32}", one)
    changes: dict[str, Any] = {changed: 7 if changed == "ingested" else "z"}
    other = lines([replace(row(1, "x"), **changes)], CONTINUES)[0].id
    assert other != one


def test_rows_that_are_alike_in_everything_are_all_there_and_keep_their_ids() -> None:
    ids = [line.id for line in lines([row(1, "x")] * 3, CONTINUES)]
    assert len(set(ids)) == 3
    mixed = lines([row(1, "x"), row(1, "y"), row(1, "x"), row(1, "x")], CONTINUES)
    assert [line.id for line in mixed if line.messages == ["x"]] == ids


def test_a_document_has_bounds() -> None:
    many = lines([row(1, "head"), *(row(1, "  more") for _ in range(MOST_LINES))], CONTINUES)
    assert [len(line.messages) for line in many] == [MOST_LINES, 1]
    large = lines([row(1, "head"), *(row(1, " " + "x" * 32_000) for _ in range(8))], CONTINUES)
    assert all(line.size <= MOST_CHARACTERS for line in large)
    assert sum(len(line.messages) for line in large) == 9


def test_a_record_is_one_line_of_json_with_what_the_workspace_knows() -> None:
    (line,) = lines([row(1, "first"), row(1, "  second \u2028 \ud800")], CONTINUES)
    sent = record(line, ("web", "web-shop"))
    assert sent.count(b"\n") == 1
    assert json.loads(sent) == {
        "id": line.id,
        "line": f"{at(1)} stdout F first\n  second \u2028 \ud800",
        "service": "web",
        "container": "web",
        "group": "web-0123456789abcdef",
        "image": IMAGE,
        "version": "0123456789ab",
        "ingested": at(1),
    }


def test_the_stream_is_told_where_the_workspace_knows_it() -> None:
    (line,) = lines([row(1, "x", source="stderr")], CONTINUES)
    told = json.loads(record(line, ("web",)))
    assert (told["stream"], told["line"]) == ("stderr", f"{at(1)} stderr F x")


@pytest.mark.parametrize(
    ("group", "container", "service", "versioned"),
    [
        ("web-shop-01ab", "web-shop", "web-shop", True),
        ("web-01ab", "collector", "web", False),
        ("strange", "thing", "thing", True),
    ],
)
def test_a_group_belongs_to_the_service_whose_name_it_begins_with(
    group: str, container: str, service: str, versioned: bool
) -> None:
    (line,) = lines([row(1, "x", group=group, container=container)], CONTINUES)
    told = json.loads(record(line, ("web", "web-shop")))
    assert told["service"] == service
    assert ("version" in told) == versioned


def test_settings_come_through_their_variable() -> None:
    given = Settings(
        own="f", services=("web",), continues="x", elasticsearch="https://e", stream="s", platform="azure-aci"
    )
    assert decoded({CONFIGURATION: given.encoded()}) == given


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"services": [], "unknown": 1}'])
def test_settings_that_are_none_are_refused_in_one_line(text: str | None) -> None:
    with pytest.raises(ValueError, match="FORWARDER_CONFIG holds no settings"):
        decoded({} if text is None else {CONFIGURATION: text})
