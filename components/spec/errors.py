"""What is wrong with a configuration, told to the person who can change it.

A fault is first a `Finding`: a path into the configuration and what is wrong there. `files.Source` turns it
into a `Problem` by adding the file and the line. What belongs here is the form of an error; the rules and
their words live in ``wording.py`` and ``checks*.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

NAMESPACE = "caas"
"""The namespace of this program's keys in Pulumi's configuration."""

Path = tuple[str | int, ...]
"""Where a value stands: ``("services", "hello", "port")``. Below ``("", …)`` lie the files' own keys."""

FILE = ""
"""First segment of a path to a key that is the file's own, such as ``encryptionsalt``, not of the namespace."""

LONGEST_VALUE = 80
"""Characters of a value that an error shows."""


class Shown(Enum):
    """What stands in an error in place of a value."""

    ABSENT = "(not set)"
    HIDDEN = "(not shown)"


@dataclass(frozen=True)
class Finding:
    """One fault at one path, before the file and the line are known."""

    path: Path
    value: object
    limit: str
    remedy: str
    stack: bool | None = None
    """True: the stack's file is meant, False: the project's. None: whichever holds the path."""


@dataclass(frozen=True)
class Problem:
    """One fault: where it is, what stands there, what may stand there, and the way out."""

    file: str
    line: int | None
    key: str
    value: object
    limit: str
    remedy: str

    def render(self) -> str:
        """The problem as a block of lines, the place first."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        lines = [f"{place}: {self.key}" if self.key else place]
        lines += [f"  value:  {render_value(self.value)}"] if self.value is not Shown.ABSENT else []
        lines += [f"  limit:  {self.limit}", f"  remedy: {self.remedy}"]
        # All of it may quote what stands in a file, and a terminal obeys control characters.
        return "\n".join(printable(line) for line in lines)


class SpecError(Exception):
    """A configuration that cannot be declared. Holds every problem, not the first one only."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} {'problem' if count == 1 else 'problems'} in the configuration; nothing was declared."
        return "\n\n".join([head, *(problem.render() for problem in self.problems)])


_PLAIN = re.compile(r"^[A-Za-z0-9_-]+$")


def render_key(path: Sequence[str | int]) -> str:
    """The path as a user writes it, in Pulumi's own form: ``caas:services.hello.args[0]``."""
    if not path:
        return ""
    if path[0] == FILE:
        return _join(path[1:])
    return f"{NAMESPACE}:{_join(path)}"


def _join(path: Sequence[str | int]) -> str:
    text = ""
    for segment in path:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif _PLAIN.fullmatch(segment) or (not text and ":" in segment):
            text += f".{segment}" if text else segment
        else:
            text += f"[{json.dumps(segment, ensure_ascii=False)}]"
    return printable(text)


def render_value(value: object) -> str:
    """A value for a person: short, quoted where it is text, and never the contents of a collection."""
    if isinstance(value, Shown):
        return value.value
    if isinstance(value, dict):
        return f"a mapping of {len(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return printable(text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…")


def printable(text: str) -> str:
    """The text with everything that a terminal could take as a command, or could not encode, escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
