"""Points in time as Log Analytics has them: hundreds of nanoseconds, which Python's own dates cannot hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime

SECOND = 10_000_000
"""Ticks of a second."""

_TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7})\d*)?Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ticks(text: str) -> int:
    """Ticks since 1970 of a time in UTC, as the query API writes it.

    :raises ValueError: It is none.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"not a time in UTC: {text!r}")
    whole = datetime.fromisoformat(found[1]).replace(tzinfo=UTC) - _EPOCH
    return (whole.days * 86400 + whole.seconds) * SECOND + int((found[2] or "").ljust(7, "0"))


def text(point: int) -> str:
    """The same the other way round, with all seven digits."""
    whole = datetime.fromtimestamp(point // SECOND, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{point % SECOND:07d}Z"
