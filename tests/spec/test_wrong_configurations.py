"""Every wrong configuration gives exactly one clear problem, and no more than that."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.spec import Environment, Problem, SpecError, load_environment, read_files
from tests.spec.wrong_configurations import CASES, MARKER, Case, write


def load(directory: Path, stack: str) -> Environment:
    config, project, source = read_files(directory, stack)
    return load_environment(config, project=project, stack=stack, source=source)


def problems(case: Case, directory: Path) -> tuple[tuple[Problem, ...], str]:
    write(case, directory)
    with pytest.raises(SpecError) as caught:
        load(directory, case.stack)
    return caught.value.problems, str(caught.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_one_fault_gives_one_problem(case: Case, tmp_path: Path) -> None:
    found, text = problems(case, tmp_path)

    assert [problem.key for problem in found] == [case.full_key], text
    (problem,) = found
    assert problem.file == case.file
    assert case.limit in problem.limit
    assert case.remedy in problem.remedy
    if case.line is None:
        assert problem.line is None
    else:
        assert problem.line is not None
        assert case.line in (tmp_path / case.file).read_text().splitlines()[problem.line - 1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_text_speaks_to_a_user(case: Case, tmp_path: Path) -> None:
    _, text = problems(case, tmp_path)

    assert text.startswith("1 problem in the configuration; nothing was declared.")
    for foreign in (
        "Traceback",
        "pydantic",
        "Input should",
        "errors.pydantic.dev",
        "NoneType",
        str(tmp_path),
        "Shown.",
    ):
        assert foreign not in text
    assert MARKER not in text
    assert MARKER.replace("-", "") not in text
    assert case.full_key in text


def test_the_catalogue_is_large_and_names_are_unique() -> None:
    assert len(CASES) >= 100
    assert len({case.id for case in CASES}) == len(CASES)


def test_the_base_of_every_case_is_correct(tmp_path: Path) -> None:
    for stack in ("dev", "staging", "prod"):
        write(Case("correct", "", "", "", stack=stack), tmp_path)
        environment = load(tmp_path, stack)
        assert environment.tier == stack
        assert [service.name for service in environment.services] == ["hello"]
