"""The example of four platforms, each stack applied: Kubernetes for real, the clouds on their simulations."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.clouds import environment as clouds
from sandbox.clouds.core.world import World
from tests.cluster import hello, images
from tests.projects import PASSPHRASE, ROOT, Project

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

EXAMPLE = ROOT / "examples" / "platforms"

CLOUDS = {"dev": None, "gke": "gcp", "aci": "azure", "prod": "aws"}
"""Stack -> the cloud that is simulated for it."""

ON_KUBERNETES = ("dev", "gke")
"""Stacks whose services really run, and so need an image that can be pulled."""

LEFT = {"azure-native:containerregistry:Registry", "azure-native:resources:ResourceGroup"}
"""What stays where images matter: the registry, in a group of its own."""


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path, sandbox_variables: dict[str, str]) -> Project:
    """A copy of the example with its stack, and the images that the test needs."""
    stack: str = request.param
    directory = tmp_path / "examples" / "platforms"
    shutil.copytree(EXAMPLE, directory)
    (tmp_path / "components").symlink_to(ROOT / "components")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "state").mkdir()
    kept = {k: v for k, v in sandbox_variables.items() if k not in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")}
    cloud = CLOUDS[stack]
    if cloud is not None:
        kept |= clouds.variables([cloud], kept)
    variables = {
        **kept,
        "CAAS_CLOUDS_DIR": str(tmp_path / "clouds"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }
    project = Project(directory, stack, variables)
    assert project.pulumi("stack", "init").code == 0
    if stack in ON_KUBERNETES:
        image = images.built(tmp_path / "builder", kept, 1)
        for service in ("shop", "stock"):
            configure(project, f"caas:overrides.{service}.image", image)
        configure(project, "caas:kubernetes.ingressClass", "traefik")
        configure(project, "caas:kubernetes.ingressEndpoint", hello.INGRESS)
    return project


def configure(project: Project, key: str, value: str) -> None:
    """Set a key in the stack's file, as a person would."""
    done = project.pulumi("config", "set", "--path", key, value)
    assert done.code == 0, done.text


def verify(project: Project) -> dict[str, Any]:
    """What ``caas verify`` has proven, by the platform's own API."""
    cloud = CLOUDS[project.stack]
    before = [sys.executable, "-m", "sandbox.clouds.run", cloud, "--"] if cloud in ("aws", "azure") else []
    done = project.run([*before, *project.caas_command("verify"), "--json"])
    assert done.code == 0, done.text
    return {one["service"]: one for one in json.loads(done.out)["services"]}


@pytest.mark.parametrize("example", CLOUDS, indirect=True)
def test_a_stack_comes_is_proven_and_goes(example: Project, tmp_path: Path) -> None:
    try:
        done = example.pulumi("up", "--yes", "--skip-preview")
        assert done.code == 0, done.text
        proven = verify(example)
        assert {name: one["state"] for name, one in proven.items()} == {"shop": "proven", "stock": "proven"}
        assert (proven["shop"]["url"] is None, proven["stock"]["url"]) == (False, None)
        unchanged = example.pulumi("preview", "--refresh", "--expect-no-changes")
        assert unchanged.code == 0, unchanged.text
    finally:
        gone = example.pulumi("destroy", "--yes", "--skip-preview")
    cloud = CLOUDS[example.stack]
    if example.stack == "prod":
        assert "deletion protection is enabled" in gone.text, "prod does not go by one command"
    else:
        assert gone.code == 0, gone.text
    if cloud is not None and example.stack != "prod":
        with World(tmp_path / "clouds" / f"{cloud}.json").open() as world:
            left = {kind for _, kind, _, _ in world.everything()}
        assert left == (LEFT if example.stack == "aci" else set())


def test_every_stack_of_the_example_is_applied() -> None:
    assert {file.name.split(".")[1] for file in EXAMPLE.glob("Pulumi.*.yaml")} == set(CLOUDS)
