"""What the policy pack costs: `pulumi preview` with it, against the same preview without it, in turns.

A third preview asks a pack without a rule, for information: what the engine's own asking costs, which no pack can save.

The environment is the overhead's, with so many services that about 300 resources are declared. Of several rounds the
smallest figure counts, since whatever else a machine does can only add.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import bench_overhead, previews
from tests.benchmarks.previews import Project
from tests.benchmarks.table import Row

SERVICES = 37
ROUNDS = 5
BASE, EACH = 0.5, 0.005
"""Seconds that the pack may add: once, and for each resource."""
PACK = previews.REPOSITORY / "policies"
EMPTY = previews.PROGRAMS / "empty_pack"
DETAIL = "python -m tests.benchmarks policies"


def run() -> list[Row]:
    """What the pack adds, in seconds and as a ratio."""
    with tempfile.TemporaryDirectory(prefix="caas-policies-") as directory:
        project = bench_overhead.project(Path(directory) / "project", "caas", SERVICES)
        resources = len(json.loads(project.pulumi("preview", "--json"))["steps"])
        plain, asked, judged = [], [], []
        for _ in range(ROUNDS):
            plain.append(_seconds(project))
            asked.append(_seconds(project, "--policy-pack", str(EMPTY)))
            judged.append(_seconds(project, "--policy-pack", str(PACK)))
            seconds = f"without {plain[-1]:.2f} s, no rules {asked[-1]:.2f} s, with {judged[-1]:.2f} s"
            print(f"  {seconds}", file=sys.stderr, flush=True)
    added, limit = min(judged) - min(plain), BASE + EACH * resources
    alone = min(asked) - min(plain)
    figure = (
        f"{added:.2f} s for {resources} resources, ratio {min(judged) / min(plain):.2f}; {alone:.2f} s without rules"
    )
    return [Row("policies: added to a preview", figure, f"<= {limit:.2f} s", added <= limit, DETAIL)]


def _seconds(project: Project, *arguments: str) -> float:
    start = time.monotonic()
    project.pulumi("preview", "--suppress-progress", *arguments)
    return time.monotonic() - start
