"""A release that cannot run: a failed command, the pod's own reason in time, and no request lost meanwhile."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from delivery.exit_codes import Exit
from sandbox import toolchain
from tests.cluster import hello
from tests.cluster.load import Load
from tests.cluster.scene import scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

REASON_LIMIT = 90
"""Seconds within which the pod's own reason has to be on screen, as the project promises."""


def _missing_image() -> dict[str, Any]:
    described = hello.service(image=f"{hello.REGISTRY}/hello@sha256:{'0' * 64}")
    del described["build"]
    return described


BAD = {
    "readiness-never-true": (hello.with_environment(HELLO_READY="false"), "Warning Unhealthy"),
    "crash-loop": (hello.with_environment(HELLO_CRASH_AFTER="300ms"), "exit code 3"),
    "no-such-image": (_missing_image(), "ErrImagePull"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_release_fails_while_the_old_one_serves_and_the_next_good_one_recovers(
    name: str, tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    described, reason = BAD[name]
    hey = str(toolchain.current().tool("hey"))
    with scene(tmp_path, sandbox_variables, "bad") as bad:
        bad.describe()
        bad.up()
        bad.describe(described)
        with Load(hey, bad.host) as load:
            began = time.monotonic()
            failed = bad.project.caas("up", "--timeout", "80")
            took = time.monotonic() - began
        assert failed.code == Exit.DEPLOYMENT_FAILED, failed.text
        assert reason in failed.err
        assert took < REASON_LIMIT, failed.text
        assert load.result.sent > 500
        assert load.result.failed == 0
        # verify tells of the release that failed, or that what was declared last does not run.
        assert bad.project.caas("verify", "--timeout", "15").code in (Exit.DEPLOYMENT_FAILED, Exit.NOT_PROVEN)
        bad.describe()
        bad.up()
