"""The pairs of windows, and how they follow the objective's period."""

from __future__ import annotations

import pytest

from components.monitoring.burn_rates import BurnRate, burn_rates
from components.monitoring.rules import duration


def test_a_month_has_the_windows_of_the_book() -> None:
    said = [(one.factor, one.label, duration(one.hold), one.severity) for one in burn_rates(30, 30)]
    assert said == [
        (14.4, "1h/5m", "2m", "page"),
        (6, "6h/30m", "15m", "page"),
        (3, "1d/2h", "1h", "ticket"),
        (1, "3d/6h", "3h", "ticket"),
    ]


def test_a_week_has_shorter_ones() -> None:
    said = [(one.label, one.hold) for one in burn_rates(7, 15)]
    assert said == [("14m/70s", 28), ("84m/7m", 210), ("336m/28m", 840), ("1008m/84m", 2520)]


def test_a_day_read_every_two_seconds_is_judged_within_minutes() -> None:
    assert burn_rates(1, 2)[0] == BurnRate(14.4, 120, 10, 4, "page")


@pytest.mark.parametrize("scrape", [15, 30, 60])
def test_no_window_is_too_short_for_its_scrapes(scrape: int) -> None:
    for one in burn_rates(1, scrape):
        assert one.short >= 4 * scrape
        assert one.long >= 2 * one.short
        assert one.hold >= scrape


@pytest.mark.parametrize(("seconds", "text"), [(1, "1s"), (90, "90s"), (120, "2m"), (5400, "90m"), (86400, "1d")])
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert duration(seconds) == text
