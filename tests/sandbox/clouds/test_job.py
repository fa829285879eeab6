"""`make up PLATFORM=…`: the example's services on a simulated cloud, with the real engine; again changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import toolchain
from sandbox.clouds.job import JOBS, adapt
from tests.projects import ROOT, Completed


def run(platform: str, home: Path) -> Completed:
    """The job in a sandbox directory of its own."""
    tools = toolchain.current((toolchain.ENGINE,)).environment()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.clouds.job", platform],
        cwd=ROOT,
        env={**kept, **tools, "CAAS_SANDBOX": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Completed(done.returncode, done.stdout, done.stderr)


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("platform", ["aws-ecs", "azure-aci"])
def test_the_services_are_applied_and_proven(platform: str, tmp_path: Path) -> None:
    first = run(platform, tmp_path)
    assert first.code == 0, first.text
    assert first.text.count("proven") == 2
    second = run(platform, tmp_path)
    assert second.code == 0, second.text
    assert "Nothing to change." in second.text


def test_a_platform_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    done = run("nomad", tmp_path)
    assert done.code == 1
    assert done.err == f"error: PLATFORM=nomad: there is kubernetes, {', '.join(JOBS)}.\n"


def test_services_on_gke_run_an_image_that_the_sandbox_has(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.gke.yaml"
    file.write_text((ROOT / "examples/platforms/Pulumi.gke.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    adapt(file, "127.0.0.1:15000/hello@sha256:0")
    assert file.read_text(encoding="utf-8").count("image: 127.0.0.1:15000/hello@sha256:0") == 2
    assert "ingressClass: traefik" in file.read_text(encoding="utf-8")
