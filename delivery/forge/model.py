"""What every forge offers to a pipeline, in one set of words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Post:
    """A comment, or an issue, that this pipeline's own account wrote."""

    id: int
    body: str


def names(*known: str | None) -> frozenset[str]:
    """What somebody is called, to be compared with what another place calls them."""
    return frozenset(name.lower() for name in known if name)


class Forge(Protocol):
    """One project of a forge. Every method raises DeliveryError, naming the forge, where it refuses or does not
    answer."""

    name: str
    """As a message calls it."""
    limit: int
    """Characters that a comment or an issue may have."""

    def change(self) -> int | None:
        """The number of the merge request that this job is about: its own, or the one that brought the commit."""

    def own_comments(self, change: int) -> Iterator[Post]:
        """What this account wrote below a merge request, oldest first. Others' comments are never given: one that
        copies a marker must not be mistaken for ours, since its author can change it later."""

    def add_comment(self, change: int, body: str) -> None:
        """A new comment below a merge request."""

    def change_comment(self, change: int, comment: int, body: str) -> None:
        """Replace the text of an own comment."""

    def own_issues(self, label: str) -> Iterator[Post]:
        """The open issues with a label that this account wrote, oldest first."""

    def add_issue(self, title: str, body: str, label: str) -> None:
        """Open an issue."""

    def change_issue(self, issue: int, title: str, body: str) -> None:
        """Replace title and text of an open issue."""

    def close_issue(self, issue: int, body: str) -> None:
        """Say why in a last comment, and close."""

    def approvers(self) -> tuple[frozenset[str], ...]:
        """The people who let this job's environment go ahead; of each every name that is known of them, lower case."""

    def authors(self, commit: str) -> frozenset[str]:
        """Every name, lower case, of the people who wrote a commit; empty where the forge knows none."""
