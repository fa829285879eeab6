"""A preview, or a drift, as the comment of a merge request: updated in place, cut at the platform's limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from delivery.preview.model import Change, Preview, Property, Verdict
from delivery.preview.text import (
    DANGEROUS,
    SIGNS,
    TITLES,
    UNDECIDED_IN_PROD,
    counts,
    left_out,
    money,
    summary,
)
from delivery.prices.estimate import Estimate

LIMIT = 65_536
"""Characters that GitHub takes in a comment; GitLab takes more."""
_SPARE = 120
"""Characters kept for the line that says what was left out."""


def marker(what: str, project: str, stack: str) -> str:
    """The hidden first line by which a job finds its own comment and updates it, instead of adding another one."""
    name = f"{project}/{stack}".replace("--", "- -")
    return f"<!-- caas {what}: {name} -->"


def preview(
    project: str, stack: str, found: Preview, estimate: Estimate | None, *, prod: bool, limit: int = LIMIT
) -> str:
    """The comment of a preview."""
    head = [marker("preview", project, stack), f"### Preview of `{_code(stack)}`: {counts(found)}", ""]
    head += _policies(found, prod=prod)
    if estimate is not None:
        head += _cost(estimate)
    return _within(head, found.changes, limit)


def drift(project: str, stack: str, found: Preview, *, limit: int = LIMIT) -> str:
    """The comment, or the issue, of a drift. ``found``: as a refresh sees it."""
    number = len(found.changes)
    title = f"{number} differ from what was applied" if number else "nothing differs from what was applied"
    head = [marker("drift", project, stack), f"### Drift of `{_code(stack)}`: {title}", ""]
    return _within(head, found.changes, limit)


def _within(head: Sequence[str], changes: Sequence[Change], limit: int) -> str:
    """Head and changes, whole entries only, as many as the limit allows; the rest is counted."""
    text = "\n".join(head) + "\n"
    if len(text) > limit - _SPARE:
        text = text[: limit - _SPARE].rpartition("\n")[0] + "\n"
        return text + _rest(len(changes), "and the end of the policies' results ")
    shown = 0
    for change in changes:
        entry = "\n".join(_change(change)) + "\n"
        if len(text) + len(entry) > limit - _SPARE:
            break
        text += entry
        shown += 1
    left = len(changes) - shown
    return text + _rest(left) if left else text


def _rest(left: int, beside: str = "") -> str:
    return f"\n**{left} more changes {beside}left out: they do not fit.** The job's log has them all.\n"


def _policies(found: Preview, *, prod: bool) -> Iterator[str]:
    yield f"**Policies:** {summary(found)}"
    for verdict, title in TITLES.items():
        for result in found.said(verdict):
            where = f" on `{_code(result.resource)}`" if result.resource else ""
            yield f"- {title}: `{_code(result.rule)}`{where}: {_prose(result.message)}"
    if prod and found.said(Verdict.UNDECIDED):
        yield f"- **{UNDECIDED_IN_PROD}**"
    yield ""


def _cost(estimate: Estimate) -> Iterator[str]:
    yield f"**Cost:** {money(estimate)}"
    for words, found in (("Price not known", estimate.unknown), ("Costs by use, not counted", estimate.usage)):
        if found:
            yield f"- {words}: {left_out(found)}"
    yield ""


def _change(change: Change) -> Iterator[str]:
    word = f"**{change.operation.value}**" if change.operation in DANGEROUS else change.operation.value
    yield f"- `{SIGNS[change.operation]}` {word} `{_code(change.type)}` `{_code(change.name)}`"
    for one in change.properties:
        yield f"  - {_difference(one)}"


def _difference(one: Property) -> str:
    old, new = (_value(one.old), _value(one.new))
    return f"`{_code(one.path)}`: {old} → {new}{' **(forces the replacement)**' if one.replaces else ''}"


def _value(text: str | None) -> str:
    return "none" if text is None else f"`{_code(text)}`" if text else "empty"


def _code(text: str) -> str:
    """Inside a code span nothing is read but its end."""
    return " ".join(text.split()).replace("`", "'")


def _prose(text: str) -> str:
    """Text from elsewhere, without a tag, a mention or an emphasis of its own."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    for sign in "\\`*_[]|":
        plain = plain.replace(sign, f"\\{sign}")
    return plain.replace("@", "@\u200b")
