"""Services in a network, a cluster and behind a load balancer that another stack made, on the simulated AWS."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from sandbox.clouds import environment
from sandbox.clouds.aws import tokens
from tests.projects import PASSPHRASE, ROOT
from tests.sandbox.clouds.programs import states
from tests.sandbox.engine import Engine

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EXAMPLE = ROOT / "examples" / "existing_network"
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
OUTPUTS = {"arn": "balancer", "listener": "listener", "securityGroup": "group"}
UP = ("up", "--yes", "--skip-preview")
DOWN = ("destroy", "--yes", "--skip-preview")


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy, with what lies beside it in the repository linked."""
    directory = tmp_path / "examples" / "existing_network"
    shutil.copytree(EXAMPLE, directory)
    (tmp_path / "components").symlink_to(ROOT / "components")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "state").mkdir()
    return directory


def engine(directory: Path, scene: Path) -> Engine:
    """One of the two projects; both have one state and one AWS."""
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    own = {
        "CAAS_CLOUDS_DIR": str(scene / "clouds"),
        "PULUMI_BACKEND_URL": f"file://{scene / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(scene / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    return Engine(directory, {**given, **environment.variables(["aws"], given), **own})


@pytest.fixture
def owner(example: Path, tmp_path: Path) -> Engine:
    """The stack of the shared network, applied."""
    made = engine(example / "network", tmp_path)
    made.must("stack", "init", "shared")
    made.must("config", "set", "certificate", CERTIFICATE)
    made.must(*UP)
    return made


def settle(example: Path, owner: Engine, scene: Path) -> Engine:
    """The stack of the services, told where the load balancer is."""
    made = engine(example, scene)
    made.must("stack", "init", "staging")
    for key, output in OUTPUTS.items():
        value = owner.must("stack", "output", output).strip()
        made.must("config", "set", "--path", f"caas:aws.loadBalancer.{key}", value)
    return made


def only(scene: Path, token: str) -> dict[str, Any]:
    (found,) = states(scene, token)
    return found


def test_services_move_in_and_out_and_leave_the_rest_alone(example: Path, owner: Engine, tmp_path: Path) -> None:
    services = settle(example, owner, tmp_path)
    assert "to create" in services.must("preview")
    services.must(*UP)
    services.must("preview", "--refresh", "--expect-no-changes")

    service, rule = only(tmp_path, tokens.SERVICE), only(tmp_path, tokens.LISTENER_RULE)
    cluster, balancer = only(tmp_path, tokens.CLUSTER), only(tmp_path, tokens.LOAD_BALANCER)
    private = {one["id"] for one in states(tmp_path, tokens.SUBNET) if one["tags"]["reach"] == "private"}
    assert service["cluster"] == cluster["arn"]
    assert set(service["networkConfiguration"]["subnets"]) == private
    assert rule["listenerArn"] == only(tmp_path, tokens.LISTENER)["arn"]
    assert 2500 < rule["priority"] <= 5000
    assert len(states(tmp_path, tokens.VPC)) == 1
    exported = json.loads(services.must("stack", "output", "--json"))["aws"]
    assert (exported["cluster"], exported["loadBalancer"]) == ("shared", balancer["dnsName"])

    owner.must("preview", "--refresh", "--expect-no-changes")
    services.must(*DOWN)
    owner.must("preview", "--refresh", "--expect-no-changes")
    owner.must(*DOWN)
    assert states(tmp_path, tokens.VPC) == []


def test_tags_that_no_subnet_has_are_an_error_before_anything_is_made(
    example: Path, owner: Engine, tmp_path: Path
) -> None:
    services = settle(example, owner, tmp_path)
    services.must("config", "set", "--path", "caas:aws.vpc.privateTags.reach", "nowhere")
    refused = services.pulumi("preview")
    assert refused.code != 0
    assert "no matching EC2 Subnet found" in refused.text
    assert states(tmp_path, tokens.SERVICE) == []
