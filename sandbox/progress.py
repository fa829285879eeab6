"""Shows what a long preparation is doing, how far it is and what is left.

On a terminal it is a live table; in a pipeline it is a plain line now and then, so that a log stays
readable and nobody takes a long compilation for a hang.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table

PLAIN_INTERVAL = 15.0
"""Seconds between two lines where there is no terminal."""


@dataclass
class Step:
    """One thing that takes time. ``seconds`` is what it took on the machine that measured it."""

    title: str
    seconds: float
    state: str = "waiting"
    detail: str = ""
    fraction: float = 0.0
    began: float | None = None
    took: float | None = None

    def left(self) -> float:
        """Seconds that this step is expected to take still."""
        return 0.0 if self.state == "done" else self.seconds * (1 - min(self.fraction, 1.0))


@dataclass
class Progress:
    """The steps of one preparation and their display. Steps may report from several threads."""

    title: str
    console: Console = field(default_factory=lambda: Console(file=sys.stderr, highlight=False))
    steps: list[Step] = field(default_factory=list)

    def add(self, title: str, seconds: float) -> Step:
        """Announce a step, so that the display can say what is left before it begins."""
        step = Step(title, seconds)
        self.steps.append(step)
        return step

    @contextmanager
    def running(self, step: Step) -> Iterator[Step]:
        """Mark a step as running, then as done, or as failed where the block raises."""
        step.state, step.began = "running", time.monotonic()
        if not self.console.is_terminal:
            self.say(f"{step.title}: started")
        try:
            yield step
        except BaseException:
            step.state = "failed"
            raise
        step.state, step.fraction, step.took = "done", 1.0, time.monotonic() - step.began
        if not self.console.is_terminal:
            self.say(f"{step.title}: done in {step.took:.0f} s{self._remaining()}")

    def say(self, line: str) -> None:
        """Print one line above the display."""
        self.console.print(line, markup=False, soft_wrap=True)

    @contextmanager
    def shown(self) -> Iterator[Progress]:
        """Show the display while the block runs."""
        if self.console.is_terminal:
            with Live(get_renderable=self._table, console=self.console, refresh_per_second=4, transient=True):
                yield self
            return
        stop = threading.Event()
        reporter = threading.Thread(target=self._report, args=(stop,), daemon=True)
        reporter.start()
        try:
            yield self
        finally:
            stop.set()
            reporter.join()

    def _report(self, stop: threading.Event) -> None:
        while not stop.wait(PLAIN_INTERVAL):
            for step in self.steps:
                if step.state == "running" and step.began is not None:
                    self.say(f"{step.title}: {_seconds(step)}, {step.detail or 'working'}{self._remaining()}")

    def _remaining(self) -> str:
        left = sum(step.left() for step in self.steps)
        finished = sum(step.state == "done" for step in self.steps)
        return f" [{finished} of {len(self.steps)} done, about {left / 60:.0f} min left]" if left >= 1 else ""

    def _table(self) -> Table:
        table = Table(title=f"{self.title}{self._remaining()}", title_justify="left", box=None, pad_edge=False)
        for column in ("", "step", "progress", "time"):
            table.add_column(column)
        marks = {"waiting": "·", "running": "▸", "done": "✓", "failed": "✗"}
        for step in self.steps:
            share = f"{step.fraction:4.0%} {step.detail}" if step.state == "running" else ""
            table.add_row(marks[step.state], step.title, share, _seconds(step))
        return table


def _seconds(step: Step) -> str:
    if step.took is not None:
        return f"{step.took:.0f} s"
    return f"{time.monotonic() - step.began:.0f} s" if step.began is not None else ""
