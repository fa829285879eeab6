"""Releases on the simulated AWS with the real engine: promoted, gone back to by digest, and no repository is lost."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from sandbox.clouds import environment as clouds
from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.core.world import World
from tests import projects
from tests.cluster import hello
from tests.projects import Completed, Project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

REGION = "eu-central-1"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team"
SERVICE = {
    **{key: value for key, value in hello.service().items() if key not in ("replicas", "build")},
    "health": {
        "readiness": {"path": "/healthz/ready", "interval": 5, "timeout": 2},
        "liveness": {"path": "/healthz/live", "interval": 5, "timeout": 2},
        "command": ["/hello", "healthcheck"],
    },
    "scaling": {"minimum": 1, "maximum": 4},
    "rollout": {"progressDeadline": 120, "drain": 2, "endpointLag": 2, "stopTimeout": 8},
}


def image(number: int) -> str:
    return f"{REGISTRY}/hello@sha256:{number:064x}"


@dataclass
class Account:
    """Two stacks of one project in one simulated account."""

    project: Project

    def describe(self, memory: int, number: int) -> None:
        """Both stacks run the service with so much memory; ``one`` its image of that number, ``two`` would build it."""
        for stack in ("two", "one"):
            self.project.stack = stack
            aws = {"region": REGION, "zones": [f"{REGION}a", f"{REGION}b"]}
            settings: dict[str, Any] = {
                "platform": "aws-ecs",
                "tier": "dev",
                "registry": {"address": REGISTRY},
                "aws": aws,
                "domain": f"{stack}.example.com",
            }
            if stack == "one":
                settings["overrides"] = {"hello": {"image": image(number)}}
            self.project.write({"hello": {**SERVICE, "memory": memory, "build": {"context": "hello"}}}, settings)

    def caas(self, *arguments: str) -> Completed:
        simulated = [sys.executable, "-m", "sandbox.clouds.run", "aws", "--"]
        command = [sys.executable, "-m", "delivery", *arguments, "--directory", str(self.project.directory)]
        return self.project.run([*simulated, *command], 600)

    def must(self, *arguments: str) -> Completed:
        done = self.caas(*arguments)
        assert done.code == 0, done.text
        return done

    def runs(self, stack: str) -> tuple[str, int]:
        """Image and memory of the stack's service, as the account has it."""
        with World(self.project.directory / "clouds" / "aws.json").open() as world:
            services = [one["state"] for one in world.all(tokens.SERVICE, REGION).values()]
            (service,) = (one for one in services if f"caas-test-{stack}" in str(one["cluster"]))
            task = world.find(tokens.TASK_DEFINITION, REGION, "arn", service["taskDefinition"])
        assert task is not None
        (container,) = json.loads(task["state"]["containerDefinitions"])
        return container["image"], container["memory"]

    def repositories(self) -> int:
        with World(self.project.directory / "clouds" / "aws.json").open() as world:
            return len(world.all("aws:ecr/repository:Repository", REGION))


@pytest.fixture
def account(tmp_path: Path) -> Account:
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    kept = {k: v for k, v in given.items() if k not in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")}
    directory = tmp_path / "project"
    place = {"CAAS_CLOUDS_DIR": str(directory / "clouds")}
    return Account(projects.make(directory, "one", **{**kept, **clouds.variables(["aws"], kept), **place}))


def test_a_release_is_promoted_and_gone_back_to_with_its_configuration(account: Account) -> None:
    account.describe(1024, 1)
    account.must("up", "--stack", "one")
    account.must("promote", "--from", "one", "--to", "two")
    assert account.runs("two") == account.runs("one") == (image(1), 1024)
    repositories = account.repositories()
    assert repositories > 0

    account.describe(2048, 2)
    account.must("up", "--stack", "one")
    account.must("promote", "--from", "one", "--to", "two")
    assert account.runs("two") == account.runs("one") == (image(2), 2048)

    done = account.must("rollback", "--stack", "two", "--to", "1")
    assert account.runs("two") == (image(1), 1024), "the digest and the configuration of release 1"
    assert account.repositories() == repositories, "the images of what could be built stay where they are"
    assert "Back to release 1" in done.err
    found = json.loads(account.must("history", "--stack", "two", "--json").out)["releases"]
    assert [one["what"] for one in found] == ["rollback to 1", "promote from one 2", "promote from one 1"]
    assert {one["outcome"] for one in found} == {"succeeded"}
