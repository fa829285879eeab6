"""A small GitLab and GitHub on 127.0.0.1: what the pipelines ask of their API and nothing else.

It refuses what it does not know (501), a token that it was not told of (401), and fields that the real ones would
refuse (400), so that a request that would fail there fails here.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PROJECT = "shop/hello"


@dataclass
class Entry:
    """A comment or an issue."""

    id: int
    author: str
    body: str
    title: str = ""
    labels: tuple[str, ...] = ()
    open: bool = True
    on: int = 0
    """The merge request or issue that it stands below."""


@dataclass
class Forge:
    """What it knows, and what was written to it. ``accounts``: token -> who it is."""

    kind: str
    accounts: dict[str, str] = field(default_factory=lambda: {"secret-token": "caas-bot"})
    comments: list[Entry] = field(default_factory=list)
    issues: list[Entry] = field(default_factory=list)
    authors: dict[str, str] = field(default_factory=dict)
    """Commit -> the account that wrote it."""
    changes: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Commit -> the merge request that brought it, and who opened that."""
    reviews: list[tuple[str, str]] = field(default_factory=list)
    """GitHub: who reviewed the run's environment, and how."""
    knows_user: bool = True
    """GitHub's own workflow token may not ask who it is."""
    fails: list[int] = field(default_factory=list)
    """Statuses that the next requests are answered with."""
    seen: list[str] = field(default_factory=list)
    url: str = ""
    _next: int = 100

    def new_id(self) -> int:
        """A number that nothing else has."""
        self._next += 1
        return self._next


class Refused(Exception):
    """The status to answer with."""


@contextmanager
def running(kind: str) -> Iterator[Forge]:
    """A forge of that kind (gitlab, github), on a free port."""
    forge = Forge(kind)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else {}
            parts = urlsplit(self.path)
            forge.seen.append(f"{self.command} {parts.path}")
            status, content = _answer(forge, self.command, parts.path, parts.query, body, dict(self.headers.items()))
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(
    forge: Forge, method: str, path: str, query: str, body: dict[str, Any], headers: dict[str, str]
) -> tuple[int, Any]:
    if forge.fails:
        return forge.fails.pop(0), {"message": "not now"}
    token = headers.get("PRIVATE-TOKEN", headers.get("Private-Token", ""))
    if forge.kind == "github":
        token = headers.get("Authorization", "").removeprefix("Bearer ")
    who = forge.accounts.get(token)
    if who is None:
        return 401, {"message": "401 Unauthorized"}
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    for verb, pattern, act in GITLAB if forge.kind == "gitlab" else GITHUB:
        match = re.fullmatch(pattern, unquote(path))
        if verb == method and match:
            try:
                return (201 if verb == "POST" else 200), act(forge, who, match.groups(), asked, body)
            except Refused as error:
                return int(str(error)), {"message": "refused"}
    return 501, {"message": f"this forge knows no {method} {path}"}


Act = Callable[[Forge, str, tuple[str, ...], dict[str, str], dict[str, Any]], Any]


def _page(entries: list[Any], asked: dict[str, str]) -> list[Any]:
    size, page = int(asked.get("per_page", 20)), int(asked.get("page", 1))
    return entries[(page - 1) * size : page * size]


def _text(body: dict[str, Any], name: str, limit: int) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not text or len(text) > limit:
        raise Refused(400 if limit > 100_000 else 422)
    return text


def _own(entries: list[Entry], number: str, who: str) -> Entry:
    found = next((one for one in entries if one.id == int(number)), None)
    if found is None:
        raise Refused(404)
    if found.author != who:
        raise Refused(403)
    return found


# --- GitLab ---------------------------------------------------------------------------------------------------------


def _gl_user(forge: Forge, who: str, *_: Any) -> Any:
    return {"id": sum(who.encode()), "username": who}


def _gl_note(entry: Entry) -> Any:
    return {
        "id": entry.id,
        "body": entry.body,
        "system": False,
        "author": {"id": sum(entry.author.encode()), "username": entry.author},
    }


def _gl_notes(forge: Forge, who: str, found: tuple[str, ...], asked: dict[str, str], body: Any) -> Any:
    return _page([_gl_note(one) for one in forge.comments if one.on == int(found[0])], asked)


