"""How fast an error budget may be spent before somebody is told: four pairs of windows. Pure.

The figures are the SRE Workbook's ("Alerting on SLOs", multiwindow, multi-burn-rate), for a period of 30 days: a page
when 2 % of the budget goes in an hour or 5 % in six, a ticket when 10 % goes in a day or in three. A shorter period has
shorter windows, so that the shares stay what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.monitoring.rules import DAY, duration

Severity = Literal["page", "ticket"]

PERIOD = 30 * DAY
"""Seconds: the period for which the windows below are written."""

SCRAPES = 4
"""Looks at a service that the shortest window holds: `rate` needs two, and one may fail."""


@dataclass(frozen=True)
class BurnRate:
    """One pair of windows. The long one says that it matters, the short one that it still goes on."""

    factor: float
    """Times as fast as the budget would last for just its period."""
    long: int
    """Seconds."""
    short: int
    """Seconds."""
    hold: int
    """Seconds for which both hold before somebody is told."""
    severity: Severity

    @property
    def windows(self) -> tuple[int, int]:
        """Both, the long one first."""
        return self.long, self.short

    @property
    def label(self) -> str:
        """Both windows in one word, such as 1h/5m."""
        return f"{duration(self.long)}/{duration(self.short)}"


HOUR = 3600

BURN_RATES = (
    BurnRate(14.4, HOUR, 300, 120, "page"),
    BurnRate(6, 6 * HOUR, 1800, 900, "page"),
    BurnRate(3, DAY, 2 * HOUR, HOUR, "ticket"),
    BurnRate(1, 3 * DAY, 6 * HOUR, 3 * HOUR, "ticket"),
)


def burn_rates(days: int, scrape: int) -> tuple[BurnRate, ...]:
    """The pairs for an objective's period.

    :param days: The period.
    :param scrape: Seconds between two looks at a service; no window holds fewer than four of them.
    """
    share = days * DAY / PERIOD
    least = SCRAPES * scrape

    def scaled(seconds: int, least: int) -> int:
        exact = max(round(seconds * share), least)
        # Whole minutes from ten minutes on, so that a window has a name that people read.
        return exact if exact < 600 else round(exact / 60) * 60

    return tuple(
        BurnRate(
            factor=one.factor,
            long=max(scaled(one.long, least), 2 * scaled(one.short, least)),
            short=scaled(one.short, least),
            hold=scaled(one.hold, scrape),
            severity=one.severity,
        )
        for one in BURN_RATES
    )
