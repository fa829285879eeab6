"""Bad releases under load: how soon the command ends with the platform's own reason, and what the callers noticed.

Needs a running sandbox; ``make bench ONLY=bad_release`` starts it. That each recovers is
``tests/cluster/test_bad_release.py``'s.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from delivery.exit_codes import Exit
from sandbox import toolchain
from tests.benchmarks.table import Row
from tests.cluster.load import Load
from tests.cluster.scene import scene
from tests.cluster.test_bad_release import BAD, REASON_LIMIT


def run() -> list[Row]:
    """One row for each way in which a release can be bad."""
    return [_measured(name) for name in BAD]


def _measured(name: str) -> Row:
    described, reason = BAD[name]
    hey = str(toolchain.current().tool("hey"))
    with tempfile.TemporaryDirectory() as directory, scene(Path(directory), dict(os.environ), "bench") as stage:
        stage.describe()
        stage.up()
        stage.describe(described)
        with Load(hey, stage.host) as load:
            began = time.monotonic()
            failed = stage.project.caas("up", "--timeout", "80")
            took = time.monotonic() - began
    said = failed.code == Exit.DEPLOYMENT_FAILED and reason in failed.err
    return Row(
        name=f"bad release: {name}",
        figure=f"exit {failed.code} after {took:.0f} s, {load.result.failed} failed of {load.result.sent}",
        target=f"exit {Exit.DEPLOYMENT_FAILED} with the reason in {REASON_LIMIT} s, 0 failed",
        met=said and took <= REASON_LIMIT and load.result.failed == 0 and load.result.sent > 0,
        detail_command="pytest tests/cluster/test_bad_release.py",
    )
