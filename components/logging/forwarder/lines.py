"""Rows become what the Collector gets: lines of a trace together, each with an id that its row alone decides. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from components.logging.forwarder.rows import Row, aligned
from components.logging.forwarder.times import text

MOST_LINES, MOST_CHARACTERS = 1000, 200_000
"""Of one document; what goes on after that is another one. With every character escaped it is still below the longest
line that the Collector takes."""

DIGEST = re.compile(r"@sha256:([0-9a-f]{12})[0-9a-f]{52}$")


@dataclass
class Line:
    """What becomes one document.

    :param id: Of the document.
    :param row: The first row, or the only one.
    :param messages: Of all rows.
    """

    id: str
    row: Row
    messages: list[str]
    size: int

    def takes(self, message: str) -> bool:
        """Whether one more line finds room."""
        return len(self.messages) < MOST_LINES and self.size + len(message) < MOST_CHARACTERS

    def add(self, message: str) -> None:
        """Go on with it."""
        self.messages.append(message)
        self.size += len(message)


def lines(rows: Iterable[Row], continues: re.Pattern[str]) -> list[Line]:
    """Documents of whole slices, in the order of their first rows.

    A trace stays together inside one slice: which lines go together then depends on nothing but the slice, and is the
    same whenever it is read. Two rows that are alike in everything are told apart by their number.

    :param continues: How a line begins that goes on with the one before.
    """
    found: list[Line] = []
    open_: dict[tuple[int, str, str, str], Line] = {}
    seen: Counter[str] = Counter()
    for row in rows:
        own = _name(row)
        seen[own] += 1
        where = (aligned(row.ingested), row.group, row.container, row.identity)
        whole = row.message.startswith("{")
        before = None if whole else open_.get(where)
        if before is not None and continues.match(row.message) and before.takes(row.message):
            before.add(row.message)
            continue
        made = Line(_id(own, seen[own]), row, [row.message], len(row.message))
        found.append(made)
        if not whole:
            open_[where] = made
    return found


def _name(row: Row) -> str:
    return json.dumps([row.ingested, row.time, row.group, row.container, row.identity, row.message])


def _id(name: str, ordinal: int) -> str:
    return hashlib.sha256(f"{name}/{ordinal}".encode()).hexdigest()[:32]


def record(line: Line, services: Sequence[str]) -> bytes:
    """A line as the Collector's receiver takes it: one JSON object, and a break.

    :param services: Names of the environment's services: a group's name begins with that of its own.
    """
    row = line.row
    service = service_of(row, services)
    version = DIGEST.search(row.image) if row.container == service else None
    known = row.source if row.source in ("stdout", "stderr") else ""
    said = "\n".join(line.messages)
    fields = {
        "id": line.id,
        # As a container runtime writes it: the time, the stream, F for a full line, the text.
        "line": f"{row.time} {known or 'stdout'} F {said}",
        "stream": known,
        "service": service,
        "container": row.container,
        "group": row.group,
        "image": row.image,
        "version": version[1] if version is not None else "",
        "ingested": text(row.ingested),
    }
    return json.dumps({key: value for key, value in fields.items() if value}).encode() + b"\n"


def service_of(row: Row, services: Sequence[str]) -> str:
    """Whose container it is: Azure makes a group's name of the service's and an id."""
    fitting = [one for one in services if row.group.startswith(f"{one}-")]
    return max(fitting, key=len, default=row.container)
