"""GitHub, by its REST API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from delivery.errors import DeliveryError
from delivery.forge.http import Api
from delivery.forge.model import Post, names

LIMIT = 65_536
"""Characters of a comment or an issue."""
_PULL = re.compile(r"^refs/pull/(\d+)/")
_BOT = "github-actions[bot]"
"""In whose name a workflow's own token writes; it may not ask who it is."""


class GitHub:
    """One repository of GitHub, or of a GitHub Enterprise Server."""

    name = "GitHub"
    limit = LIMIT

    def __init__(self, api: str, repository: str, token: str, variables: Mapping[str, str]) -> None:
        headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
        self._api = Api(self.name, api, headers)
        self._repository = f"/repos/{quote(repository)}"
        self._variables = variables
        self._login: str | None = None

    def change(self) -> int | None:
        own = _PULL.match(self._variables.get("GITHUB_REF", ""))
        if own:
            return int(own.group(1))
        if number := self._variables.get("CHANGE_ID"):
            return int(number)
        commit = self._variables.get("GITHUB_SHA") or self._variables.get("GIT_COMMIT")
        if not commit:
            return None
        found = self._pulls(commit)
        return int(found[0]["number"]) if found else None

    def own_comments(self, change: int) -> Iterator[Post]:
        for comment in self._api.all(f"{self._repository}/issues/{change}/comments"):
            if comment["user"]["login"] == self._account():
                yield Post(comment["id"], comment["body"] or "")

    def add_comment(self, change: int, body: str) -> None:
        self._api.send("POST", f"{self._repository}/issues/{change}/comments", {"body": body})

    def change_comment(self, change: int, comment: int, body: str) -> None:
        del change
        self._api.send("PATCH", f"{self._repository}/issues/comments/{comment}", {"body": body})

    def own_issues(self, label: str) -> Iterator[Post]:
        listed = self._api.all(
            f"{self._repository}/issues", state="open", labels=label, creator=self._account(), direction="asc"
        )
        for issue in listed:
            if "pull_request" not in issue:
                yield Post(issue["number"], issue["body"] or "")

    def add_issue(self, title: str, body: str, label: str) -> None:
        self._api.send("POST", f"{self._repository}/issues", {"title": title, "body": body, "labels": [label]})

    def change_issue(self, issue: int, title: str, body: str) -> None:
        self._api.send("PATCH", f"{self._repository}/issues/{issue}", {"title": title, "body": body})

    def close_issue(self, issue: int, body: str) -> None:
        self.add_comment(issue, body)
        self._api.send("PATCH", f"{self._repository}/issues/{issue}", {"state": "closed"})

    def approvers(self) -> tuple[frozenset[str], ...]:
        """Who approved this run's environment, by its protection rules."""
        run = self._variables.get("GITHUB_RUN_ID")
        reviews = self._api.get(f"{self._repository}/actions/runs/{run}/approvals", missing=True) or []
        return tuple(names(review["user"]["login"]) for review in reviews if review["state"] == "approved")

    def authors(self, commit: str) -> frozenset[str]:
        found = self._api.get(f"{self._repository}/commits/{commit}", missing=True) or {}
        accounts = [found.get("author"), found.get("committer")]
        accounts += [pull["user"] for pull in self._pulls(commit)]
        logins = [account["login"] for account in accounts if account]
        # A merge made in the browser is committed by `web-flow`, who is nobody.
        return names(*(login for login in logins if login != "web-flow"))

    def _pulls(self, commit: str) -> list[Any]:
        return list(self._api.get(f"{self._repository}/commits/{commit}/pulls", missing=True) or [])

    def _account(self) -> str:
        """Whose token this is."""
        if self._login is None:
            try:
                self._login = str(self._api.get("/user")["login"])
            except DeliveryError:
                self._login = _BOT
        return self._login
