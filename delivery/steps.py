"""How a strategy moves the traffic: the steps before everything goes to the new version. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from components.spec import checks_kubernetes, defaults
from components.spec.service import Service

SECOND = 50
"""Percent of a canary's second step, before everything."""
BEFORE, AFTER = checks_kubernetes.PAUSES
"""Stages at which a person can be asked: before the first step, and after the last one."""


@dataclass(frozen=True)
class Step:
    """One weight, and for how long it is watched."""

    percent: int
    minutes: int

    def analyses(self, interval: int) -> int:
        """How many analyses of ``interval`` seconds it gets: one at the least."""
        return max(1, math.ceil(self.minutes * 60 / interval))


def plan(service: Service) -> tuple[Step, ...]:
    """The steps of a service's strategy.

    canary: its step, then half, then all. linear: equal steps up to all. blue-green: all at once, while the old
    version bakes beside it. After the last one the version that serves becomes the new one.
    """
    rollout = service.rollout
    if rollout.strategy == "blue-green":
        return (Step(100, defaults.bake(rollout)),)
    percent, minutes = defaults.step(rollout)
    if rollout.strategy == "canary":
        return tuple(Step(each, minutes) for each in sorted({percent, SECOND}) if each >= percent)
    return tuple(Step(each, minutes) for each in range(percent, 100, percent))


def instances(service: Service, running: int) -> int:
    """How many instances of the new version carry its largest share of what so many carry now; one at the least."""
    share = max(step.percent for step in plan(service))
    return max(1, math.ceil(running * share / 100))


def pause(service: Service, stage: str) -> float | None:
    """Seconds that a release waits for a person at a stage, at the most; None where it does not wait there."""
    limits = [hook.pause * 60.0 for hook in service.rollout.hooks if hook.stage == stage and hook.pause is not None]
    return min(limits, default=None)
