"""Releases that are drawn by chance: what a source of metrics would have said, healthy or not.

Realistic noise: both versions share what their dependencies and the weather do to them (each interval's error rate
and latency vary by a factor of about 1.3, and one interval in a hundred is an incident of four times the errors), load
varies by the same factor, and counts are Poisson or binomial. Nothing here sleeps or asks.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from components.slo import Budget
from delivery.gate import Interval, Judgement, Outcome, Sample, judge

MINIMUM = 100
"""Requests that decide something: the gate's default."""
LOOKS = 5
"""Analyses of one step: the default of five minutes and one a minute."""
CANARY = (10, 50)
"""Percent of the traffic, step by step: the default canary."""


@dataclass(frozen=True)
class Kind:
    """A service, its objective, and its load."""

    name: str
    failing: float
    """Share of its answers that fail while it is healthy."""
    budget: Budget
    per_step: int | None = None
    """Requests to the new version in each step; None: what the load and the weight make of it."""
    rate: float = 20.0
    """Requests per second, of both versions."""
    slow: float = 0.004
    """Share of its answers that are slow."""


KINDS = (
    Kind("promises 99.9 %, keeps 99.97 %", 0.0003, Budget(0.001, 0.01, 0.5)),
    Kind("promises 99 %, keeps 99.6 %", 0.004, Budget(0.01, 0.01, 0.5)),
    Kind("promises 94 %, keeps 97 %", 0.03, Budget(0.06, 0.01, 0.5)),
    Kind("promises 94 %, keeps 97 %, a thousand requests a step", 0.03, Budget(0.06, 0.01, 0.5), per_step=1000),
)


def drawn(chance: random.Random, kind: Kind, weight: int, times: float) -> Interval:
    """One interval of a release: ``times`` as many failures of the new version as of the old one."""
    weather = math.exp(chance.gauss(0, 0.3)) * (4 if chance.random() < 0.01 else 1)
    if kind.per_step is not None:
        new = _poisson(chance, kind.per_step / LOOKS)
        old = _poisson(chance, kind.per_step / LOOKS * (100 - weight) / weight)
    else:
        requests = kind.rate * 60 * math.exp(chance.gauss(0, 0.3))
        new, old = _poisson(chance, requests * weight / 100), _poisson(chance, requests * (100 - weight) / 100)
    slow = kind.slow * math.exp(chance.gauss(0, 0.3))
    return Interval(
        _sample(chance, new, min(1.0, kind.failing * weather * times), slow),
        _sample(chance, old, min(1.0, kind.failing * weather), slow),
    )


def released(chance: random.Random, kind: Kind, times: float, weights: Sequence[int] = CANARY) -> Judgement:
    """The gate's last word on one release; inconclusive after a step's last analysis goes back, as is the default."""
    seen: list[Interval] = []
    judgement = Judgement(Outcome.INCONCLUSIVE, ())
    for weight in weights:
        for look in range(LOOKS):
            seen.append(drawn(chance, kind, weight, times))
            judgement = judge(seen, kind.budget, MINIMUM, last=look == LOOKS - 1)
            if judgement.outcome is Outcome.FAIL:
                return judgement
        if judgement.outcome is not Outcome.PASS:
            return judgement
    return judgement


def passed(seed: int, kind: Kind, times: float, releases: int = 200) -> int:
    """How many of so many releases went all the way."""
    chance = random.Random(seed)
    return sum(released(chance, kind, times).outcome is Outcome.PASS for _ in range(releases))


def _sample(chance: random.Random, requests: int, failing: float, slow: float) -> Sample:
    failed, late = (_binomial(chance, requests, share) for share in (failing, slow))
    return Sample(requests, failed, requests, late)


def _poisson(chance: random.Random, mean: float) -> int:
    if mean > 500:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    count, left = 0, chance.expovariate(1)
    while left < mean:
        count, left = count + 1, left + chance.expovariate(1)
    return count


def _binomial(chance: random.Random, tries: int, share: float) -> int:
    """Counts the tries up to each hit, so that rare hits cost little."""
    if share <= 0:
        return 0
    hits, at = 0, 0
    while (at := at + 1 + int(math.log(1 - chance.random()) / math.log1p(-min(share, 0.999999)))) <= tries:
        hits += 1
    return hits
