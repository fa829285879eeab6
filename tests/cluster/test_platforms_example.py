"""The example of four platforms, each stack applied under the policy pack: Kubernetes for real, the clouds on their
simulations."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from policies import report
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


SAID: dict[str, set[tuple[str, str]]] = {
    # Their images are in the sandbox's registry, and not in the one that the example names.
    "dev": {("advised", "image-registry")},
    "gke": {("advised", "image-registry")},
    "aci": set(),
    "prod": set(),
}
"""Stack -> what the rules say of its update: nothing in staging and prod, where they refuse, and nothing undecided."""


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


def apply(project: Project, directory: Path) -> set[tuple[str, str]]:
    """Apply under the pack, as the engine runs it; what its rules said, from the engine's own log."""
    text = (project.directory / f"Pulumi.{project.stack}.yaml").read_text(encoding="utf-8")
    attested = {digest: {"signed": True, "sbom": True, "critical": 0} for digest in re.findall(r"sha256:\w{64}", text)}
    config, log = directory / "pack.json", directory / "events.json"
    config.write_text(json.dumps({"image-attested": {"attestations": attested}}), encoding="utf-8")
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    pack = ("--policy-pack", str(ROOT / "policies"), "--policy-pack-config", str(config), "--event-log", str(log))
    done = project.pulumi("up", "--yes", "--skip-preview", *pack)
    assert done.code == 0, done.text
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert any("caas" in name for event in events for name in event.get("summaryEvent", {}).get("PolicyPacks", {}))
    return {(one.verdict.value, one.rule) for one in report.events(events)}


@pytest.mark.parametrize("example", CLOUDS, indirect=True)
def test_a_stack_comes_is_proven_and_goes(example: Project, tmp_path: Path) -> None:
    try:
        assert apply(example, tmp_path) == SAID[example.stack]
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
