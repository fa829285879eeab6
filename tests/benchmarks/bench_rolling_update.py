"""Rolling updates under load: two versions swapped back and forth, and the number of requests that failed.

Needs a running sandbox; ``make bench ONLY=rolling_update`` starts it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from sandbox import toolchain
from tests.benchmarks.table import Row
from tests.cluster import hello
from tests.cluster.load import Load, Requests
from tests.cluster.scene import Scene, scene

SWAPS = 5
REQUESTS = 20_000
"""At the least, over both kinds of connection."""
RATE = 60
"""Requests per second of each of the four workers, of either kind of connection."""
DETAIL = "python -m tests.benchmarks rolling_update"


def version(number: int) -> dict[str, Any]:
    """The sample service as one of two versions: another image, not only another setting."""
    return hello.service(build={"context": "hello", "args": {"VERSION": str(number)}})


def swapped(stage: Scene) -> tuple[Requests, Requests]:
    """Swap the versions under load until both the swaps and the requests are done: (keep-alive, new connections)."""
    hey = str(toolchain.current().tool("hey"))
    stage.describe(version(1))
    stage.up()
    kept, new = Requests(0, 0), Requests(0, 0)
    swaps = 0
    while swaps < SWAPS or kept.sent + new.sent < REQUESTS:
        swaps += 1
        stage.describe(version(swaps % 2 + 1))
        with (
            Load(hey, stage.host, rate=RATE) as keep_alive,
            Load(hey, stage.host, rate=RATE, keep_alive=False) as fresh,
        ):
            stage.up()
        kept = Requests(kept.sent + keep_alive.result.sent, kept.failed + keep_alive.result.failed)
        new = Requests(new.sent + fresh.result.sent, new.failed + fresh.result.failed)
        sent, failed = kept.sent + new.sent, kept.failed + new.failed
        print(f"  swap {swaps}: {sent} requests so far, {failed} failed", file=sys.stderr, flush=True)
    return kept, new


def run() -> list[Row]:
    """One row: failed of sent."""
    with tempfile.TemporaryDirectory() as directory, scene(Path(directory), dict(os.environ), "bench") as stage:
        kept, new = swapped(stage)
    failed, sent = kept.failed + new.failed, kept.sent + new.sent
    figure = f"{failed} failed of {sent} ({kept.sent} keep-alive, {new.sent} new connections), {SWAPS}+ swaps"
    return [Row("rolling update under load", figure, "0 failed of >= 20,000", failed == 0 and sent >= REQUESTS, DETAIL)]
