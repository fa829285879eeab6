"""A service that is watched: half an hour in health tells nobody, and 5 % of errors page somebody within three minutes.

Needs a running sandbox; ``make bench ONLY=alerts`` starts it. Four requests a second, so that the machine can do other
things meanwhile. ``CAAS_BENCH_MINUTES`` shortens the half hour.
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path

from sandbox import toolchain
from tests.benchmarks.table import Row
from tests.cluster.load import Load, until
from tests.cluster.receiver import Receiver, receiver
from tests.cluster.scene import Scene, scene
from tests.cluster.test_alerts import PAGE, WITHIN, Prometheus, fail, judges, sees, watch

MINUTES = 30
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
        with Load(hey, watched.host, rate=1, workers=4):
            until(lambda: judges(prometheus), 120, "the rules have a ratio")
            healthy = _healthy(prometheus, told)
        with Load(hey, watched.host, rate=10, workers=4):
            return [healthy, *_failing(watched, told)]


def _healthy(prometheus: Prometheus, told: Receiver) -> Row:
    minutes = float(os.environ.get("CAAS_BENCH_MINUTES", MINUTES))
    seen: set[str] = set()
    looks = 0
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        time.sleep(EVERY)
        looks += 1
        seen.update(prometheus.firing())
    seen |= {name for name, _ in told.alerts("firing")}
    return Row(
        name="alerts: in health",
        figure=f"{len(seen)} alerts in {minutes:g} min, {looks} looks {' '.join(sorted(seen))}".strip(),
        target=f"0 alerts in {MINUTES} min",
        met=not seen and looks > 0 and minutes >= MINUTES,
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
