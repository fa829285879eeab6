"""How rules read values: never an error, and UNKNOWN where nobody can say."""

from __future__ import annotations

from typing import Any

import pytest

from policies.reading import asked, elements, filled, named, number, parsed, several, shown, tiers_schema, unknown
from policies.rule import UNKNOWN, Setting, Undecided, Violation


@pytest.mark.parametrize(
    ("given", "found"),
    [('{"a": 1}', {"a": 1}), ("[]", []), ({"a": 1}, {"a": 1}), (None, None), (UNKNOWN, UNKNOWN), ("{", UNKNOWN)],
)
def test_a_document_is_text_or_what_the_text_says(given: Any, found: Any) -> None:
    assert parsed(given) == found


@pytest.mark.parametrize(
    ("given", "found"), [(None, []), ("a", ["a"]), (["a", "b"], ["a", "b"]), (UNKNOWN, [UNKNOWN]), (0, [0])]
)
def test_one_or_many_are_a_list(given: Any, found: list[Any]) -> None:
    assert several(given) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [(5, 5.0), ("5", 5.0), (0.5, 0.5), (True, None), ("five", None), (None, None), (UNKNOWN, None), ([], None)],
)
def test_a_number_may_be_written_as_text(given: Any, found: float | None) -> None:
    assert number(given) == found


@pytest.mark.parametrize("value", ["a", [0], {"a": None}])
def test_a_text_list_or_mapping_with_something_in_it_is_filled(value: Any) -> None:
    assert filled(value) is True


@pytest.mark.parametrize("value", ["", [], {}, None, 1, True, UNKNOWN])
def test_nothing_else_is_filled(value: Any) -> None:
    assert filled(value) is False


def test_what_is_not_known_is_said_with_its_path() -> None:
    value = {"a": UNKNOWN, "b": [{"c": UNKNOWN}], "d": 1}
    assert unknown(value, ("a",), ("b", 0, "c"), ("d",), ("e",)) == [Undecided("a"), Undecided("b[0].c")]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, []),
        ("x", [("a.b", "x")]),
        (["x", UNKNOWN], [("a.b[0]", "x"), ("a.b[1]", UNKNOWN)]),
        (UNKNOWN, [("a.b", UNKNOWN)]),
    ],
)
def test_elements_come_with_where_they_stand(given: Any, found: list[tuple[str, Any]]) -> None:
    assert list(elements({"a": {"b": given}}, "a", "b")) == found


def test_a_container_without_a_name_is_still_one() -> None:
    assert [named({"name": "web"}), named({"name": UNKNOWN}), named(UNKNOWN)] == [
        "container 'web'",
        "a container",
        "a container",
    ]


def test_what_is_missing_is_shown_as_the_cloud_s_default() -> None:
    assert [shown(None, "LATEST"), shown("1.4.0", "LATEST"), shown("", "LATEST")] == ["LATEST", "1.4.0", ""]


@pytest.mark.parametrize(
    ("tier", "options", "kept"),
    [
        ("prod", {}, True),
        ("staging", {}, False),
        ("staging", {"tiers": ["staging"]}, True),
        ("prod", {"tiers": ["staging"]}, False),
        ("prod", {"tiers": []}, False),
    ],
)
def test_a_rule_is_asked_for_in_some_tiers(tier: str, options: dict[str, Any], kept: bool) -> None:
    answers = [Violation("no")]
    assert list(asked(Setting(tier=tier, options=options), answers, "prod")) == (answers if kept else [])


def test_the_schema_of_tiers_says_the_default() -> None:
    assert tiers_schema("prod")["tiers"]["default"] == ["prod"]
    assert tiers_schema("prod")["tiers"]["items"]["enum"] == ["dev", "staging", "prod"]
