"""A whole environment on the simulated AWS with the real engine: made, found as it was declared, and taken down."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from sandbox import toolchain
from sandbox.clouds import environment as clouds
from sandbox.clouds.aws.tokens import LISTENER_RULE
from sandbox.clouds.core.world import World
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
    assert re.search(r'url +: "https://web.example.com/"', made)
    assert "hidden-word" not in engine.must("stack", "export")
    assert "unchanged" in engine.must(*UNCHANGED)
    engine.must("destroy", "--yes", "--skip-preview")
    assert '"resources": [' not in engine.must("stack", "export"), "something stayed behind"


SHIFTING = """
    import os
    import sys
    sys.path.insert(0, {root!r})
    from components import platform
    from tests.components.aws.worlds import REGISTRY, environment, service

    image = f"{{REGISTRY}}/thing@sha256:" + os.environ["IMAGE"] * 64
    strategies = ("blue-green", "canary", "linear")
    services = {{
        one: service(image=image, rollout={{"strategy": one}}, ingress={{"path": "/" + one}}) for one in strategies
    }}
    platform.declare(environment(services, stack="dev"), {{}})
"""


def test_traffic_that_ecs_has_moved_is_not_moved_back(tmp_path: Path) -> None:
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    found = clouds.variables(["aws"], given)
    program = SHIFTING.format(root=str(ROOT))
    engine = project(tmp_path, program, CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), IMAGE="a", **found)
    engine.must("up", "--yes", "--skip-preview")
    engine.variables["IMAGE"] = "b"
    engine.must("up", "--yes", "--skip-preview")

    with World(tmp_path / "clouds" / "aws.json").open() as world:
        rules = [one["state"]["actions"][0]["forward"] for one in world.all(LISTENER_RULE, "eu-central-1").values()]
    weights = [[int(group["weight"]) for group in rule["targetGroups"]] for rule in rules]
    assert weights == [[0, 100]] * 3, "the new version has the traffic"
    assert "unchanged" in engine.must(*UNCHANGED), "and the program does not take it away"
    engine.must("destroy", "--yes", "--skip-preview")
