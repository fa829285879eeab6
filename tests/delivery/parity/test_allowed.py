"""The list of what may differ: what an entry covers, and what is no entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.parity import allowed
from delivery.parity.allowed import Allowed

REASON = "Each environment has its own, as everybody knows."


def entry(**changes: object) -> Allowed:
    return Allowed.model_validate({"types": ["a:b:C"], "paths": ["spec.x"], "reason": REASON, **changes})


@pytest.mark.parametrize(
    ("changes", "asked", "covered"),
    [
        ({}, ("a:b:C", "n", "spec.x", ("staging", "prod")), True),
        ({}, ("a:b:D", "n", "spec.x", ("staging", "prod")), False),
        ({}, ("a:b:C", "n", "spec.xy", ("staging", "prod")), False),
        ({}, ("a:b:C", "n", "", ("staging", "prod")), False),
        ({"paths": []}, ("a:b:C", "n", "", ("staging", "prod")), True),
        ({"paths": []}, ("a:b:C", "n", "spec.x", ("staging", "prod")), False),
        ({"paths": ["spec[*].x"]}, ("a:b:C", "n", "spec[7].x", ("staging", "prod")), True),
        ({"paths": ["spec[*].x"]}, ("a:b:C", "n", "spec7.x", ("staging", "prod")), False),
        ({"types": ["a:b:*"]}, ("a:b:D", "n", "spec.x", ("staging", "prod")), True),
        ({"name": "net-*"}, ("a:b:C", "net-1", "spec.x", ("staging", "prod")), True),
        ({"name": "net-*"}, ("a:b:C", "n", "spec.x", ("staging", "prod")), False),
        ({"tier": "dev"}, ("a:b:C", "n", "spec.x", ("staging", "prod")), False),
        ({"tier": "dev"}, ("a:b:C", "n", "spec.x", ("dev", "prod")), True),
    ],
)
def test_an_entry_covers_what_it_names(
    changes: dict[str, object], asked: tuple[str, str, str, tuple[str, str]], covered: bool
) -> None:
    assert entry(**changes).covers(*asked) is covered


@pytest.mark.parametrize(("given", "covered"), [(False, False), (True, True)])
def test_what_one_of_two_lacks_is_covered_only_where_that_is_said(given: bool, covered: bool) -> None:
    asked = ("a:b:C", "n", "spec.x", ("staging", "prod"))
    assert entry(absent=given).covers(*asked, absent=True) is covered


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b: c", "mapping values"),
        ("other: []", "the one key `allowed`"),
        ("allowed: 7", "the one key `allowed`"),
        ("allowed: [{types: [a:b:C], reason: short}]", "allowed[0].reason"),
        ("allowed: [{types: [a:b:C], because: x}]", "allowed[0]"),
        (f"allowed: [{{types: ['*'], reason: '{REASON}'}}]", "allowed[0].types"),
        (f"allowed: [{{types: ['a:*:C'], reason: '{REASON}'}}]", "must name a type"),
        (f"allowed: [{{types: ['a:b:C'], paths: ['*'], reason: '{REASON}'}}]", "a bare * covers every property"),
    ],
)
def test_what_is_no_entry_is_refused_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "policies" / "parity.yaml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DeliveryError) as caught:
        allowed.load(tmp_path)
    assert caught.value.code is Exit.BAD_INPUT
    assert caught.value.message.startswith("policies/parity.yaml cannot be used: ")
    assert words in caught.value.message


def test_a_project_s_own_entries_come_after_everybody_s(tmp_path: Path) -> None:
    file = tmp_path / "policies" / "parity.yaml"
    file.parent.mkdir()
    file.write_text(f"allowed: [{{types: ['a:b:C'], paths: [x], reason: '{REASON}'}}]", encoding="utf-8")
    assert allowed.load(tmp_path)[:-1] == allowed.load(Path("/nowhere"))
    assert allowed.load(tmp_path)[-1].types == ("a:b:C",)
