"""May a new version have more traffic? A pure judgement over counts; no clock, no network.

Four answers: pass, fail, inconclusive, error. No data is never success, and a few requests decide nothing. The figures
and how they were chosen: docs/adr/0020-the-gate.md; ``make bench ONLY=gate`` measures them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from components.slo import Budget

ALPHA = 0.001
"""Chance at which the last look of a step may take a healthy version for a bad one."""
EARLY = 0.0001
"""The same for the looks before it: they find what is very bad, and there are many of them."""
SUSPICION = 0.01
"""The same where the objective is missed as well: two signs together need less of each."""
WORSE = 1.4
"""Times the old version's share from which on a difference matters, however sure it is."""
LEAST = 30
"""Requests below which nothing is decided, whatever they say."""


class Outcome(Enum):
    """What an analysis amounts to."""

    PASS = "pass"  # noqa: S105 - an answer, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


@dataclass(frozen=True)
class Sample:
    """What one version answered, since the traffic began to move."""

    requests: float = 0
    failed: float = 0
    timed: float = 0
    """Answers whose time was measured."""
    slow: float = 0

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            self.requests + other.requests,
            self.failed + other.failed,
            self.timed + other.timed,
            self.slow + other.slow,
        )

    def document(self) -> dict[str, float]:
        """For --json."""
        return {"requests": self.requests, "failed": self.failed, "timed": self.timed, "slow": self.slow}


@dataclass(frozen=True)
class Judgement:
    """The answer, and the figures that it rests on."""

    outcome: Outcome
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """What both versions answered over the same time."""

    new: Sample
    old: Sample
    """Nothing, where there is no old version or nothing is known of it: the budget alone decides then."""


def judge(intervals: Sequence[Interval], budget: Budget, minimum: int, *, last: bool = True) -> Judgement:
    """Judge the new version by what it and the old one answered since the traffic began to move.

    :param intervals: One for each analysis so far.
    :param minimum: Requests to the new version below which nothing is decided.
    :param last: Whether more traffic follows from it; a look before that has to be surer to fail a version.
    """
    alpha = ALPHA if last else EARLY
    new = sum((each.new for each in intervals), Sample())
    if new.requests < 1:
        return Judgement(Outcome.INCONCLUSIVE, ("the new version got no requests that were counted",))
    if new.requests < max(LEAST, minimum):
        need = max(LEAST, minimum)
        return Judgement(Outcome.INCONCLUSIVE, (f"{new.requests:.0f} requests so far; {need} decide something",))
    if new.timed < 1:
        return Judgement(Outcome.INCONCLUSIVE, ("the time of the new version's answers was not measured",))
    looks = (
        _look(
            "failed",
            [_Pair(_Part(i.new.failed, i.new.requests), _Part(i.old.failed, i.old.requests)) for i in intervals],
            budget.failed,
            alpha,
        ),
        _look(
            "slow",
            [_Pair(_Part(i.new.slow, i.new.timed), _Part(i.old.slow, i.old.timed)) for i in intervals],
            budget.slow,
            alpha,
        ),
    )
    for outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
        reasons = tuple(look.reasons[0] for look in looks if look.outcome is outcome)
        if reasons:
            return Judgement(outcome, reasons)
    return Judgement(Outcome.PASS, tuple(look.reasons[0] for look in looks))


@dataclass(frozen=True)
class _Part:
    """So many of so many. Counts that Prometheus has extrapolated are no whole numbers."""

    count: float
    of: float

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.share:.2%} ({self.count:.0f} of {self.of:.0f})"


@dataclass(frozen=True)
class _Pair:
    """Both versions over the same time."""

    new: _Part
    old: _Part


def _look(what: str, pairs: Sequence[_Pair], allowed: float, alpha: float) -> Judgement:
    new = _Part(sum(p.new.count for p in pairs), sum(p.new.of for p in pairs))
    old = _Part(sum(p.old.count for p in pairs), sum(p.old.of for p in pairs))
    over = new.share > allowed and _tail(new.count, new.of, allowed) < alpha
    if old.of < LEAST:
        outcome = Outcome.FAIL if over else Outcome.PASS
        return Judgement(outcome, (f"{new} {what}; {allowed:.2%} are allowed",))
    compared = f"{new} {what}, of the old version's {old}; {allowed:.2%} are allowed"
    if _worse(pairs, SUSPICION if over else alpha):
        return Judgement(Outcome.FAIL, (compared,))
    if over:
        # Where the old version does no better the cause is elsewhere, and no release should go on into it.
        return Judgement(Outcome.INCONCLUSIVE, (f"{compared}: the objective is missed, by the old version as well",))
    return Judgement(Outcome.PASS, (compared,))


def _worse(pairs: Sequence[_Pair], alpha: float) -> bool:
    """Is the new version's share higher, by more than chance and by enough to matter?

    Given how many there were in an interval, each of them is the new version's with the share of the requests that it
    got (the conditional test of two Poisson rates; Przyborowski and Wilenski, 1940). Intervals are compared each by
    itself and then added: the weight changes from step to step, and a bad minute of all would otherwise count against
    the version that had more of the traffic in it. The sum is no wider than a binomial of the mean share (Hoeffding,
    1956), so that one is asked. How much worse: the ratio of Mantel and Haenszel, 1959.
    """
    both = [p for p in pairs if p.new.of > 0 and p.old.of > 0]
    count = sum(p.new.count for p in both)
    in_all = count + sum(p.old.count for p in both)
    if in_all <= 0:
        return False
    mean = sum((p.new.count + p.old.count) * p.new.of / (p.new.of + p.old.of) for p in both)
    above = sum(p.new.count * p.old.of / (p.new.of + p.old.of) for p in both)
    below = sum(p.old.count * p.new.of / (p.new.of + p.old.of) for p in both)
    return above > WORSE * below and _tail(count, in_all, mean / in_all) < alpha


def _tail(count: float, of: float, share: float) -> float:
    """Chance of at least so many, rounded down, of so many that each happen with this share (binomial)."""
    hits, tries = math.floor(count + 1e-9), max(math.floor(count + 1e-9), round(of))
    if hits <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    log_share, log_rest = math.log(share), math.log1p(-share)
    total = 0.0
    for number in range(hits, tries + 1):
        chance = math.exp(
            math.lgamma(tries + 1)
            - math.lgamma(number + 1)
            - math.lgamma(tries - number + 1)
            + number * log_share
            + (tries - number) * log_rest
        )
        total += chance
        # Beyond the peak every further term is smaller; what is left cannot change the answer.
        if number > tries * share and chance < total * 1e-12:
            break
    return min(total, 1.0)
