"""The gate over series of other platforms' sources: each release's answers are read, and judged as they come.

``series/`` holds, for each platform and case, what the source answers about both versions, minute by minute, in the
source's own form. The counts are those of 200 requests a second with a tenth of them to the new version; they were
written for these tests, as no account was at hand that they could have been taken from.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.slo import Budget
from delivery.gate import Interval, Judgement, Outcome, Sample, judge
from delivery.metrics import azure_monitor, cloud_monitoring, cloudwatch
from delivery.prometheus import MetricsError

SERIES = Path(__file__).parent / "series"
BUDGET = Budget(failed=0.001, slow=0.01, threshold=0.5)
READERS: dict[str, Callable[[Any], Sample]] = {
    "ecs": cloudwatch.read,
    "gke": lambda answers: cloud_monitoring.read(answers[0], answers[1], BUDGET),
    "aci": azure_monitor.read,
}
EXPECTED = {
    "healthy": [Outcome.PASS] * 3,
    "errors": [Outcome.FAIL],
    "slow": [Outcome.FAIL],
    "crash": [Outcome.FAIL],
    "no-traffic": [Outcome.INCONCLUSIVE] * 3,
    "source-down": [Outcome.ERROR] * 3,
}
"""Case -> the answer after each minute, until the one that ends the release."""
REASONS = {"errors": "failed, of the old", "slow": "slow, of the old", "crash": "failed, of the old"}


def replayed(platform: str, case: str) -> list[Judgement]:
    """What the gate says after each interval, up to the one that fails the release."""
    recorded = json.loads((SERIES / f"{platform}.json").read_text(encoding="utf-8"))[case]
    read, seen, said = READERS[platform], [], []
    for number, interval in enumerate(recorded):
        try:
            seen.append(Interval(read(interval["new"]), read(interval["old"])))
            said.append(judge(seen, BUDGET, 100, last=number == len(recorded) - 1))
        except MetricsError as error:
            said.append(Judgement(Outcome.ERROR, (str(error),)))
        if said[-1].outcome is Outcome.FAIL:
            break
    return said


@pytest.mark.parametrize("platform", READERS)
@pytest.mark.parametrize("case", EXPECTED)
def test_each_case_has_its_outcome_within_two_intervals(platform: str, case: str) -> None:
    said = replayed(platform, case)
    assert [each.outcome for each in said] == EXPECTED[case], said
    if case in REASONS:
        assert len(said) <= 2
        assert REASONS[case] in said[-1].reasons[0]


@pytest.mark.parametrize("platform", READERS)
def test_every_platform_has_every_case(platform: str) -> None:
    recorded = json.loads((SERIES / f"{platform}.json").read_text(encoding="utf-8"))
    assert set(recorded) == set(EXPECTED)


def test_the_sources_agree_about_the_same_minute() -> None:
    """Each form keeps what the gate needs: counts to a request, slow ones to a hundredth of a percent."""
    samples = []
    for platform, read in READERS.items():
        recorded = json.loads((SERIES / f"{platform}.json").read_text(encoding="utf-8"))
        samples.append(read(recorded["slow"][0]["new"]))
    first, *others = samples
    for one in others:
        assert (one.requests, one.failed, one.timed) == (first.requests, first.failed, first.timed)
        assert one.slow == pytest.approx(first.slow, abs=first.timed / 10_000)
