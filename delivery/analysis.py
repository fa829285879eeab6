"""One step of a release: watch the new version while it has its share of the traffic, and judge it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from components.slo import Budget, Queries
from components.spec.environment import Gate
from delivery.errors import DeliveryError
from delivery.gate import Interval, Judgement, Outcome, Sample, judge
from delivery.observe.model import Snapshot, Target
from delivery.output import Output
from delivery.prometheus import MetricsError
from delivery.steps import Step
from delivery.traffic import ABORT, CONTINUE, Standing
from delivery.verdict import failure
from delivery.watch import INTERVAL, Watch

ROUTE_INTERVAL = 3.0
"""Seconds between two looks at the route: for a person's decision, and for weights that somebody else has changed."""


class Metrics(Protocol):
    """Whoever knows how a version does."""

    def sample(self, queries: Queries) -> Sample:
        """What it answered in the queries' window; MetricsError where that cannot be had."""


class Route(Protocol):
    """What an analysis asks of the traffic; see ``delivery.traffic.Traffic``."""

    def standing(self, target: Target) -> Standing | None:
        """How the route stands."""

    def move(self, target: Target, percent: int, *, paused: bool = False) -> None:
        """Give the new version a share."""


@dataclass
class Subject:
    """What is judged: both versions of one service."""

    name: str
    stable: Target
    candidate: Target
    new: Queries
    old: Queries
    budget: Budget
    restarts: int = 0
    """Of the new version's containers, before it got any traffic."""
    intervals: list[Interval] = field(default_factory=list)
    """What was seen so far, over all steps."""

    def document(self) -> list[dict[str, Any]]:
        """For --json and the history."""
        return [{"new": each.new.document(), "old": each.old.document()} for each in self.intervals]


