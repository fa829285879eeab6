"""What git knows of a release, and that not knowing is no error."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from delivery import commits
from delivery.records import Commit


@pytest.fixture(autouse=True)
def no_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*commits.PIPELINE_BRANCHES, *commits.PIPELINE_COMMITS):
        monkeypatch.delenv(name, raising=False)


def git(directory: Path, *arguments: str) -> None:
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *person, *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work tree with two commits, of the first and the second of March."""
    git(tmp_path, "init", "--initial-branch", "trunk")
    for day in (1, 2):
        (tmp_path / "file").write_text(str(day))
        git(tmp_path, "add", "file")
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_DATE", f"2026-03-0{day}T10:00:00+01:00")
        git(tmp_path, "commit", "--message", f"Change {day}")
    return tmp_path


def test_the_commit_its_time_and_its_branch(tree: Path) -> None:
    found = commits.current(tree)
    assert found is not None
    assert (len(found.id), found.branch, found.dirty) == (40, "trunk", False)
    assert found.time == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", ["file", "new"])
def test_what_no_commit_holds_is_told(tree: Path, name: str) -> None:
    (tree / name).write_text("changed")
    found = commits.current(tree)
    assert found is not None
    assert found.dirty


def test_a_pipeline_names_the_branch_that_it_did_not_check_out(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tree, "checkout", "--detach")
    found = commits.current(tree)
    assert found is not None
    assert found.branch is None
    monkeypatch.setenv("GITHUB_REF_NAME", "main")
    found = commits.current(tree)
    assert found is not None
    assert found.branch == "main"


def test_the_commits_between_two(tree: Path) -> None:
    new = commits.current(tree)
    git(tree, "checkout", "HEAD~1")
    old = commits.current(tree)
    assert old is not None
    assert new is not None
    listed = commits.between(tree, old.id, new.id)
    assert listed is not None
    (line,) = listed
    assert line.endswith("2026-03-02 Ada: Change 2")
    assert commits.between(tree, new.id, old.id) == ()
    assert commits.between(tree, "0" * 40, new.id) is None


def test_no_work_tree_and_no_git_are_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commits.current(tmp_path) is None
    assert commits.between(tmp_path, "a", "b") is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert commits.current(tmp_path) is None


@pytest.mark.parametrize("variable", ["CI_COMMIT_SHA", "GITHUB_SHA", "GIT_COMMIT"])
def test_a_pipeline_names_the_commit_where_git_knows_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "a" * 40)
    assert commits.current(tmp_path) == Commit("a" * 40, None, None, dirty=False)
    monkeypatch.setenv("BRANCH_NAME", "main")
    assert commits.current(tmp_path) == Commit("a" * 40, None, "main", dirty=False)


def test_what_is_checked_out_goes_before_what_a_pipeline_names(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_COMMIT_SHA", "a" * 40)
    found = commits.current(tree)
    assert found is not None
    assert found.id != "a" * 40
    assert found.time is not None
