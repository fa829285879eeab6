"""GitLab, by its REST API (version 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from delivery.forge.http import Api
from delivery.forge.model import Post, names

LIMIT = 1_000_000
"""Characters of a note or a description, by GitLab's documentation."""


class GitLab:
    """One project of a GitLab."""

    name = "GitLab"
    limit = LIMIT

    def __init__(self, api: str, project: str, token: str, variables: Mapping[str, str]) -> None:
        self._api = Api(self.name, api, {"PRIVATE-TOKEN": token})
        self._project = f"/projects/{quote(project, safe='')}"
        self._variables = variables
        self._user: int | None = None

    def change(self) -> int | None:
        own = self._variables.get("CI_MERGE_REQUEST_IID") or self._variables.get("CHANGE_ID")
        if own:
            return int(own)
        commit = self._variables.get("CI_COMMIT_SHA") or self._variables.get("GIT_COMMIT")
        if not commit:
            return None
        found = self._api.get(f"{self._project}/repository/commits/{commit}/merge_requests", missing=True) or []
        return int(found[0]["iid"]) if found else None

    def own_comments(self, change: int) -> Iterator[Post]:
        path = f"{self._project}/merge_requests/{change}/notes"
        for note in self._api.all(path, sort="asc", order_by="created_at"):
            if not note["system"] and note["author"]["id"] == self._account():
                yield Post(note["id"], note["body"])

    def add_comment(self, change: int, body: str) -> None:
        self._api.send("POST", f"{self._project}/merge_requests/{change}/notes", {"body": body})

    def change_comment(self, change: int, comment: int, body: str) -> None:
        self._api.send("PUT", f"{self._project}/merge_requests/{change}/notes/{comment}", {"body": body})

    def own_issues(self, label: str) -> Iterator[Post]:
        listed = self._api.all(
            f"{self._project}/issues", state="opened", labels=label, author_id=self._account(), sort="asc"
        )
        for issue in listed:
            yield Post(issue["iid"], issue["description"] or "")

    def add_issue(self, title: str, body: str, label: str) -> None:
        content = {"title": title, "description": body, "labels": label}
        self._api.send("POST", f"{self._project}/issues", content)

    def change_issue(self, issue: int, title: str, body: str) -> None:
        self._api.send("PUT", f"{self._project}/issues/{issue}", {"title": title, "description": body})

    def close_issue(self, issue: int, body: str) -> None:
        self._api.send("POST", f"{self._project}/issues/{issue}/notes", {"body": body})
        self._api.send("PUT", f"{self._project}/issues/{issue}", {"state_event": "close"})

    def approvers(self) -> tuple[frozenset[str], ...]:
        """Who pressed the manual job's button: GitLab starts it in their name."""
        found = names(self._variables.get("GITLAB_USER_LOGIN"), self._variables.get("GITLAB_USER_EMAIL"))
        return (found,) if found else ()

    def authors(self, commit: str) -> frozenset[str]:
        found = self._api.get(f"{self._project}/repository/commits/{commit}", missing=True) or {}
        changes = self._api.get(f"{self._project}/repository/commits/{commit}/merge_requests", missing=True) or []
        logins = [change["author"]["username"] for change in changes]
        mails = [found.get("author_email"), found.get("committer_email")]
        # Who approves may be known by an account alone, as in Jenkins, and a commit that was pushed by itself knows no
        # account: the name, and the mail's part before the @, are taken for one. That refuses too much rather than
        # too little.
        called = [found.get("author_name"), found.get("committer_name"), *(m.partition("@")[0] for m in mails if m)]
        return names(*mails, *called, *logins)

    def _account(self) -> int:
        """Whose token this is."""
        if self._user is None:
            self._user = int(self._api.get("/user")["id"])
        return self._user
