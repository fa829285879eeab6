"""Whoever changes a stack waits until nobody else does."""

from __future__ import annotations

import time

from delivery import locks
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.output import Output
from delivery.stack import ProgramStack

TIMEOUT = 300.0
"""Seconds to wait for a stack that somebody else is changing."""
INTERVAL = 2.0
"""Seconds from one look to the next."""


def await_turn(stack: ProgramStack, output: Output, until: float, limit: float) -> bool:
    """Wait until nobody else changes the stack; answers whether there was somebody to wait for.

    DeliveryError (exit code 7) where that takes too long.

    :param until: When it does, on the monotonic clock.
    :param limit: The seconds that this was from the beginning, for people.
    """
    directory = stack.backend_directory
    waited = False
    while directory is not None and (
        remaining := locks.release_dead(locks.held(directory, stack.project, stack.name), output.warn)
    ):
        wait_or_give_up(stack, remaining, output, until, limit)
        waited = True
    return waited


def wait_or_give_up(stack: ProgramStack, holders: list[locks.Lock], output: Output, until: float, limit: float) -> None:
    """One look's time; DeliveryError (exit code 7) where there is none left. ``holders``: whom a person is told of."""
    names = ", ".join(lock.holder for lock in holders) or "somebody else"
    left = until - time.monotonic()
    if left <= 0:
        raise DeliveryError(
            f"Stack {stack.name!r} is being changed by {names}, and still was after {limit:.0f} s.",
            Exit.LOCKED,
            remedy="Try again when that has finished. Only if it is known to be dead: "
            f"`pulumi cancel --stack {stack.name}`.",
        )
    output.say(f"Waiting for {names} to finish with stack {stack.name} ({left:.0f} s left).", key=names)
    time.sleep(min(INTERVAL, left))
