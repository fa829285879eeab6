"""Tools that nobody here wrote look at what every environment declares; what they find is put right or waived."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from components.spec import Environment
from tests.components.inventory import WORLDS
from tests.components.recorder import Recording
from tests.static import tools, waivers
from tests.static.arm_template import template
from tests.static.manifests import manifests, recording
from tests.static.terraform_plan import CLOUDS, plan

pytestmark = pytest.mark.slow

WAIVERS = waivers.read()
World = tuple[Callable[[str], Environment], str]
NAMES = [f"{world(stack).platform}-{stack}" for world, stack in WORLDS]


@cache
def declared(world: World) -> Recording:
    make, stack = world
    return recording(make(stack))


@cache
def kubernetes(world: World, directory: Path) -> list[tools.Fault]:
    """What is found in the objects of Kubernetes."""
    objects = manifests(declared(world))
    if not objects:
        return []
    scored, held = tools.kube_score(objects, directory)
    assert held > 20, "kube-score judged next to nothing"
    checked, passed = tools.checkov("kubernetes", directory)
    assert passed > 50, "checkov judged next to nothing"
    return [*scored, *checked]


@cache
def cloud(world: World, directory: Path) -> list[tools.Fault]:
    """What is found in a cloud's own resources."""
    found = plan(declared(world))
    if not found["resource_changes"]:
        return []
    (directory / "plan.json").write_text(json.dumps(found), encoding="utf-8")
    faults, passed = tools.checkov("terraform_plan", directory)
    assert passed > 20, "checkov judged next to nothing"
    return faults


@cache
def azure(world: World, directory: Path) -> list[tools.Fault]:
    """What is found in Azure's resources, which no plan of Terraform describes."""
    found = template(declared(world))
    if not found["resources"]:
        return []
    (directory / "template.json").write_text(json.dumps(found), encoding="utf-8")
    faults, passed = tools.checkov("arm", directory)
    assert passed > 0, "checkov judged nothing"
    return faults


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[World], Path]:
    """A directory for each environment, the same for all tests."""
    base = tmp_path_factory.mktemp("static")

    def of(world: World) -> Path:
        directory = base / NAMES[WORLDS.index(world)]
        for part in ("objects", "plan", "template"):
            (directory / part).mkdir(parents=True, exist_ok=True)
        return directory

    return of


def faults(world: World, directory: Path) -> list[tools.Fault]:
    return [
        *kubernetes(world, directory / "objects"),
        *cloud(world, directory / "plan"),
        *azure(world, directory / "template"),
    ]


@pytest.mark.parametrize("world", WORLDS, ids=NAMES)
def test_nothing_is_found_that_has_no_waiver(world: World, place: Callable[[World], Path]) -> None:
    assert waivers.unwaived(faults(world, place(world)), WAIVERS, world[1]) == []


def _covers(waiver: waivers.Waiver, stack: str, found: list[tuple[tools.Fault, str]]) -> bool:
    return any(stack == where and waiver.covers(fault, stack) for fault, where in found)


def test_every_waiver_is_needed_and_says_why(place: Callable[[World], Path]) -> None:
    found = [(fault, world[1]) for world in WORLDS for fault in faults(world, place(world))]
    unused = [(one, stack) for one in WAIVERS for stack in one.stacks if not _covers(one, stack, found)]
    assert unused == []
    assert [one for one in WAIVERS if len(one.reason.split()) < 8] == []


def test_a_planted_fault_is_found(place: Callable[[World], Path], tmp_path: Path) -> None:
    world = WORLDS[NAMES.index("kubernetes-prod")]
    objects = manifests(declared(world))
    (deployment,) = (one for one in objects if one["kind"] == "Deployment")
    deployment = json.loads(json.dumps(deployment))
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    scored, _ = tools.kube_score([deployment], tmp_path)
    checked, _ = tools.checkov("kubernetes", tmp_path)
    new = waivers.unwaived([*scored, *checked], WAIVERS, "prod")
    assert any("container-security-context-privileged" in one for one in new), new
    assert any("CKV_K8S_16" in one for one in new), new


def test_a_planted_fault_of_a_cloud_is_found(tmp_path: Path) -> None:
    world = WORLDS[NAMES.index("aws-ecs-prod")]
    found = plan(declared(world))
    text = (
        json.dumps(found).replace('"IMMUTABLE"', '"MUTABLE"').replace('"scan_on_push": true', '"scan_on_push": false')
    )
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    faults, _ = tools.checkov("terraform_plan", tmp_path)
    new = waivers.unwaived(faults, WAIVERS, "prod")
    assert any("CKV_AWS_51" in one for one in new), new
    assert any("CKV_AWS_163" in one for one in new), new


def test_a_planted_fault_of_azure_is_found(tmp_path: Path) -> None:
    found = template(declared(WORLDS[NAMES.index("azure-aci-prod")]))
    text = json.dumps(found).replace('"adminUserEnabled": false', '"adminUserEnabled": true')
    (tmp_path / "template.json").write_text(text, encoding="utf-8")
    faults, _ = tools.checkov("arm", tmp_path)
    assert any("CKV_AZURE_137" in one for one in waivers.unwaived(faults, WAIVERS, "prod"))


def test_every_cloud_that_terraform_knows_is_read() -> None:
    """A resource type whose name in Terraform is wrong would be judged by nothing; the count shows it is there."""
    for world in WORLDS:
        resources = declared(world).resources
        mine = [one for one in resources if one.type.partition(":")[0] in CLOUDS and one.custom]
        assert len(plan(declared(world))["resource_changes"]) == len(mine)
