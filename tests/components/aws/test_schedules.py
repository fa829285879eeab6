"""Five fields become AWS's six, with the same moments."""

from __future__ import annotations

import pytest

from components.aws.schedules import aws_cron, both_days


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0 18 * * *", "cron(0 18 * * ? *)"),
        ("0 6 * * 1-5", "cron(0 6 ? * MON,TUE,WED,THU,FRI *)"),
        ("0 6 * * 0", "cron(0 6 ? * SUN *)"),
        ("0 6 * * 7", "cron(0 6 ? * SUN *)"),
        ("0 6 * * 5-7", "cron(0 6 ? * SUN,FRI,SAT *)"),
        ("0 6 * * mon,Fri", "cron(0 6 ? * MON,FRI *)"),
        ("*/15 8-18/5 1 * *", "cron(0,15,30,45 8,13,18 1 * ? *)"),
        ("5/20 0 1 JAN,6 *", "cron(5,25,45 0 1 1,6 ? *)"),
    ],
)
def test_the_same_moments(given: str, expected: str) -> None:
    assert aws_cron(given) == expected


def test_two_kinds_of_days_cannot_be_said() -> None:
    assert both_days("0 6 1 * 1")
    assert not both_days("0 6 1 * *")
    with pytest.raises(ValueError, match="a day of the month or a day of the week, not both"):
        aws_cron("0 6 1 * 1")
