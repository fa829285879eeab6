"""One comment for each stack below a merge request, and one issue for its drift: found again by a hidden first line,
replaced in place."""

from __future__ import annotations

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.forge.model import Forge, names

DRIFT_LABEL = "caas-drift"
CUT = "\n\n**Cut here: {name} takes {limit:,} characters. The job's artefact has the whole text.**\n"


def comment(forge: Forge, marker: str, text: str) -> bool:
    """Write the one comment that begins with this marker; False where the job is about no merge request."""
    change = forge.change()
    if change is None:
        return False
    body = fitted(forge, _marked(marker, text))
    own = next((post for post in forge.own_comments(change) if post.body.startswith(marker)), None)
    if own is None:
        forge.add_comment(change, body)
    elif own.body != body:
        forge.change_comment(change, own.id, body)
    return True


def issue(forge: Forge, marker: str, title: str, text: str | None) -> str:
    """Open or update the one issue that begins with this marker; without a text (nothing is wrong any more) close it.

    Returns what was done: ``opened``, ``updated``, ``closed`` or ``none``.
    """
    own = [post for post in forge.own_issues(DRIFT_LABEL) if post.body.startswith(marker)]
    if text is None:
        for post in own:
            forge.close_issue(post.id, "Nothing differs any more.")
        return "closed" if own else "none"
    body = fitted(forge, _marked(marker, text))
    if not own:
        forge.add_issue(title, body, DRIFT_LABEL)
        return "opened"
    forge.change_issue(own[0].id, title, body)
    return "updated"


def fitted(forge: Forge, text: str) -> str:
    """The text, cut at a line's end where the forge takes no more."""
    if len(text) <= forge.limit:
        return text
    note = CUT.format(name=forge.name, limit=forge.limit)
    return text[: forge.limit - len(note)].rpartition("\n")[0] + note


def _marked(marker: str, text: str) -> str:
    return text if text.startswith(marker) else f"{marker}\n{text}"


def approved(forge: Forge, commits: tuple[str, ...], by: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Who approved it besides its authors. ``by``: approvers whom the CI system names itself, as Jenkins does.

    Raises:
        DeliveryError: nobody approved, or only those who wrote what is released.
    """
    people = tuple(names(name) for name in by) or forge.approvers()
    authors = frozenset[str]().union(*(forge.authors(commit) for commit in commits))
    if not authors:
        raise DeliveryError(
            f"{forge.name} knows no author of what is released, so nobody can be told from them.",
            Exit.POLICY,
            remedy="Release commits that are pushed and written by accounts of the forge.",
        )
    # Somebody who is an author by any of their names is one.
    others = tuple(min(called, key=len) for called in people if not called & authors)
    if not others:
        named = ", ".join(sorted(min(called, key=len) for called in people))
        raise DeliveryError(
            f"Approved by {named}, who wrote it." if people else "Nobody has approved it.",
            Exit.POLICY,
            remedy=f"Somebody other than {', '.join(sorted(authors))} has to approve.",
        )
    return others
