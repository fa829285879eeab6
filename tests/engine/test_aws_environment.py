"""A whole environment on the simulated AWS with the real engine: made, found as it was declared, and taken down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox import toolchain
from sandbox.clouds import environment as clouds
from tests.sandbox.engine import project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
    import sys
    sys.path.insert(0, {root!r})
    import pulumi
    from components import platform
    from tests.components.aws.worlds import full

    secrets = {{"apiKey": pulumi.Output.secret("hidden-word")}}
    for name, value in platform.declare(full("dev", nat="zone", spot=20), secrets).items():
        pulumi.export(name, value)
"""

UNCHANGED = ("preview", "--expect-no-changes", "--refresh")


def test_an_environment_is_made_found_unchanged_and_taken_down(tmp_path: Path) -> None:
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    found = clouds.variables(["aws"], given)
    program = PROGRAM.format(root=str(ROOT))
    engine = project(tmp_path, program, CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), **found)

    assert "to create" in engine.must("preview")
    made = engine.must("up", "--yes", "--skip-preview")
    assert 'url       : "https://web.example.com/"' in made
    assert "hidden-word" not in engine.must("stack", "export")
    assert "unchanged" in engine.must(*UNCHANGED)
    engine.must("destroy", "--yes", "--skip-preview")
    assert '"resources": [' not in engine.must("stack", "export"), "something stayed behind"
