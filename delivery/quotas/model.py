"""How many instances the services come to, and whether a limit holds them. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from components.kubernetes.rollout import bounds
from components.spec.service import Service
from delivery.checks import Check, State

NAME = "quota"
"""What these checks are called."""


@dataclass(frozen=True)
class Need:
    """An amount of something."""

    least: float
    """For one update to go through, each service at its minimum."""
    most: float
    """At every service's maximum, an update in between."""


@dataclass(frozen=True)
class Quota:
    """A limit of a platform, and what the stack needs of it."""

    what: str
    """What is limited, and where, such as ``Fargate vCPU in eu-central-1``."""
    limit: float
    need: Need
    more: Callable[[int], str]
    """What to type or to do so that the limit becomes this."""
    used: float | None = None
    """What is in use now, that of this stack included. None: nobody says."""

    def check(self) -> Check:
        """Failing where an update cannot go through, a warning where the services cannot come to their maximum."""
        said = f"{self.what}: {self.limit:g}" + ("" if self.used is None else f", {self.used:g} in use")
        if self.limit < self.need.least:
            what = f"{said}; an update needs {self.need.least:g}, the services at their maximum {self.need.most:g}"
            return Check(NAME, State.FAILING, what, self._remedy())
        what = f"{said}; the services need {self.need.most:g} at their maximum"
        # What is in use may be this stack's own, which nobody tells apart: no more than a warning follows from it.
        if self.limit - (self.used or 0) < self.need.most:
            return Check(NAME, State.WARNING, what, self._remedy())
        return Check(NAME, State.OK, what)

    def _remedy(self) -> str:
        return self.more(math.ceil(self.need.most + (self.used or 0)))


def instances(service: Service) -> Need:
    """Instances of a service at once, those that an update adds included. Where traffic moves, the new version stands
    beside the old one in full."""
    minimum, maximum = bounds(service)
    if service.scaling is not None:
        maximum = max([maximum, *(one.maximum for one in service.scaling.schedules)])
    if service.rollout.strategy != "rolling":
        return Need(2 * minimum, 2 * maximum)
    surge = service.rollout.max_surge
    # One more is enough for an update to go on.
    return Need(minimum + min(minimum, 1 if surge else 0), maximum + math.ceil(maximum * surge / 100))


def total(*needs: Need) -> Need:
    """All of them at once."""
    return Need(round(sum(one.least for one in needs), 6), round(sum(one.most for one in needs), 6))


def times(need: Need, each: float) -> Need:
    """So much for each instance."""
    return Need(need.least * each, need.most * each)
