"""The decisions in docs/adr: one page each, numbered once, listed in the index, in the same form."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DIRECTORY = ROOT / "docs" / "adr"
PAGES = sorted(path for path in DIRECTORY.glob("*.md") if path.name != "README.md")


def title(page: Path) -> str:
    return page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_decision_has_its_number_and_three_parts(page: Path) -> None:
    number = re.fullmatch(r"(\d{4})(-[a-z0-9]+)+\.md", page.name)
    assert number is not None, f"{page.name}: name it NNNN-some-words.md"
    assert title(page).startswith(f"{int(number.group(1))}. "), f"begin with '# {int(number.group(1))}. '"
    parts = re.findall(r"^## (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert [part for part in parts if part != "Rejected"] == ["Context", "Decision", "Consequence"]


def test_numbers_are_given_once_and_none_is_left_out() -> None:
    assert len(PAGES) >= 12
    assert [int(page.name[:4]) for page in PAGES] == list(range(1, len(PAGES) + 1))


def test_the_index_lists_every_decision() -> None:
    lines = (DIRECTORY / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("- ")] == [f"- [{title(page)}]({page.name})" for page in PAGES]


def test_what_the_code_refers_to_exists() -> None:
    names = {"README.md", *(page.name for page in PAGES)}
    for pattern in ("*.yaml", "*.md", "components/**/*.py", "delivery/**/*.py", "sandbox/**/*.py", "policies/*.py"):
        for path in ROOT.glob(pattern):
            named = set(re.findall(r"docs/adr/([\w.-]+\.md)", path.read_text(encoding="utf-8")))
            assert named <= names, path


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[=<>~]", one)[0] for one in project["dependencies"]}
    rows = re.findall(r"^\| ([a-z][^|]*) \|", (DIRECTORY / "0012-dependencies.md").read_text(encoding="utf-8"), re.M)
    assert {name for row in rows if row != "package" for name in row.split(", ")} == names
