"""One step of a release: watch the new version while it has its share of the traffic, and judge it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from components.slo import Budget, Queries
from components.spec.environment import Gate
from delivery.gate import Interval, Judgement, Outcome, Sample, judge
from delivery.observe.model import Target
from delivery.output import Output
from delivery.prometheus import MetricsError
from delivery.steps import Step
from delivery.verdict import failure
from delivery.watch import INTERVAL, Watch

RENEWAL = 5.0
"""Seconds between two signs of life, and two looks for a person's decision."""


class Metrics(Protocol):
    """Whoever knows how a version does."""

    def sample(self, queries: Queries) -> Sample:
        """What it answered in the queries' window; MetricsError where that cannot be had."""


class Route(Protocol):
    """What an analysis asks of the traffic; see ``delivery.traffic.Traffic``."""

    def renew(self, target: Target) -> None:
        """Show that the release goes on."""

    def decision(self, target: Target) -> str | None:
        """What a person has asked for."""

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

    def step(self, subject: Subject, step: Step) -> Judgement:
        """Watch until the step is decided. Answers pass, or fail with the reasons; undecided is what the gate's
        setting makes of it."""
        wanted = step.analyses(self.gate.interval)
        errors = looks = 0
        before = self._restarts(subject)
        while True:
            what = f"analysis {looks + 1} of {wanted}" if looks < wanted else "undecided, one more analysis"
            self.output.say(f"{subject.name}: {step.percent} % to the new version, {what} ({self.gate.interval} s).")
            stopped = self._wait(subject, before)
            if stopped is not None:
                return stopped
            try:
                subject.intervals.append(Interval(self.metrics.sample(subject.new), self.metrics.sample(subject.old)))
                judgement = judge(subject.intervals, subject.budget, self.gate.minimum_requests)
                errors = 0
            except MetricsError as error:
                errors += 1
                judgement = Judgement(Outcome.ERROR, (f"the metrics cannot be read: {error}",))
            looks += 1
            self.output.say(f"{subject.name}: {judgement.outcome.value}: {'; '.join(judgement.reasons)}.")
            if judgement.outcome is Outcome.FAIL:
                return judgement
            if judgement.outcome is Outcome.ERROR and errors > self.gate.patience:
                return judgement
            if looks < wanted:
                continue
            if judgement.outcome is Outcome.PASS:
                return judgement
            if looks >= wanted + self.gate.patience and judgement.outcome is Outcome.INCONCLUSIVE:
                return self._undecided(subject, step, judgement)

    def _undecided(self, subject: Subject, step: Step, judgement: Judgement) -> Judgement:
        if self.gate.inconclusive == "continue":
            self.output.warn(f"{subject.name}: undecided, and gate.inconclusive is continue.")
            return Judgement(Outcome.PASS, judgement.reasons)
        if self.gate.inconclusive == "rollback":
            return judgement
        self.route.move(subject.stable, step.percent, paused=True)
        self.output.warn(
            f"{subject.name}: undecided, waiting for a person: `caas continue` or `caas abort` "
            f"({'; '.join(judgement.reasons)})."
        )
        before = self._restarts(subject)
        while True:
            stopped = self._wait(subject, before)
            if stopped is not None:
                return stopped

    def _wait(self, subject: Subject, before: int) -> Judgement | None:
        """One interval, with a look at the instances each second; a judgement where that ends the step."""
        until = self.clock() + self.gate.interval
        renewed = self.clock()
        while (left := until - self.clock()) > 0:
            self.sleep(min(INTERVAL, left))
            if (broken := self._broken(subject, before)) is not None:
                return broken
            if self.clock() - renewed >= RENEWAL:
                renewed = self.clock()
                self.route.renew(subject.stable)
                decision = self.route.decision(subject.stable)
                if decision == "abort":
                    return Judgement(Outcome.FAIL, ("a person asked for it with `caas abort`",))
                if decision == "continue":
                    return Judgement(Outcome.PASS, ("a person asked for it with `caas continue`",))
        return None

    def _broken(self, subject: Subject, before: int) -> Judgement | None:
        """The platform's own word against the new version: it needs no statistics."""
        snapshot, ages = self.watch.look(subject.candidate)
        self.watch.comment(snapshot, ages)
        if (verdict := failure(snapshot, ages)) is not None:
            return Judgement(Outcome.FAIL, verdict.reasons)
        if (restarts := _restarts(snapshot)) > before:
            return Judgement(
                Outcome.FAIL, (f"its containers ended and were restarted {restarts - before}x while it had traffic",)
            )
        return None

    def _restarts(self, subject: Subject) -> int:
        return _restarts(self.watch.look(subject.candidate)[0])


def _restarts(snapshot: Any) -> int:
    return sum(container.restarts for one in snapshot.current for container in one.containers)
