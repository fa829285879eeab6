"""Logging on the sandbox: lines lost or doubled while agent and Elasticsearch are killed, and what the agent costs.

Needs the sandbox, with monitoring on. 100,000 lines at 2,000 a second take about two minutes.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from sandbox import driver, environment, toolchain
from sandbox.driver import Endpoint
from sandbox.source.api import Api
from tests.benchmarks.table import Row
from tests.cluster.lines import INSIDE, Index, Process, Writer, agent_image, process, until
from tests.cluster.scene import scene

LINES, RATE = 100_000, 2_000
MEASURED = 20.0
"""Seconds over which the agent's cost is taken, before anything is killed."""
BEFORE = 20_000
"""Lines before that: an agent that has just begun pays for its first memory, which it does once."""
CPU, MEMORY = 5.0, 200
"""Percent of one processor, and MiB, at the most."""
DOUBLES = 0.1
"""Percent at the most."""
DETAIL = "python -m pytest -m cluster tests/cluster/test_logs.py -v"


def run() -> list[Row]:
    """A row for what is lost, one for what is there twice, and two for the agent's cost."""
    endpoint = driver.choose().endpoint()
    variables = {**os.environ, **environment.variables(endpoint, toolchain.current())}
    with tempfile.TemporaryDirectory() as directory, scene(Path(directory), variables, "bench-logs") as stack:
        index = Index(stack.project.stack)
        index.install()
        try:
            stack.describe(logging={"agent": agent_image(), "elasticsearch": INSIDE})
            stack.up()
            return _measured(endpoint, stack.target.namespace, index)
        finally:
            index.remove()


def _measured(endpoint: Endpoint, namespace: str, index: Index) -> list[Row]:
    api = Api(endpoint.kubeconfig)
    mine = {"term": {"service.name": "writer"}}
    Writer(api, namespace, "writer").write(LINES, RATE)
    until(lambda: index.count(mine) > BEFORE, 60, "the first lines")
    agent = _agent(api, namespace)
    before, began, lines = agent.seconds(), time.monotonic(), index.count(mine)
    time.sleep(MEASURED)
    used, took, memory = agent.seconds() - before, time.monotonic() - began, agent.mebibytes()
    carried = (index.count(mine) - lines) / took
    agent.kill()
    until(lambda: index.count(mine) > LINES * 6 // 10, 300, "most lines")
    searched = process(api, "logging", "elasticsearch", "Elasticsearch")
    if searched is None:
        raise LookupError("Elasticsearch's process is not there")
    searched.kill()
    until(lambda: index.count(mine) >= LINES, 600, "all lines")
    found = Counter(number for number in index.every("n") if number is not None)
    lost = LINES - len(found)
    doubled = sum(found.values()) - len(found)
    percent = 100 * used / took * RATE / carried
    text = f"{percent:.1f} % ({carried:.0f} lines/s)"
    return [
        Row("log lines lost, agent and Elasticsearch killed", f"{lost} of {LINES}", "0", lost == 0, DETAIL),
        Row(
            "log lines that are there twice",
            f"{doubled} of {LINES}",
            f"at most {DOUBLES} %",
            doubled <= LINES * DOUBLES / 100,
            DETAIL,
        ),
        Row(f"agent's share of a core at {RATE} lines/s", text, f"at most {CPU} %", percent <= CPU, DETAIL),
        Row("agent's memory", f"{memory:.0f} MiB", f"at most {MEMORY} MiB", memory <= MEMORY, DETAIL),
    ]


def _agent(api: Api, namespace: str) -> Process:
    found = process(api, f"{namespace}-logging", "logging-agent", "collector")
    if found is None:
        raise LookupError("the agent's process is not there")
    return found
