"""A figure beside its target, and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table.

    :param name: What was measured.
    :param figure: What came out, with its unit.
    :param target: What it is held against.
    :param met: Whether it holds.
    :param detail_command: Prints more about it.
    """

    name: str
    figure: str
    target: str
    met: bool
    detail_command: str


def render(rows: Sequence[Row]) -> str:
    """The table as text, one row to a line."""
    cells = [("name", "figure", "target", "met", "detail")]
    cells += [(row.name, row.figure, row.target, "yes" if row.met else "NO", row.detail_command) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
