"""What ``caas`` prints: plain lines in CI, colours and a running line on a terminal, one JSON document with --json.

Results go to stdout, progress and errors to stderr, so that a pipe gets what it asked for. Everything printed
passes the masker.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from delivery.errors import DeliveryError
from delivery.masking import Masker


class Output:
    """Where commands say things. Nothing else in this room prints."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.masker = Masker()
        self._json = as_json
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)
        self._last = ""

    def say(self, line: str, style: str | None = None, *, key: str | None = None) -> None:
        """One line of progress. Said once where the ``key`` (default: the line) is that of the line before."""
        if (key or line) != self._last:
            self._err.print(Text(self.masker(line), style=style or ""))
        self._last = key or line

    def warn(self, line: str) -> None:
        """Something that a person should see and that is no failure yet."""
        self.say(line, "yellow")

    def result(self, line: str, style: str | None = None) -> None:
        """One line of the result; with --json the document says it instead."""
        if not self._json:
            self._out.print(Text(self.masker(line), style=style or ""))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table on a terminal, aligned plain lines elsewhere."""
        if self._json:
            return
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text(self.masker(cell)) for cell in row))
        console = self._out if self._out.is_terminal else Console(highlight=False, width=200)
        console.print(table)

    def document(self, content: Mapping[str, Any]) -> None:
        """The whole result for a machine: the only thing on stdout with --json."""
        if self._json:
            self._out.file.write(self.masker(json.dumps(content, indent=2)) + "\n")

    def error(self, error: DeliveryError, problems: Sequence[Mapping[str, Any]] | None = None) -> None:
        """An expected failure: its line, then the platform's own words."""
        self._err.print(Text.assemble(("error: ", "bold red"), self.masker(error.line)))
        for detail in error.details:
            self._err.print(Text(f"  {self.masker(detail)}"))
        self.document(
            {
                **error.content,
                "error": error.message,
                "remedy": error.remedy,
                "details": list(error.details),
                "exitCode": int(error.code),
                **({"problems": list(problems)} if problems else {}),
            }
        )
