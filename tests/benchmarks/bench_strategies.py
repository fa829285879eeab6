"""Good releases under load, with each strategy: how many requests failed. Bad ones: how soon and to how many.

Needs a running sandbox; ``make bench ONLY=strategies`` starts it. CAAS_BENCH_STRATEGIES names some of them only.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from delivery.exit_codes import Exit
from sandbox import toolchain
from tests.benchmarks.table import Row
from tests.cluster import hello
from tests.cluster.load import Load, Requests
from tests.cluster.moving import BAD, DETECTION, EXPOSURE, broken, exposure, release
from tests.cluster.scene import Scene, scene

STRATEGIES = ("rolling", "blue-green", "canary", "linear")
REQUESTS = 20_000
"""At the least, for each strategy."""
RATE = 250
"""Requests per second that are asked for; at least LEAST must come out."""
LEAST = 200
WORKERS = 50
DETAIL = "python -m tests.benchmarks strategies"


def version(strategy: str, number: int) -> dict[str, Any]:
    """The sample service as one of two versions: another image, not only another setting."""
    build = {"context": "hello", "args": {"VERSION": str(number)}}
    return hello.service(build=build) if strategy == "rolling" else hello.shifting(strategy, build=build)


def released(stage: Scene, strategy: str) -> tuple[Requests, int, float]:
    """Swap two versions under load until there were enough requests: what became of them, releases, seconds of load."""
    hey = str(toolchain.current().tool("hey"))
    stage.describe(version(strategy, 1))
    stage.up()
    sent = failed = releases = 0
    seconds = 0.0
    while sent < REQUESTS:
        releases += 1
        stage.describe(version(strategy, releases % 2 + 1))
        began = time.monotonic()
        with Load(hey, stage.host, workers=WORKERS, rate=RATE // WORKERS) as load:
            stage.up()
        seconds += time.monotonic() - began
        sent, failed = sent + load.result.sent, failed + load.result.failed
        print(f"  {strategy} {releases}: {sent} requests so far, {failed} failed", file=sys.stderr, flush=True)
    return Requests(sent, failed), releases, seconds


def run() -> list[Row]:
    """One row for each strategy: failed of sent, and at what rate."""
    chosen = os.environ.get("CAAS_BENCH_STRATEGIES", ",".join(STRATEGIES)).split(",")
    rows = []
    for strategy in chosen:
        with tempfile.TemporaryDirectory() as directory, scene(Path(directory), dict(os.environ), "bench") as stage:
            requests, releases, seconds = released(stage, strategy)
        rate = requests.sent / seconds
        figure = f"{requests.failed} failed of {requests.sent}, {releases} releases, {rate:.0f} requests/s"
        met = requests.failed == 0 and requests.sent >= REQUESTS and rate >= LEAST
        rows.append(Row(f"{strategy} under load", figure, f"0 failed of >= 20,000 at >= {LEAST}/s", met, DETAIL))
    return rows + (taken_back() if "canary" in chosen else [])


def taken_back() -> list[Row]:
    """A row for each bad canary: after how long it had no traffic any more, and how much it had until then."""
    rows = []
    with tempfile.TemporaryDirectory() as directory, scene(Path(directory), dict(os.environ), "bench") as stage:
        stage.describe(hello.shifting("canary"))
        stage.up()
        for name, variables in zip(("5 % errors", "p99 over the objective"), BAD, strict=True):
            seen = release(stage, broken(**variables))
            share = exposure(stage, seen)
            figure = f"exit {seen.done.code}, {seen.seconds:.1f} s, {share:.1f} % of the requests"
            target = f"exit 5, two analyses (<= {DETECTION:.0f} s), <= {EXPOSURE} %"
            met = seen.done.code == Exit.DEPLOYMENT_FAILED and seen.seconds <= DETECTION and share <= EXPOSURE
            rows.append(Row(f"canary with {name} taken back", figure, target, met, DETAIL))
    return rows
