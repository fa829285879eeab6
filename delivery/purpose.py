"""What a deployment is made for: who asked for what, and why."""

from __future__ import annotations

import getpass
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PIPELINE_USERS = ("GITLAB_USER_LOGIN", "GITHUB_ACTOR", "BUILD_USER_ID")
"""Environment variables in which GitLab, GitHub and Jenkins name who started a job."""
PIPELINE_COMMITS = ("CI_COMMIT_SHA", "GITHUB_SHA", "GIT_COMMIT")
"""Those in which they name what they have checked out."""


@dataclass(frozen=True)
class Purpose:
    """Why a stack is changed."""

    operation: str = "up"
    """The command: up, promote, rollback."""
    reason: str | None = None
    """Why it is made although something speaks against it, in the words of whoever makes it."""
    recovery: bool = False
    """It goes back to what ran before: what stands in the way of a new version does not stand in its way."""


PLAIN = Purpose()
"""A deployment like any other."""


def user() -> str:
    """Who makes it; in a pipeline who started the job."""
    named = next((os.environ[name] for name in PIPELINE_USERS if os.environ.get(name)), None)
    try:
        return named or getpass.getuser()
    except (KeyError, OSError):  # A container's user may have no name.
        return str(os.getuid())


def commit(directory: Path) -> str | None:
    """The commit of the sources; None where neither a pipeline nor git knows it."""
    named = next((os.environ[name] for name in PIPELINE_COMMITS if os.environ.get(name)), None)
    if named is not None:
        return named
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=directory, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
