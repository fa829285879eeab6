"""A service that is watched: half an hour in health tells nobody, and 5 % of errors page somebody within three minutes.

Needs a running sandbox; ``make bench ONLY=alerts`` starts it. Four requests a second: the machine can do other
things meanwhile. The objective's period is a day and not thirty, so every window is a thirtieth too: the half hour is
as much as fifteen hours are of a month, and holds both windows of the pages (two and twelve minutes) whole.
``CAAS_BENCH_MINUTES`` shortens it, and the row then says that the promise was not tried.
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path

from sandbox import toolchain
from tests.benchmarks.table import Row
from tests.cluster.load import Load, Requests, until
from tests.cluster.receiver import Receiver, receiver
from tests.cluster.scene import Scene, scene
from tests.cluster.test_alerts import PAGE, WITHIN, Prometheus, fail, judges, sees, watch

MINUTES = 30
RATE = 4
"""Requests in a second."""
EVERY = 15
"""Seconds between two looks at what fires."""


def run() -> list[Row]:
    """A row for the time in health, one for the page and one for its end."""
    hey = str(toolchain.current().tool("hey"))
    with (
        tempfile.TemporaryDirectory() as directory,
        receiver() as told,
        scene(Path(directory), dict(os.environ), "bench") as watched,
    ):
        watch(watched, told)
        prometheus = Prometheus(watched)
        until(lambda: sees(prometheus), 120, "Prometheus reads the service")
        minutes = float(os.environ.get("CAAS_BENCH_MINUTES", MINUTES))
        with Load(hey, watched.host, rate=1, workers=4, minutes=int(minutes) + 5) as load:
            until(lambda: judges(prometheus), 120, "the rules have a ratio")
            seen, looks = _healthy(prometheus, told, minutes)
        healthy = _row(seen, looks, minutes, load.result)
        with Load(hey, watched.host, rate=10, workers=4):
            return [healthy, *_failing(watched, told)]


def _healthy(prometheus: Prometheus, told: Receiver, minutes: float) -> tuple[set[str], int]:
    """The alerts that fired within so many minutes, and how often it was looked."""
    seen: set[str] = set()
    looks = 0
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        time.sleep(EVERY)
        looks += 1
        seen.update(prometheus.firing())
    return seen | {name for name, _ in told.alerts("firing")}, looks


def _row(seen: set[str], looks: int, minutes: float, requests: Requests) -> Row:
    names = " ".join(sorted(seen))
    what = f"{len(seen)} alerts in {minutes:g} min, {looks} looks, {requests.sent} requests, {requests.failed} failed"
    return Row(
        name="alerts: in health",
        figure=f"{what} {names}".strip(),
        target=f"0 alerts in {MINUTES} min",
        # Half of what was meant to be sent: less is no load.
        met=not seen and minutes >= MINUTES and requests.sent >= 60 * minutes * RATE / 2,
        detail_command="pytest tests/cluster/test_alerts.py",
    )


def _failing(watched: Scene, told: Receiver) -> list[Row]:
    rows = []
    for name, share, status in (("5 % of errors page", 0.05, "firing"), ("recovery resolves", 0.0, "resolved")):
        fail(watched, share)
        began = time.monotonic()
        until(partial(_told, told, status), 2 * WITHIN, f"the webhook is told: {status}")
        took = time.monotonic() - began
        rows.append(
            Row(
                name=f"alerts: {name}",
                figure=f"{took:.0f} s",
                target=f"within {WITHIN} s",
                met=took <= WITHIN,
                detail_command="pytest tests/cluster/test_alerts.py",
            )
        )
    return rows


def _told(told: Receiver, status: str) -> bool:
    return PAGE in told.alerts(status)
