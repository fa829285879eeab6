"""Ctrl-C and SIGTERM while something runs that must not be left alone: counted and acted on, and never raised."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

NUMBERS = (signal.SIGINT, signal.SIGTERM)
_LOOK = 0.1
"""Seconds between two looks at what came."""


@contextmanager
def counted(act: Callable[[int], None]) -> Iterator[Sequence[int]]:
    """Gives the signals that have come so far. An exception in the midst of stopping something would leave it running,
    so that none is raised: for each signal ``act`` is called on a thread of its own, with 1 for the first.

    Signals reach a program's main thread only; on any other nothing is counted.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    over = threading.Event()

    def look() -> None:
        seen = 0
        while not over.wait(_LOOK):
            while seen < len(came):
                seen += 1
                act(seen)

    thread = threading.Thread(target=look, daemon=True)
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in NUMBERS}
    thread.start()
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        over.set()
        thread.join()
