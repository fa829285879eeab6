"""What a deployment is made for: who asked for what, and why."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass

PIPELINE_USERS = ("GITLAB_USER_LOGIN", "GITHUB_ACTOR", "BUILD_USER_ID", "CAAS_USER")
"""Environment variables in which GitLab, GitHub, Jenkins and any other pipeline name who started a job."""


@dataclass(frozen=True)
class Purpose:
    """Why a stack is changed."""

    operation: str = "up"
    """The command: up, promote, rollback."""
    reason: str | None = None
    """Why it is made although something speaks against it, in the words of whoever makes it."""
    override: str | None = None
    """Why it goes on against a mandatory policy, in the words of whoever makes it."""
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
