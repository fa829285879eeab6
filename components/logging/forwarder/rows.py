"""What is asked of the workspace, and how much of an answer is taken at a time. Pure.

Time is cut into slices, by when the workspace took a row (``ingestion_time()``), not by when its line was written: what
comes late is so not missed. A page is made of whole slices, so that what is in one never depends on where a page began.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from components.logging.forwarder.times import SECOND, text, ticks

TABLE = "ContainerInstanceLog_CL"
"""Where diagnostics of a container group write ("Container group and instance logging with Azure Monitor logs")."""

SLICE = 10 * SECOND
"""Ticks. One has to fit into one answer, which has 100 MB at the most ("Azure Monitor service limits", query API)."""
SPAN = 600 * SECOND
"""Ticks that a page covers at the most, so that a forwarder which starts again knows how far to go back."""
ROWS, MOST_ROWS = 20_000, 500_000
"""Rows of a page, and of one slice that has more; the API gives no more than the second ("Azure Monitor service
limits", query API)."""


class SliceTooLargeError(Exception):
    """The first slice has more rows than were asked for.

    :param end: Where it ends.
    """

    def __init__(self, end: int) -> None:
        super().__init__(end)
        self.end = end


@dataclass(frozen=True)
class Row:
    """One line of one container.

    :param ingested: When the workspace took it, in ticks.
    :param time: When it was written, as the workspace says it.
    :param group: Name of the container group.
    :param container: Name of the container, where the workspace knows it.
    :param identity: The container's own id: another one after each start.
    :param image: Its reference.
    :param source: ``stdout``, ``stderr``, or what else the workspace has there.
    """

    ingested: int
    time: str
    group: str
    container: str
    identity: str
    image: str
    source: str
    message: str


COLUMNS: Mapping[str, str] = {
    "TimeGenerated": "TimeGenerated",
    "Group": "ContainerGroup_s",
    "Container": 'column_ifexists("ContainerName_s", "")',
    "Identity": 'column_ifexists("ContainerID_s", "")',
    "Image": 'column_ifexists("ContainerImage_s", "")',
    "Source": 'column_ifexists("Source_s", "")',
    "Message": "Message",
}
"""Name in the answer -> column. A table of this old kind has a column only once a row had a value for it."""


def aligned(point: int) -> int:
    """The beginning of the slice that a point lies in."""
    return point - point % SLICE


def query(begin: int, end: int, own: str, limit: int) -> str:
    """The question for rows that were taken in [begin, end), the first ones first.

    :param own: Name of the forwarder's own group, whose lines would go round for ever.
    :param limit: Rows at the most.
    """
    columns = ", ".join(f"{key} = {value}" if key != value else key for key, value in COLUMNS.items())
    return "\n".join(
        [
            TABLE,
            "| extend Ingested = ingestion_time()",
            f"| where Ingested >= datetime({text(begin)}) and Ingested < datetime({text(end)})",
            f"| where ContainerGroup_s != {json.dumps(own)}",
            # Lines of one tick stand in the order in which they were stored, as far as there is one.
            "| serialize Place = row_number()",
            f"| project Ingested, Place, {columns}",
            "| sort by Ingested asc, TimeGenerated asc, Place asc",
            f"| take {limit}",
        ]
    )


def parsed(answer: Mapping[str, Any]) -> list[Row]:
    """The rows of an answer.

    :raises ValueError: It has another form, or is not in the order that was asked for.
    """
    tables = [one for one in answer.get("tables", ()) if one.get("name") == "PrimaryResult"]
    if len(tables) != 1:
        raise ValueError(f"an answer with {len(tables)} primary tables")
    names = [column["name"] for column in tables[0]["columns"]]
    wanted = {"Ingested", *COLUMNS}
    if missing := sorted(wanted - set(names)):
        raise ValueError(f"an answer without {', '.join(missing)}")
    found = [_row(dict(zip(names, values, strict=True))) for values in tables[0]["rows"]]
    if any(after.ingested < before.ingested for before, after in pairwise(found)):
        raise ValueError("an answer that is not sorted")
    return found


def _row(values: Mapping[str, Any]) -> Row:
    def string(key: str) -> str:
        value = values[key]
        return "" if value is None else str(value)

    return Row(
        ingested=ticks(string("Ingested")),
        time=string("TimeGenerated"),
        group=string("Group"),
        container=string("Container") or string("Identity"),
        identity=string("Identity"),
        image=string("Image"),
        source=string("Source"),
        message=string("Message"),
    )


def page(rows: Sequence[Row], limit: int, end: int) -> tuple[list[Row], int]:
    """The whole slices of an answer, and the point up to which nothing is missing.

    :param limit: How many rows were asked for: a full answer may have cut its last slice.
    :param end: Up to where was asked.
    :raises SliceTooLargeError: Not even the first slice is whole.
    """
    upto = end
    if len(rows) >= limit:
        upto = aligned(rows[-1].ingested)
        first = aligned(rows[0].ingested)
        if upto <= first:
            raise SliceTooLargeError(first + SLICE)
    if rows:
        upto = min(upto, aligned(rows[0].ingested) + SPAN)
    return [row for row in rows if row.ingested < upto], upto
