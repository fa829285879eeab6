"""What git knows of the sources: the commit that is released, and the commits between two releases.

A directory that is no work tree, or a machine without git, is no error: the commit is then the one that the pipeline
names, and without a pipeline a release is recorded without one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from delivery.records import Commit

LIMIT = 20.0
"""Seconds for one answer of git."""
PIPELINE_COMMITS = ("CI_COMMIT_SHA", "GITHUB_SHA", "GIT_COMMIT")
"""Environment variables in which GitLab, GitHub and Jenkins name what they have checked out."""
PIPELINE_BRANCHES = (
    "CI_COMMIT_BRANCH",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "BRANCH_NAME",
)
"""Those in which a pipeline, which checks out no branch, names it; the last is of Jenkins."""


def current(directory: Path) -> Commit | None:
    """The commit that is checked out; where git does not know, the one that the pipeline names, of no known time; None
    where neither does."""
    shown = _git(directory, "show", "--no-patch", "--format=%H%n%cI", "HEAD")
    if shown is None:
        named = _named(PIPELINE_COMMITS)
        return Commit(named, None, _named(PIPELINE_BRANCHES), dirty=False) if named else None
    id_, time = shown.splitlines()
    status = _git(directory, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    return Commit(id_, datetime.fromisoformat(time), _branch(directory), dirty=status != "")


def between(directory: Path, old: str, new: str) -> tuple[str, ...] | None:
    """One line for each commit that the new one holds and the old one does not, newest first; None where git does not
    know both."""
    return _log(directory, old, new, "%h %cs %an: %s")


def ids(directory: Path, old: str, new: str) -> tuple[str, ...] | None:
    """The same commits, by their ids."""
    return _log(directory, old, new, "%H")


def _log(directory: Path, old: str, new: str, form: str) -> tuple[str, ...] | None:
    listed = _git(directory, "log", f"--format={form}", f"{old}..{new}", "--")
    return None if listed is None else tuple(listed.splitlines())


def _branch(directory: Path) -> str | None:
    return _named(PIPELINE_BRANCHES) or _git(directory, "symbolic-ref", "--quiet", "--short", "HEAD") or None


def _named(variables: Sequence[str]) -> str | None:
    """What the first of these says that says anything."""
    return next((os.environ[name] for name in variables if os.environ.get(name)), None)


def _git(directory: Path, *arguments: str) -> str | None:
    """What git says; None where it refuses or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *arguments], capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
