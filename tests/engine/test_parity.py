"""`caas parity` on the real engine: no state, no secret and no cluster is needed to tell whether environments are the
same."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from delivery.exit_codes import Exit
from tests.cluster import hello
from tests.projects import Completed, Project
from tests.spec.wrong_case import DIGEST

pytestmark = [pytest.mark.engine, pytest.mark.slow]

IMAGE = f"registry.test/hello@{DIGEST}"

PLANTED = """
import pulumi

def less_careful(args):
    if pulumi.get_stack() == "prod" and args.type_ == "kubernetes:apps/v1:Deployment":
        args.props["spec"]["template"]["spec"]["containers"][0].pop("readinessProbe")
        return pulumi.ResourceTransformResult(args.props, args.opts)

pulumi.runtime.register_resource_transform(less_careful)
"""


@pytest.fixture
def environments(engine_project: Project) -> Project:
    """A project with three stacks, of which prod holds a secret under a passphrase that nobody here knows."""
    described = {k: v for k, v in hello.service(image=IMAGE).items() if k not in ("build", "replicas")}
    described["scaling"] = {"minimum": 3, "maximum": 6}
    described["ingress"] = {"path": "/"}
    for stack in ("dev", "staging", "prod"):
        engine_project.stack = stack
        engine_project.write({"hello": described}, hello.settings(stack, tier=stack, owner="team", costCentre="1"))
    file = engine_project.directory / "Pulumi.prod.yaml"
    content = YAML(typ="safe").load(file)
    content["config"]["caas:secrets"] = {"word": {"secure": "v1:aaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbbbbbbbb"}}
    content["encryptionsalt"] = "v1:of-another:v1:somebody-else"
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump(content, stream)
    return engine_project


def parity(project: Project, *arguments: str) -> Completed:
    command = [sys.executable, "-m", "delivery", "parity", *arguments, "--directory", str(project.directory)]
    return project.run([*command, "--json"])


def validated(project: Project, *stacks: str) -> Completed:
    """The same with the validation of each, in one command."""
    named = [argument for stack in stacks for argument in ("--stack", stack)]
    command = [sys.executable, "-m", "delivery", "validate", "--parity", *named, "--directory", str(project.directory)]
    return project.run([*command, "--json"])


def test_environments_that_differ_where_they_may_are_the_same(environments: Project) -> None:
    before = (environments.directory / "Pulumi.prod.yaml").read_bytes()
    done = validated(environments, "dev", "staging", "prod")
    assert done.code == Exit.FINE, done.text
    assert [each["stack"] for each in json.loads(done.out)["stacks"]] == ["dev", "staging", "prod"]
    found: dict[str, Any] = json.loads(done.out)["parity"]
    assert (found["same"], found["refused"]) == (True, [])
    assert {tuple(one["stacks"]) for one in found["allowed"]} <= {("dev", "prod"), ("staging", "prod")}
    assert (environments.directory / "Pulumi.prod.yaml").read_bytes() == before
    assert list((environments.directory / "state").iterdir()) == []


def test_a_probe_that_prod_lacks_is_found(environments: Project) -> None:
    program = environments.directory / "__main__.py"
    text = program.read_text(encoding="utf-8")
    program.unlink()
    marker = "def declare()"
    program.write_text(text.replace(marker, f"{PLANTED}\n\n{marker}", 1), encoding="utf-8")
    done = parity(environments, "staging", "prod")
    assert done.code == Exit.POLICY, done.text
    refused = json.loads(done.out)["refused"]
    assert refused
    assert {one["name"] for one in refused} == {"hello-deployment"}
    assert all("readinessProbe" in one["path"] for one in refused)


@pytest.mark.parametrize("asked", [parity, validated])
@pytest.mark.parametrize("stacks", [("dev",), ("dev", "dev")])
def test_parity_is_of_two_stacks(
    environments: Project, asked: Callable[..., Completed], stacks: tuple[str, ...]
) -> None:
    done = asked(environments, *stacks)
    assert done.code == Exit.BAD_INPUT
    assert "Parity is of two or more different stacks" in done.err
