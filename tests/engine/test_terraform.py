"""A program in the real engine takes its network from a state that is kept elsewhere, or stops before anything."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from delivery import cli
from tests.projects import ROOT, Project
from tests.spec.wrong_case import SERVICE
from tests.terraform import server

pytestmark = pytest.mark.engine

FILES = Path(server.__file__).parent
BEHIND = "kept-behind-hunter2"
"""The sensitive output of tests/terraform/root."""

WOULD = "Terraform would change what stands above for dev."

PROGRAM = """\
import pulumi
from components import stack_config

network = stack_config.load().environment.aws.vpc
pulumi.export("network", [network.id, *network.private_subnets])
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The state of tests/terraform/root: by `caas terraform` where there is a Terraform or OpenTofu, else as Terraform
    1.11 wrote it once."""
    binary = shutil.which("tofu") or shutil.which("terraform")
    if binary is None:
        return (FILES / "written.tfstate").read_bytes()
    root = shutil.copytree(FILES / "root", tmp_path_factory.mktemp("terraform") / "root")
    told: list[str] = []
    with server.serving() as backend:
        own = {"CAAS_TERRAFORM": str(root), "CAAS_TERRAFORM_BINARY": binary, "TF_CLI_CONFIG_FILE": os.devnull}
        variables = {**backend.variables, **own}
        plan = root.parent / "dev.tfplan"
        for words in (["plan"], ["plan", "--save-plan", str(plan)], ["apply", "--plan", str(plan)], ["plan"]):
            done = CliRunner().invoke(
                cli.app, ["terraform", *words, "--stack", "dev", "--directory", str(ROOT)], env=variables
            )
            assert done.exit_code == 0, done.output
            assert BEHIND not in done.output
            told.append(done.stdout.strip())
        assert told == [WOULD, WOULD, "Terraform's root of dev is applied.", "Terraform has nothing to change for dev."]
        assert ("LOCK", server.PATH) in backend.asked
        assert backend.lock is None
        assert backend.state is not None
        return backend.state


@pytest.fixture
def project(engine_project: Project, written: bytes) -> Iterator[tuple[Project, server.Backend]]:
    program = engine_project.directory / "__main__.py"
    program.unlink()
    program.write_text(PROGRAM, encoding="utf-8")
    with server.serving() as backend:
        backend.state = written
        engine_project.environment |= backend.variables
        yield engine_project, backend


def describe(project: Project, backend: server.Backend, **outputs: str) -> None:
    service = {key: value for key, value in SERVICE.items() if key != "build"} | {"image": f"x@sha256:{'0' * 64}"}
    terraform = {"http": {"address": backend.address}, **outputs}
    aws = {"region": "eu-central-1", "vpc": {"terraform": terraform}, "certificate": None, "zone": "Z0123456789ABC"}
    registry = {"address": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team"}
    project.write({"hello": service}, {"tier": "dev", "platform": "aws-ecs", "registry": registry, "aws": aws})
    assert project.pulumi("stack", "init", "--no-select").code == 0


def test_an_update_has_the_ids_and_nothing_else_of_the_state(project: tuple[Project, server.Backend]) -> None:
    made, backend = project
    describe(made, backend)
    done = made.pulumi("up", "--yes", "--skip-preview")
    assert done.code == 0, done.text
    (stack,) = made.state()["resources"]
    assert stack["outputs"]["network"] == [
        "vpc-0123456789abcdef0",
        "subnet-0123456789abcdef0",
        "subnet-0123456789abcdef1",
    ]
    assert {method for method, _ in backend.asked} == {"GET"}
    for hidden in (BEHIND, server.PASSWORD):
        assert hidden not in done.text
        assert hidden not in json.dumps(made.state())


def test_a_wrong_output_stops_a_preview_with_one_problem(project: tuple[Project, server.Backend]) -> None:
    made, backend = project
    describe(made, backend, vpc="network_id")
    done = made.pulumi("preview")
    assert done.code != 0
    told = done.text.partition("Diagnostics:")[2]
    assert told.count("1 problem in the configuration; nothing was declared.") == 1, done.text
    assert "caas:aws.vpc.terraform.vpc" in told
    assert "the name of an output of the state in http; there are database_password, private_subnets" in told
    assert BEHIND not in done.text
