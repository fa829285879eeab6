"""How long validating the whole configuration takes: every command pays it before anything else."""

from __future__ import annotations

import time
from statistics import median

from tests.benchmarks.table import Row
from tests.spec.test_load import load
from tests.spec.wrong_case import SERVICE, changed

SERVICES = 300
TARGET = 0.3
"""Seconds of one processor."""
RUNS = 5


def run() -> list[Row]:
    """Load an environment of 300 services, each with an override."""
    services = {f"s{i}": changed(SERVICE, {"ingress.host": f"s{i}.example.org"}) for i in range(SERVICES)}
    overrides = {name: {"scaling": {"minimum": 4}} for name in services}
    taken = []
    for _ in range(RUNS):
        began = time.process_time()
        load(services, overrides=overrides)
        taken.append(time.process_time() - began)
    seconds = median(taken)
    return [
        Row(
            name=f"configuration of {SERVICES} services, validated",
            figure=f"{seconds:.3f} s",
            target=f"<= {TARGET} s",
            met=seconds <= TARGET,
            detail_command="python -m tests.benchmarks spec",
        )
    ]