def _gl_add_note(forge: Forge, who: str, found: tuple[str, ...], asked: Any, body: dict[str, Any]) -> Any:
    entry = Entry(forge.new_id(), who, _text(body, "body", 1_000_000), on=int(found[0]))
    forge.comments.append(entry)
    return _gl_note(entry)


def _gl_put_note(forge: Forge, who: str, found: tuple[str, ...], asked: Any, body: dict[str, Any]) -> Any:
    entry = _own(forge.comments, found[1], who)
    entry.body = _text(body, "body", 1_000_000)
    return _gl_note(entry)


def _gl_issue(entry: Entry) -> Any:
    return {"iid": entry.id, "description": entry.body, "title": entry.title, "state": "opened"}


def _gl_issues(forge: Forge, who: str, found: Any, asked: dict[str, str], body: Any) -> Any:
    if asked.get("state") != "opened":
        raise Refused(400)
    listed = [one for one in forge.issues if one.open and asked["labels"] in one.labels]
    return _page([_gl_issue(one) for one in listed if sum(one.author.encode()) == int(asked["author_id"])], asked)


def _gl_add_issue(forge: Forge, who: str, found: Any, asked: Any, body: dict[str, Any]) -> Any:
    labels = tuple(_text(body, "labels", 255).split(","))
    text = _text(body, "description", 1_000_000)
    entry = Entry(forge.new_id(), who, text, _text(body, "title", 255), labels)
    forge.issues.append(entry)
    return _gl_issue(entry)


def _gl_put_issue(forge: Forge, who: str, found: tuple[str, ...], asked: Any, body: dict[str, Any]) -> Any:
    entry = _own(forge.issues, found[0], who)
    if "state_event" in body:
        entry.open = body["state_event"] != "close"
    if "description" in body:
        entry.body, entry.title = _text(body, "description", 1_000_000), _text(body, "title", 255)
    return _gl_issue(entry)


def _gl_issue_note(forge: Forge, who: str, found: tuple[str, ...], asked: Any, body: dict[str, Any]) -> Any:
    _own(forge.issues, found[0], who)
    return _gl_add_note(forge, who, found, asked, body)


def _gl_commit(forge: Forge, who: str, found: tuple[str, ...], *_: Any) -> Any:
    if found[0] not in forge.authors:
        raise Refused(404)
    mail = f"{forge.authors[found[0]]}@example.com"
    name = forge.authors[found[0]].title()
    return {"id": found[0], "author_email": mail, "committer_email": mail, "author_name": name, "committer_name": name}


def _gl_changes(forge: Forge, who: str, found: tuple[str, ...], *_: Any) -> Any:
    if found[0] not in forge.changes:
        return []
    number, author = forge.changes[found[0]]
    return [{"iid": number, "author": {"username": author}}]


_GL = f"/api/v4/projects/{PROJECT}"
GITLAB: tuple[tuple[str, str, Act], ...] = (
    ("GET", "/api/v4/user", _gl_user),
    ("GET", rf"{_GL}/merge_requests/(\d+)/notes", _gl_notes),
    ("POST", rf"{_GL}/merge_requests/(\d+)/notes", _gl_add_note),
    ("PUT", rf"{_GL}/merge_requests/(\d+)/notes/(\d+)", _gl_put_note),
    ("GET", rf"{_GL}/issues", _gl_issues),
    ("POST", rf"{_GL}/issues", _gl_add_issue),
    ("PUT", rf"{_GL}/issues/(\d+)", _gl_put_issue),
    ("POST", rf"{_GL}/issues/(\d+)/notes", _gl_issue_note),
    ("GET", rf"{_GL}/repository/commits/(\w+)", _gl_commit),
    ("GET", rf"{_GL}/repository/commits/(\w+)/merge_requests", _gl_changes),
)

# --- GitHub ---------------------------------------------------------------------------------------------------------


def _gh_user(forge: Forge, who: str, *_: Any) -> Any:
    if not forge.knows_user:
        raise Refused(403)
    return {"login": who}


def _gh_comment(entry: Entry) -> Any:
    return {"id": entry.id, "body": entry.body, "user": {"login": entry.author}}


def _gh_comments(forge: Forge, who: str, found: tuple[str, ...], asked: dict[str, str], body: Any) -> Any:
    return _page([_gh_comment(one) for one in forge.comments if one.on == int(found[0])], asked)


