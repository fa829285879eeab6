"""What a person decides about a release that runs elsewhere: left in the route, for whoever moves the traffic.

The release looks for it every few seconds. One that has died cannot; its traffic is taken back here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from components.spec import Environment
from delivery import apply
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.model import Target
from delivery.traffic import ABORT, CONTINUE, Release, Standing

__all__ = ["ABORT", "CONTINUE", "Told", "decide"]


class Route(Protocol):
    """What is asked of the traffic; see ``delivery.traffic.Traffic``."""

    def standing(self, target: Target) -> Standing | None:
        """How the route stands."""

    def decide(self, target: Target, decision: str) -> Release | None:
        """Leave a decision."""

    def back(self, target: Target) -> None:
        """Everything to the version that serves."""


@dataclass(frozen=True)
class Told:
    """What was done about one service."""

    service: str
    text: str
    """For people."""
    holder: str
    weight: int
    """Percent that the new version had."""

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {"service": self.service, "release": self.holder, "weight": self.weight}


def decide(decision: str, environment: Environment, state: Mapping[str, Any], traffic: Route) -> tuple[Told, ...]:
    """Tell every release of the stack.

    DeliveryError with BAD_INPUT where none runs, and, for ``continue``, where none waits for a person.

    :param state: The stack's, as it is stored: where its services run.
    """
    running = {
        target: standing.release
        for target, _ in apply.deployments(state.get("resources") or [])
        if target.name in {one.name for one in environment.services if one.rollout.strategy != "rolling"}
        and (standing := traffic.standing(target)) is not None
        and standing.release is not None
    }
    if not running:
        raise DeliveryError(
            f"No release of stack {environment.stack!r} moves traffic: there is nothing to {decision}.", Exit.BAD_INPUT
        )
    if decision == CONTINUE:
        waiting = {target: held for target, held in running.items() if held.paused and held.alive(time.time())}
        if not waiting:
            names = ", ".join(f"{target.name} ({held.weight} %)" for target, held in sorted(running.items(), key=_name))
            raise DeliveryError(
                f"The release of stack {environment.stack!r} does not wait for a person: {names}.",
                Exit.BAD_INPUT,
                remedy="It goes on by itself; `caas abort` takes it back.",
            )
        running = waiting
    return tuple(_tell(decision, target, held, traffic) for target, held in sorted(running.items(), key=_name))


def _name(item: tuple[Target, Release]) -> str:
    return item[0].name


def _tell(decision: str, target: Target, held: Release, traffic: Route) -> Told:
    if not held.alive(time.time()):
        traffic.back(target)
        text = (
            f"{target.name}: the release of {held.holder} is dead; all traffic is back with the version that serves. "
            "The next `caas up` removes what is left of the new one."
        )
    elif traffic.decide(target, decision) is None:
        text = f"{target.name}: the release of {held.holder} has ended meanwhile."
    else:
        how = "goes on" if decision == CONTINUE else "is taken back"
        text = f"{target.name}: the release of {held.holder} {how} within seconds."
    return Told(target.name, text, held.holder, held.weight)
