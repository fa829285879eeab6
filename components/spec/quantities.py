"""Quantities as other tools write them, converted to the plain numbers that this one takes.

Only for the remedy of an error message: ``256Mi`` is refused with "write 256", never read as a number.
"""

from __future__ import annotations

import math
import re

_QUANTITY = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµ%]*)\s*$")

_BYTES = {"k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4, "": 1024**2}
_BINARY = {"ki": 1024, "mi": 1024**2, "gi": 1024**3, "ti": 1024**4}
_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7, "month": 30, "y": 365, "year": 365}


def convert(value: object, unit: str | None) -> str | None:
    """The number to write instead, as text; None where the value is no quantity of the unit.

    `unit` is one of MiB, vCPU, seconds, days, percent, or None for a bare count.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _from_number(float(value), unit)
    match = _QUANTITY.match(value) if isinstance(value, str) and len(value) < 40 else None
    if match is None:
        return None
    number, suffix = float(match[1]), match[2]
    if not math.isfinite(number):
        return None
    if unit == "vCPU":
        return _plain(number / 1000) if suffix == "m" else _plain(number) if suffix.lower() in _VCPU else None
    factor = _factor(suffix, unit)
    return None if factor is None else str(math.ceil(number * factor))


_VCPU = {"", "cpu", "cpus", "vcpu", "vcpus", "core", "cores"}


def _from_number(number: float, unit: str | None) -> str | None:
    if not math.isfinite(number):
        return None
    if unit == "percent" and 0 < number < 1:
        return str(round(number * 100))
    return None if number.is_integer() and abs(number) > 1e9 else str(round(number))


def _factor(suffix: str, unit: str | None) -> float | None:
    lower = suffix.lower()
    if unit == "MiB":
        size = _BINARY.get(lower.removesuffix("b")) or _BYTES.get(lower.removesuffix("b"))
        return None if size is None else size / 1024**2
    if unit == "seconds":
        return 1 if not lower else _SECONDS.get(lower, _SECONDS.get(lower.removesuffix("s")))
    if unit == "days":
        return 1 if not lower else _DAYS.get(lower, _DAYS.get(lower.removesuffix("s")))
    if unit == "percent":
        return 1 if suffix in ("", "%") else None
    return None if suffix else 1


def _plain(number: float) -> str:
    return f"{number:g}"
