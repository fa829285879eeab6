"""What a comparison says: a table for people, Markdown for a merge request. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from delivery.parity.compare import Difference, Report

COLUMNS = ("resource", "property", "between", "values", "may differ because")
WIDEST = 60
"""Characters of a value that are shown."""


def rows(differences: Sequence[Difference]) -> list[tuple[str, ...]]:
    """One for each difference."""
    return [
        (
            f"{one.type.rpartition(':')[2]} {one.name}",
            one.path or "(the whole resource)",
            " / ".join(one.stacks),
            f"{_short(one.left)} / {_short(one.right)}",
            one.reason or "REFUSED",
        )
        for one in differences
    ]


def verdict(report: Report) -> str:
    """The result in one line."""
    names = ", ".join(report.stacks)
    allowed = f"{len(report.accepted)} that may be"
    if report.refused:
        return f"{names} are not the same: {len(report.refused)} differences that may not be, {allowed}."
    return f"{names} are the same but for {len(report.accepted)} differences that may be."


def markdown(report: Report) -> str:
    """For a merge request: what may not differ first, what may in a fold below."""
    parts = [f"### Parity of {', '.join(report.stacks)}", "", verdict(report), ""]
    if report.refused:
        parts += [*_table(rows(report.refused)), ""]
    if report.accepted:
        parts += ["<details><summary>Differences that may be</summary>", "", *_table(rows(report.accepted)), ""]
        parts += ["</details>", ""]
    parts += [f"- {note}" for note in report.notes]
    return "\n".join(parts).rstrip() + "\n"


def _table(lines: Sequence[Sequence[str]]) -> list[str]:
    head = [f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    return head + [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"
