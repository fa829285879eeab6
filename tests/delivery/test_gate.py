"""The gate's judgement: four answers, each with its figures, and how often it errs."""

from __future__ import annotations

import pytest

from components.slo import Budget
from delivery import gate
from delivery.gate import Interval, Judgement, Outcome, Sample, judge
from tests.delivery.releases import KINDS, Kind, passed

BUDGET = Budget(failed=0.001, slow=0.01, threshold=0.5)
"""99.9 % answered, 99 % within 500 ms."""
SEED = 1


def sample(requests: float, failed: float = 0, slow: float = 0) -> Sample:
    """A version whose every answer was timed."""
    return Sample(requests, failed, requests, slow)


def judged(new: Sample, old: Sample, minimum: int = 100) -> Judgement:
    return judge([Interval(new, old)], BUDGET, minimum)


def test_no_data_is_no_success() -> None:
    assert judge([], BUDGET, 100).outcome is Outcome.INCONCLUSIVE
    answer = judged(Sample(), sample(5000))
    assert answer == Judgement(Outcome.INCONCLUSIVE, ("the new version got no requests that were counted",))


@pytest.mark.parametrize(
    ("requests", "failed", "minimum", "needed"),
    [(10, 0, 30, 30), (10, 10, 30, 30), (29, 29, 30, 30), (99, 5, 100, 100), (20, 20, 10, gate.LEAST)],
)
def test_a_few_requests_decide_nothing_whatever_they_say(requests: int, failed: int, minimum: int, needed: int) -> None:
    answer = judged(sample(requests, failed), sample(5000), minimum)
    assert answer == Judgement(Outcome.INCONCLUSIVE, (f"{requests} requests so far; {needed} decide something",))


def test_answers_without_a_time_are_no_success() -> None:
    answer = judged(Sample(500, 0, 0, 0), sample(5000))
    assert answer == Judgement(Outcome.INCONCLUSIVE, ("the time of the new version's answers was not measured",))


def test_a_healthy_version_passes_with_its_figures() -> None:
    answer = judged(sample(1000, 0, 3), sample(9000, 4, 30))
    assert answer.outcome is Outcome.PASS
    assert answer.reasons == (
        "0.00% (0 of 1000) failed, of the old version's 0.04% (4 of 9000); 0.10% are allowed",
        "0.30% (3 of 1000) slow, of the old version's 0.33% (30 of 9000); 1.00% are allowed",
    )


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (sample(200, failed=10), "5.00% (10 of 200) failed, of the old version's 0.00% (0 of 1800); 0.10% are allowed"),
        (sample(200, slow=190), "95.00% (190 of 200) slow, of the old version's 0.00% (0 of 1800); 1.00% are allowed"),
    ],
    ids=["errors", "slow"],
)
def test_a_bad_version_fails_with_its_figures(new: Sample, reason: str) -> None:
    assert judged(new, sample(1800)) == Judgement(Outcome.FAIL, (reason,))


def test_both_faults_are_told() -> None:
    assert len(judged(sample(200, failed=20, slow=50), sample(1800)).reasons) == 2


def test_where_both_versions_miss_the_objective_nobody_knows() -> None:
    answer = judged(sample(1000, failed=50), sample(9000, failed=450))
    assert answer.outcome is Outcome.INCONCLUSIVE
    assert "the objective is missed, by the old version as well" in answer.reasons[0]


def test_without_an_old_version_the_objective_decides() -> None:
    assert judged(sample(1000, failed=0), Sample()).outcome is Outcome.PASS
    answer = judged(sample(1000, failed=10), Sample())
    assert answer == Judgement(Outcome.FAIL, ("1.00% (10 of 1000) failed; 0.10% are allowed",))


def test_a_difference_that_does_not_matter_passes_however_sure_it_is() -> None:
    wide = Budget(failed=0.5, slow=0.5, threshold=0.5)
    surely_a_little_worse = Interval(sample(1_000_000, 13_000), sample(1_000_000, 10_000))
    assert judge([surely_a_little_worse], wide, 100).outcome is Outcome.PASS
    surely_much_worse = Interval(sample(1_000_000, 15_000), sample(1_000_000, 10_000))
    assert judge([surely_much_worse], wide, 100).outcome is Outcome.FAIL


def test_a_bad_minute_of_both_does_not_count_against_the_one_with_more_traffic() -> None:
    wide = Budget(failed=0.5, slow=0.5, threshold=0.5)
    quiet = Interval(sample(100, 1), sample(9900, 99))
    incident = Interval(sample(9000, 900), sample(1000, 100))
    assert judge([quiet, incident], wide, 100).outcome is Outcome.PASS
    whole = Interval(quiet.new + incident.new, quiet.old + incident.old)
    assert judge([whole], wide, 100).outcome is Outcome.FAIL, "the case proves nothing"


def test_a_look_before_the_last_one_has_to_be_surer() -> None:
    wide = Budget(failed=0.5, slow=0.5, threshold=0.5)
    doubtful = [Interval(sample(1000, 24), sample(9000, 90))]
    assert judge(doubtful, wide, 100, last=True).outcome is Outcome.FAIL
    assert judge(doubtful, wide, 100, last=False).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("count", "of", "share", "chance"),
    [
        (0, 10, 0.5, 1.0),
        (10, 10, 0.5, 0.5**10),
        (1, 10, 0.1, 1 - 0.9**10),
        (2, 3, 0.5, 0.5),
        (1, 5, 0.0, 0.0),
        (3, 5, 1.0, 1.0),
        (2.9999999999, 3, 0.5, 0.125),
    ],
)
def test_the_tail_is_the_binomial_one(count: float, of: float, share: float, chance: float) -> None:
    assert gate._tail(count, of, share) == pytest.approx(chance)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_of_two_hundred_healthy_releases_at_most_one_goes_back(kind: Kind) -> None:
    assert passed(SEED, kind, 1) >= 199


def test_of_two_hundred_releases_that_fail_twice_as_often_nearly_all_are_caught() -> None:
    """A thousand requests a step; the healthy version fails 3 of a hundred."""
    kind = KINDS[-1]
    assert (kind.per_step, kind.failing) == (1000, 0.03)
    assert 200 - passed(SEED, kind, 2) >= 195
