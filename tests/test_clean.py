"""The project speaks of no machine that it was made on: no paths of one, no package registries, no copied licences.

The patterns are put together here, so that this file holds none of them.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MACHINE_PATHS = tuple(
    re.compile(rf"(?<![\w.-])/{first}/{rest}")
    for first, rest in (
        ("root", r"(?!\.cache/go-build\b)"),  # where a build container's own Go keeps its cache
        ("work", ""),
        ("tmp", "tb"),
        ("home", r"(?!(nonroot|me)\b)[a-z]"),  # users inside images
        ("Users", r"[A-Za-z]"),
    )
)
"""Directories of somebody's machine. A path inside a container (`/app`) or of every Linux (`/etc`) is none."""

REGISTRIES = tuple(
    re.compile(rf"(?<![\w-]){re.escape('.'.join(labels))}(?![\w-])", re.IGNORECASE)
    for labels in (
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("repo", "maven", "apache", "org"),
        ("repo1", "maven", "org"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
)
"""Where packages come from is the machine's to know: its own configuration of pip, Go and apt."""

MODULE_FILES = ("go.mod", "go.sum", "originals.sum")
"""They name modules by paths that begin with a host; those are names, not addresses of this project."""


def tracked() -> list[Path]:
    """Every file of ours that is text."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in files if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def traces(text: str, patterns: tuple[re.Pattern[str], ...]) -> list[str]:
    """The lines that match a pattern."""
    return [line.strip() for line in text.splitlines() if any(pattern.search(line) for pattern in patterns)]


def test_no_path_of_a_machine() -> None:
    found = {str(p.relative_to(ROOT)): traces(p.read_text(encoding="utf-8"), MACHINE_PATHS) for p in tracked()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_host_of_a_package_registry() -> None:
    found = {
        str(path.relative_to(ROOT)): traces(path.read_text(encoding="utf-8"), REGISTRIES)
        for path in tracked()
        if path.name not in MODULE_FILES
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_there_is_something_to_scan() -> None:
    names = {str(path.relative_to(ROOT)) for path in tracked()}
    assert len(names) > 200
    assert {"README.md", "requirements.lock", "Makefile", ".ci/run", "tests/test_clean.py"} <= names


@pytest.mark.parametrize(
    "line",
    [
        "cd /" + "work/project",
        "HOME=/" + "root/.profile",
        "see `/" + "tmp/tb" + "/bin`",
        "file:///" + "home/somebody/state",
    ],
)
def test_a_path_of_a_machine_is_seen(line: str) -> None:
    assert traces(line, MACHINE_PATHS) == [line]


@pytest.mark.parametrize("line", ["root:x:0:0:root:/root:/bin", "examples/" + "work/x", "my/" + "root/x", "/workspace"])
def test_other_paths_are_no_traces(line: str) -> None:
    assert traces(line, MACHINE_PATHS) == []


@pytest.mark.parametrize("host", ["proxy." + "golang.org", "PyPI." + "org", "deb." + "debian.org"])
def test_a_registry_is_seen(host: str) -> None:
    assert traces(f"GET https://{host}/x", REGISTRIES)
