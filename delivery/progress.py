"""Says what is waited for, for how long, and up to which limit: a plain line now and then, in CI and on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

from delivery.output import Output

INTERVAL = 15.0
"""Seconds between two lines about the same wait."""


class Wait:
    """One thing that is waited for. Ask it as often as you like; it speaks when it is time."""

    def __init__(
        self,
        output: Output,
        what: str,
        limit: float | None = None,
        *,
        interval: float = INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``what`` completes "Waiting for …"; ``limit`` in seconds, None where somebody else sets the limit."""
        self._output = output
        self._what = what
        self._limit = limit
        self._interval = interval
        self._clock = clock
        self._began = clock()
        self._spoken = self._began

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return self._clock() - self._began

    @property
    def over(self) -> bool:
        """Has it lasted longer than its limit?"""
        return self._limit is not None and self.seconds > self._limit

    def tick(self) -> None:
        """Say where we are, if the last line is old enough."""
        now = self._clock()
        if now - self._spoken >= self._interval:
            self._spoken = now
            until = f" of {self._limit:.0f} s" if self._limit is not None else " s"
            self._output.say(f"Waiting for {self._what}: {self.seconds:.0f}{until}.")
