"""Every wrong configuration through the program's own reader, handed over as the engine would: its one problem."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.config import set_all_config

from components import stack_config
from tests.spec.wrong_configurations import CASES, MARKER, Case, write

PROBLEM = "1 problem in the configuration; nothing was declared."
HANDED_OVER = tuple(
    case for case in CASES if case.engine and case.project_text is None and case.stack_text is None and not case.top
)
"""All but those whose fault is the form of a file, or a key of the engine's own: these are for the real engine."""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    set_all_config({}, [])


def hand_over(case: Case) -> None:
    """Text as it is, and JSON text for everything else."""
    values = {"services": case.services(), **case.stack_settings()}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    set_all_config({f"caas:{key}": text for key, text in texts.items()}, [])


@pytest.mark.parametrize("case", HANDED_OVER, ids=lambda case: case.id)
def test_the_program_ends_with_the_one_problem(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(case, tmp_path)
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(tmp_path))
    monkeypatch.setattr(pulumi, "get_stack", lambda: case.stack)
    monkeypatch.setattr(pulumi, "get_project", lambda: "caas")
    hand_over(case)
    with pytest.raises(pulumi.RunError) as caught:
        stack_config.load()
    text = str(caught.value)
    assert text.startswith(PROBLEM), text
    assert caught.value.__cause__ is None
    assert case.full_key in text
    assert case.limit in text
    assert case.remedy in text
    assert MARKER not in text


def test_most_cases_are_handed_over() -> None:
    assert len(HANDED_OVER) >= 200