def _gh_add_comment(forge: Forge, who: str, found: tuple[str, ...], asked: Any, body: dict[str, Any]) -> Any:
    entry = Entry(forge.new_id(), who, _text(body, "body", 65_536), on=int(found[0]))
    forge.comments.append(entry)
    return _gh_comment(entry)


def _gh_patch_comment(forge: Forge, who: str, found: tuple[str, ...], asked: Any, body: dict[str, Any]) -> Any:
    entry = next((one for one in forge.comments if one.id == int(found[0])), None)
    if entry is None:
        raise Refused(404)
    # A token that may write issues may change anybody's comment here: that ours changes only its own is its own care.
    entry.body = _text(body, "body", 65_536)
    return _gh_comment(entry)


def _gh_issue(entry: Entry) -> Any:
    return {"number": entry.id, "body": entry.body, "title": entry.title, "user": {"login": entry.author}}


def _gh_issues(forge: Forge, who: str, found: Any, asked: dict[str, str], body: Any) -> Any:
    if asked.get("state") != "open":
        raise Refused(422)
    listed = [one for one in forge.issues if one.open and asked["labels"] in one.labels]
    return _page([_gh_issue(one) for one in listed if one.author == asked["creator"]], asked)


def _gh_add_issue(forge: Forge, who: str, found: Any, asked: Any, body: dict[str, Any]) -> Any:
    if not isinstance(body.get("labels"), list):
        raise Refused(422)
    text = _text(body, "body", 65_536)
    entry = Entry(forge.new_id(), who, text, _text(body, "title", 256), tuple(body["labels"]))
    forge.issues.append(entry)
    return _gh_issue(entry)


def _gh_patch_issue(forge: Forge, who: str, found: tuple[str, ...], asked: Any, body: dict[str, Any]) -> Any:
    entry = _own(forge.issues, found[0], who)
    entry.open = body.get("state", "open") == "open"
    if "body" in body:
        entry.body, entry.title = _text(body, "body", 65_536), _text(body, "title", 256)
    return _gh_issue(entry)


def _gh_commit(forge: Forge, who: str, found: tuple[str, ...], *_: Any) -> Any:
    if found[0] not in forge.authors:
        raise Refused(404)
    return {"sha": found[0], "author": {"login": forge.authors[found[0]]}, "committer": {"login": "web-flow"}}


def _gh_pulls(forge: Forge, who: str, found: tuple[str, ...], *_: Any) -> Any:
    if found[0] not in forge.changes:
        return []
    number, author = forge.changes[found[0]]
    return [{"number": number, "user": {"login": author}}]


def _gh_approvals(forge: Forge, *_: Any) -> Any:
    return [{"user": {"login": who}, "state": state} for who, state in forge.reviews]


_GH = f"/repos/{PROJECT}"
GITHUB: tuple[tuple[str, str, Act], ...] = (
    ("GET", "/user", _gh_user),
    ("GET", rf"{_GH}/issues/(\d+)/comments", _gh_comments),
    ("POST", rf"{_GH}/issues/(\d+)/comments", _gh_add_comment),
    ("PATCH", rf"{_GH}/issues/comments/(\d+)", _gh_patch_comment),
    ("GET", rf"{_GH}/issues", _gh_issues),
    ("POST", rf"{_GH}/issues", _gh_add_issue),
    ("PATCH", rf"{_GH}/issues/(\d+)", _gh_patch_issue),
    ("GET", rf"{_GH}/commits/(\w+)", _gh_commit),
    ("GET", rf"{_GH}/commits/(\w+)/pulls", _gh_pulls),
    ("GET", rf"{_GH}/actions/runs/(\w+)/approvals", _gh_approvals),
)


def variables(forge: Forge, **more: str) -> dict[str, str]:
    """What the CI system of that forge sets, with the bot's token."""
    token = {"CAAS_FORGE_TOKEN": next(iter(forge.accounts))}
    if forge.kind == "gitlab":
        return {"GITLAB_CI": "true", "CI_API_V4_URL": f"{forge.url}/api/v4", "CI_PROJECT_ID": PROJECT, **token, **more}
    return {"GITHUB_ACTIONS": "true", "GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": PROJECT, **token, **more}
