"""Reads the dated price table, strictly: a price that is no number, or a table without a date, is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FILE = Path(__file__).with_name("prices.yaml")

Prices = Mapping[str, float | Mapping[str, float]]
"""Name of a price -> the price, or one for each variant of what is priced."""


@dataclass(frozen=True)
class Table:
    """Every price that is known, and since when."""

    date: date
    currency: str
    hours: float
    """Of a month."""
    covers: str
    spot: float
    """Share of the price of a Fargate task that Spot costs."""
    prices: Mapping[str, Mapping[str, Prices]]
    """Cloud -> region -> prices."""
    free: tuple[str, ...]
    usage: tuple[str, ...]

    def of(self, cloud: str, region: str | None) -> Prices | None:
        """The prices of a region; None where the table has none."""
        return self.prices.get(cloud, {}).get(region or "")

    def is_free(self, kind: str) -> bool:
        """Does a resource of this type cost nothing by itself?"""
        return any(fnmatchcase(kind, pattern) for pattern in self.free)

    def is_usage(self, kind: str) -> bool:
        """Does it cost by what is done with it?"""
        return any(fnmatchcase(kind, pattern) for pattern in self.usage)


def load(file: Path = FILE) -> Table:
    """The table in a file. Raises ValueError, with the file and the key, for one that cannot be relied on."""
    content: Any = YAML(typ="safe").load(file)
    try:
        return Table(
            date=date.fromisoformat(content["date"]),
            currency=str(content["currency"]),
            hours=_number(content["hours"], "hours"),
            covers=str(content["covers"]),
            spot=_number(content["spot"], "spot"),
            prices={
                cloud: {region: _prices(found, f"{cloud}.{region}") for region, found in regions.items()}
                for cloud, regions in content["prices"].items()
            },
            free=tuple(content["free"]),
            usage=tuple(content["usage"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{file}: no usable price table ({type(error).__name__}: {error})") from error


def _prices(found: Mapping[str, Any], where: str) -> Prices:
    return {
        name: {variant: _number(each, f"{where}.{name}.{variant}") for variant, each in price.items()}
        if isinstance(price, dict)
        else _number(price, f"{where}.{name}")
        for name, price in found.items()
    }


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{where}: {value!r} is no price")
    return float(value)
