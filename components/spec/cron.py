"""Five-field cron expressions: whether one can ever be meant, in the words of its author."""

from __future__ import annotations

import re

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: at for at, name in enumerate(_DAY_NAMES)}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_PART = re.compile(r"^(?:\*|([0-9A-Za-z]{1,9})(?:-([0-9A-Za-z]{1,9}))?)(?:/([0-9]{1,9}))?$")


def fault(expression: str) -> str | None:
    """What a cron expression must be and is not; None where it is well formed."""
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"five fields (minute, hour, day, month, weekday; UTC); this has {len(fields)}"
    for text, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        if not all(_fits(part, low, high, names) for part in text.split(",")):
            return f"{name} from {low} to {high}, *, ranges a-b, lists a,b and steps */n; this is {text}"
    return None


def _fits(part: str, low: int, high: int, names: dict[str, int]) -> bool:
    match = _PART.match(part)
    if match is None:
        return False
    first, last, step = match.groups()
    if step is not None and not 1 <= int(step) <= high:
        return False
    values = [names.get(v.upper(), int(v) if v.isdecimal() else -1) for v in (first, last) if v is not None]
    return all(low <= value <= high for value in values) and values == sorted(values)
