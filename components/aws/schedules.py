"""Five-field cron expressions in the words of Application Auto Scaling. Pure.

AWS has a sixth field (the year), takes a day of the month or a day of the week but not both, and counts weekdays
from 1 for Sunday ("Cron expressions", Application Auto Scaling User Guide). Steps become lists and weekdays become
names, so that nothing depends on how a field is counted.
"""

from __future__ import annotations

DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LIMITS = {0: (0, 59), 1: (0, 23), 2: (1, 31), 3: (1, 12), 4: (0, 6)}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def both_days(expression: str) -> bool:
    """Whether it restricts the day of the month and the day of the week, which AWS cannot."""
    _, _, day, _, weekday = expression.split()
    return day != "*" and weekday != "*"


def aws_cron(expression: str) -> str:
    """``cron(minute hour day month weekday year)`` for a well-formed expression of five fields.

    :raises ValueError: It restricts both kinds of days.
    """
    if both_days(expression):
        raise ValueError(f"{expression}: a day of the month or a day of the week, not both")
    fields = [_field(at, text) for at, text in enumerate(expression.split())]
    if fields[4] == "*":
        fields[4] = "?"
    else:
        fields[2] = "?"
    return f"cron({' '.join(fields)} *)"


def _field(at: int, text: str) -> str:
    if text == "*":
        return text
    values = sorted({value for part in text.split(",") for value in _values(at, part)})
    return ",".join(DAYS[value] if at == 4 else str(value) for value in values)


def _values(at: int, part: str) -> list[int]:
    """Every value that one part of a field stands for."""
    low, high = _LIMITS[at]
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    begin = low if first == "*" else _number(at, first)
    # In the range of weekdays 7 is the Sunday at the end of the week.
    end = high if first == "*" or (step and not dash) else _number(at, last) if dash else begin
    values = range(begin, end + 1, int(step or 1))
    return [value % 7 if at == 4 else value for value in values]


def _number(at: int, text: str) -> int:
    upper = text.upper()
    if at == 3 and upper in _MONTHS:
        return _MONTHS.index(upper) + 1
    return DAYS.index(upper) if at == 4 and upper in DAYS else int(text)
