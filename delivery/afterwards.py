"""Judges a version after its deployment: what it answers for ``gate.bake`` minutes, against the objective.

For platforms that replace instances or move traffic themselves: what they call a success is that instances are healthy.
Nothing is taken back from here, since nothing of the old version is left; ``restore.py`` does that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from components import slo
from components.spec import Environment
from components.spec.service import Service
from delivery import gate
from delivery.declared import Declared
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.gate import Interval, Judgement, Outcome, Sample
from delivery.metrics.sources import Source, measured, source_of
from delivery.observe.model import Target
from delivery.output import Output
from delivery.prometheus import MetricsError

LATE = {"aws-ecs": 120}
"""Seconds after which a platform's source knows what was answered; CloudWatch is told each minute, and then reads."""


class NotKeptError(DeliveryError):
    """What was deployed is not to stay: it misses its objective, or could not be judged where that counts the same."""

    def __init__(self, what: str, code: Exit, *, remedy: str, details: tuple[str, ...]) -> None:
        """``what``: a sentence without its end."""
        super().__init__(f"{what}; it still runs.", code, remedy=remedy, details=details)
        self.what = what


@dataclass
class Bake:
    """One look after another at what runs. ``clock`` and ``sleep`` in seconds."""

    environment: Environment
    output: Output
    source: Source
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    seen: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Service -> what was counted at the last look, for --json."""

    def watch(self, services: Sequence[tuple[Service, Target]]) -> None:
        """Until all of them are decided. NotKeptError with DEPLOYMENT_FAILED where one misses its objective. Where one
        stays undecided for the patience: NOT_PROVEN, as a NotKeptError where ``gate.inconclusive`` is rollback, unless
        that lets it go on."""
        settings = self.environment.gate
        whole, late = settings.bake * 60, LATE.get(self.environment.platform, 0)
        began = self.clock()
        names = ", ".join(service.name for service, _ in services)
        self.output.say(f"{names}: judged by what is answered in the next {settings.bake} minutes.")
        patience = settings.patience
        while True:
            self.sleep(settings.interval)
            passed = self.clock() - began
            last = passed >= whole + late
            found = [(service, self._judged(service, where, round(passed), last=last)) for service, where in services]
            self._end(found, Outcome.FAIL, Exit.DEPLOYMENT_FAILED, "does not meet its objective")
            if not last:
                continue
            open_ = [one for one in found if one[1].outcome is not Outcome.PASS]
            if not open_:
                return
            if not patience:
                self._undecided(open_)
                return
            patience -= 1

    def _judged(self, service: Service, where: Target, seconds: int, *, last: bool) -> Judgement:
        try:
            sample = self.source.lately(service, where, seconds)
        except MetricsError as error:
            judgement = Judgement(Outcome.ERROR, (f"the metrics cannot be read: {error}",))
        else:
            self.seen[service.name] = [{"new": sample.document(), "old": Sample().document()}]
            interval = Interval(sample, Sample())
            judgement = gate.judge([interval], slo.budget(service), self.environment.gate.minimum_requests, last=last)
        self.output.say(f"{service.name}: {judgement.outcome.value}: {'; '.join(judgement.reasons)}.")
        return judgement

    def _undecided(self, found: Sequence[tuple[Service, Judgement]]) -> None:
        if self.environment.gate.inconclusive == "continue":
            errors = [one for one in found if one[1].outcome is Outcome.ERROR]
            self._end(errors, Outcome.ERROR, Exit.NOT_PROVEN, "could not be judged")
            self.output.warn(f"{_names(found)}: undecided, and gate.inconclusive is continue.")
            return
        for outcome in (Outcome.ERROR, Outcome.INCONCLUSIVE):
            self._end(found, outcome, Exit.NOT_PROVEN, "could not be judged")

    def _end(self, found: Sequence[tuple[Service, Judgement]], outcome: Outcome, code: Exit, what: str) -> None:
        bad = [(service, judgement) for service, judgement in found if judgement.outcome is outcome]
        if not bad:
            return
        details = tuple(f"{service.name}: {reason}" for service, one in bad for reason in one.reasons)
        remedy = f"`caas rollback --stack {self.environment.stack}` goes back to the release before."
        error = NotKeptError(f"The new version of {_names(bad)} {what}", code, remedy=remedy, details=details)
        if outcome is Outcome.FAIL or self.environment.gate.inconclusive == "rollback":
            raise error
        raise DeliveryError(error.message, code, remedy=remedy, details=details)


def _names(found: Sequence[tuple[Service, Judgement]]) -> str:
    return ", ".join(service.name for service, _ in found)


def judged(environment: Environment, truth: Declared, output: Output, source: Source | None = None) -> dict[str, Any]:
    """Judge what was just deployed, where ``gate.bake`` asks for it; what was counted, by service."""
    places = {one.name: Target(one.namespace, one.deployment) for one in truth.services}
    services = [(one, places[one.name]) for one in environment.services if measured(environment, one)]
    if not environment.gate.bake or not services:
        return {}
    try:
        bake = Bake(environment, output, source or source_of(environment))
    except MetricsError as error:
        raise DeliveryError(f"What was deployed cannot be judged: {error}.", Exit.NOT_PROVEN) from error
    bake.watch(services)
    return bake.seen
