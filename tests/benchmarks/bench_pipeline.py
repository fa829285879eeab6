"""From a push to dev verified, through GitLab's pipeline, against the image build, the engine and the roll-out alone.

The three alone are one plain `pulumi up` of a new version, which builds, applies and waits for the new instances, and
the rest of the roll-out: until the last old instance has gone, which the pipeline waits for too. Both deliver another
version of the same service to the same stack, in turns. Needs a running sandbox, which
``make bench ONLY=pipeline`` starts.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from components.kubernetes.metadata import DIGEST
from sandbox import driver
from sandbox.source.api import Api
from tests import forges
from tests.benchmarks.table import Row
from tests.cluster.load import until
from tests.pipelines import gitlab, repository
from tests.pipelines.repository import Repository

ROUNDS = 3
LIMIT = 1.5
DETAIL = "python -m tests.benchmarks pipeline"
UP = ("pulumi", "--non-interactive", "up", "--yes", "--skip-preview", "--stack", "dev")
JOBS = ("validate", "dev")
"""The pipeline up to the moment when dev is verified."""


def run() -> list[Row]:
    """The ratio of the quickest of each; what else a machine does can only add."""
    with tempfile.TemporaryDirectory() as name, forges.running("gitlab") as forge:
        directory = Path(name)
        variables = {key: value for key, value in os.environ.items() if key != "PULUMI_BACKEND_URL"}
        made = repository.make(directory, variables, gitlab.files(test="make test"))
        try:
            alone, pipeline = _turns(made, {k: v for k, v in forges.variables(forge).items() if k != "GITLAB_CI"})
        finally:
            made.destroy()
    ratio = min(pipeline) / min(alone)
    figure = f"{ratio:.2f} ({min(pipeline):.1f} s, {min(alone):.1f} s alone)"
    return [Row("pipeline: push to dev verified", figure, f"<= {LIMIT:.2f}", ratio <= LIMIT, DETAIL)]


def _turns(made: Repository, variables: dict[str, str]) -> tuple[list[float], list[float]]:
    jobs = {job: gitlab.command(job, variables=variables) for job in JOBS}
    _pushed(made, "0")
    _timed(made, jobs["dev"])  # The stack's first time is another matter.
    alone, pipeline = [], []
    api = Api(driver.choose().endpoint().kubeconfig)
    for number in range(ROUNDS):
        _pushed(made, f"alone-{number}")
        began = time.monotonic()
        engine = _timed(made, UP)
        until(lambda: _replaced(api, made), 60, "the old instances have gone", every=0.1)
        alone.append(time.monotonic() - began)
        _pushed(made, f"pipeline-{number}")
        each = {job: _timed(made, line) for job, line in jobs.items()}
        pipeline.append(sum(each.values()))
        parts = ", ".join(f"{job} {seconds:.1f} s" for job, seconds in each.items())
        print(f"  alone {alone[-1]:.1f} s (engine {engine:.1f} s), {parts}", file=sys.stderr, flush=True)
    return alone, pipeline


def _replaced(api: Api, made: Repository) -> bool:
    """Whether instances of one version are there and no others, not even leaving ones."""
    pods = api.get(f"/api/v1/namespaces/{made.project}-dev/pods")
    metadata = [pod["metadata"] for pod in (pods or {})["items"]]
    return len({each["labels"][DIGEST] for each in metadata}) == 1 and not any(
        "deletionTimestamp" in each for each in metadata
    )


def _pushed(made: Repository, version: str) -> None:
    made.describe(version)
    made.push(f"Version {version}")


def _timed(made: Repository, command: Sequence[str]) -> float:
    began = time.monotonic()
    done = made.run(*command)
    if done.code != 0:
        raise RuntimeError(f"exit code {done.code}:\n{done.text[-3000:]}")
    return time.monotonic() - began