@dataclass(frozen=True)
class Analysis:
    """The tools of a step. ``clock`` and ``sleep`` in seconds."""

    gate: Gate
    metrics: Metrics
    route: Route
    watch: Watch
    output: Output
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    pages: Callable[[], Sequence[str]] = tuple
    """The pages of the service that began to fire since the release began; see ``delivery.alerts``."""

    def step(self, subject: Subject, step: Step) -> Judgement:
        """Watch until the step is decided. What stays undecided becomes what the gate's setting makes of it."""
        wanted = step.analyses(self.gate.interval)
        errors = looks = 0
        while True:
            what = f"analysis {looks + 1} of {wanted}" if looks < wanted else "undecided, one more analysis"
            self.output.say(f"{subject.name}: {step.percent} % to the new version, {what} ({self.gate.interval} s).")
            ended = self._wait(subject, step.percent, paused=False)
            if ended is not None:
                return ended
            judgement = self._judged(subject, last=looks + 1 >= wanted)
            errors = errors + 1 if judgement.outcome is Outcome.ERROR else 0
            looks += 1
            self.output.say(f"{subject.name}: {judgement.outcome.value}: {'; '.join(judgement.reasons)}.")
            if judgement.outcome is Outcome.FAIL or errors > self.gate.patience:
                return judgement
            if looks < wanted:
                continue
            if judgement.outcome is Outcome.PASS:
                return judgement
            if looks >= wanted + self.gate.patience and judgement.outcome is Outcome.INCONCLUSIVE:
                return self._undecided(subject, step, judgement)

    def pause(self, subject: Subject, percent: int, why: str, limit: float | None) -> Judgement:
        """Wait for a person's word, at most ``limit`` seconds, and fail where none comes. A new version that breaks
        meanwhile, or answers badly, ends the wait."""
        self.route.move(subject.stable, percent, paused=True)
        most = "" if limit is None else f", for {limit:.0f} s at most"
        self.output.warn(f"{subject.name}: {why}. Waiting for `caas continue` or `caas abort`{most}.")
        limit = math.inf if limit is None else limit
        until = self.clock() + limit
        while self.clock() < until:
            ended = self._wait(subject, percent, paused=True)
            if ended is not None:
                return ended
            if percent > 0 and (judgement := self._judged(subject, last=False)).outcome is Outcome.FAIL:
                return judgement
        return Judgement(Outcome.FAIL, (f"nobody said `caas continue` within {limit:.0f} s",))

    def _undecided(self, subject: Subject, step: Step, judgement: Judgement) -> Judgement:
        if self.gate.inconclusive == "continue":
            self.output.warn(f"{subject.name}: undecided, and gate.inconclusive is continue.")
            return Judgement(Outcome.PASS, judgement.reasons)
        if self.gate.inconclusive == "rollback":
            return judgement
        return self.pause(subject, step.percent, f"undecided: {'; '.join(judgement.reasons)}", None)

    def _judged(self, subject: Subject, *, last: bool) -> Judgement:
        """The gate's answer to everything that was seen, the last interval included. A page needs no statistics."""
        if pages := self.pages():
            return Judgement(Outcome.FAIL, (f"since the release began somebody is paged: {', '.join(pages)}",))
        try:
            subject.intervals.append(Interval(self.metrics.sample(subject.new), self.metrics.sample(subject.old)))
        except MetricsError as error:
            return Judgement(Outcome.ERROR, (f"the metrics cannot be read: {error}",))
        return judge(subject.intervals, subject.budget, self.gate.minimum_requests, last=last)

    def _wait(self, subject: Subject, percent: int, *, paused: bool) -> Judgement | None:
        """One interval, with a look at the instances each second; a judgement where that ends the step."""
        until = self.clock() + self.gate.interval
        asked = self.clock()
        seen = False
        while (left := until - self.clock()) > 0:
            self.sleep(min(INTERVAL, left))
            try:
                if (broken := self._broken(subject)) is not None:
                    return broken
                seen = True
                if self.clock() - asked >= ROUTE_INTERVAL:
                    asked = self.clock()
                    if (ended := _said(self.route.standing(subject.stable), percent, paused=paused)) is not None:
                        return ended
            except DeliveryError as error:
                # A look that failed is no news. A whole interval of them is: nobody knows what the callers get.
                self.output.say(error.message, key=error.message)
        return None if seen else Judgement(Outcome.ERROR, ("the cluster did not answer for a whole analysis",))

    def _broken(self, subject: Subject) -> Judgement | None:
        """The platform's own word against the new version: it needs no statistics."""
        snapshot, ages = self.watch.look(subject.candidate)
        self.watch.comment(snapshot, ages)
        if not snapshot.exists:
            return Judgement(Outcome.FAIL, ("somebody else has removed it",))
        if (verdict := failure(snapshot, ages)) is not None:
            return Judgement(Outcome.FAIL, verdict.reasons)
        if (more := restarts(snapshot) - subject.restarts) > 0:
            reason = f"its containers ended and were restarted {more}x while it was tried"
            return Judgement(Outcome.FAIL, (reason,))
        return None


def _said(standing: Standing | None, percent: int, *, paused: bool) -> Judgement | None:
    """What the route says about the release: nothing, or its end."""
    if standing is None or standing.release is None or not standing.release.mine:
        holder = standing.release.holder if standing and standing.release else "somebody else"
        return Judgement(Outcome.FAIL, (f"{holder} has taken the traffic over",))
    if standing.weight != percent:
        return Judgement(Outcome.FAIL, (f"somebody else has given it {standing.weight} % of the traffic",))
    if standing.decision == ABORT:
        return Judgement(Outcome.FAIL, ("a person asked for it with `caas abort`",))
    if standing.decision == CONTINUE and paused:
        return Judgement(Outcome.PASS, ("a person asked for it with `caas continue`",))
    return None


def restarts(snapshot: Snapshot) -> int:
    """How often containers of the newest revision were started again, in all."""
    return sum(container.restarts for one in snapshot.current for container in one.containers)
