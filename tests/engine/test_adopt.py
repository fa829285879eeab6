"""``caas adopt`` on the real engine: what another tool has made comes into an empty stack, and stays as it is."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.clouds import environment as clouds
from sandbox.clouds.aws.tokens import SUBNET
from sandbox.clouds.core.world import World
from tests.components.aws.worlds import CERTIFICATE, REGION
from tests.components.gcp.worlds import GIVEN, OFFICE, PROJECT, REGISTRY
from tests.components.gcp.worlds import REGION as GKE_REGION
from tests.engine import applied, simulated
from tests.engine.adoptable import forgotten, terraform_state
from tests.projects import Project
from tests.sandbox.clouds.desk import Desk

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def records(file: Path) -> dict[str, Any]:
    """Everything that the cloud has."""
    with World(file).open() as world:
        return {f"{region} {kind} {id_}": record["state"] for region, kind, id_, record in world.everything()}


def adopt(project: Project, file: Path, patch: pytest.MonkeyPatch, *options: str) -> dict[str, Any]:
    """What ``caas adopt --yes --json`` says."""
    where = ["--stack", project.stack, "--directory", str(project.directory), "--state", str(file)]
    done = applied.run(project, ["adopt", *where, *options, "--yes", "--json"], patch)
    assert done.code == 0, done.text
    found: dict[str, Any] = json.loads(done.out)
    return found


def network(home: Path) -> dict[str, Any]:
    """A network that Terraform keeps."""
    desk = Desk(home)
    vpc = desk.vpc()["id"]
    made = [
        desk.create(SUBNET, vpcId=vpc, cidrBlock=f"10.0.{number}.0/24", availabilityZone=f"{REGION}{zone}")["id"]
        for number, zone in enumerate("abab")
    ]
    return {"id": vpc, "privateSubnets": made[:2], "publicSubnets": made[2:]}


def test_a_service_on_ecs(engine_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with simulated.aws(engine_project) as aws:
        project, world = aws.project, aws.home / "aws.json"
        scaled = {key: value for key, value in simulated.SERVICE.items() if key != "replicas"}
        service = {**scaled, "scaling": {"minimum": 1, "maximum": 3}, "ingress": {"path": "/"}}
        where = {"region": REGION, "certificate": CERTIFICATE, "vpc": network(aws.home)}
        project.write({"thing": service}, simulated.settings(aws=where))
        applied.must(project.pulumi("stack", "init", "--no-select"))
        applied.must(project.pulumi("up", "--yes", "--skip-preview"))
        before = records(world)
        file = project.directory / "terraform.tfstate"
        addresses = terraform_state(forgotten(project), file)
        applied.must(project.pulumi("stack", "init", "--no-select"))
        policies = [one for one in addresses if one.startswith("aws_iam_role_policy.")]
        leave = [argument for one in policies for argument in ("--leave", one)]

        told = adopt(project, file, monkeypatch, *leave)
        adopted = {one["address"]: one["change"] for one in told["adopted"]}
        assert sorted(adopted) == sorted(set(addresses) - set(policies))
        # What no import finds, because AWS does not know it.
        assert {address: change for address, change in adopted.items() if change != "no change"} == {
            "aws_ecs_service.thing_service": "update: waitForSteadyState",
            "aws_kms_key.account_key": "update: deletionWindowInDays",
            "aws_s3_bucket.balancer_logs": "update: forceDestroy",
        }
        assert told["left"] == [*policies, "aws_route53_record.www"]
        assert records(world) == before

        applied.must(project.pulumi("up", "--yes", "--skip-preview"))
        after = records(world)
        assert {key: after.get(key) for key in before} == before
        applied.must(project.pulumi("preview", "--expect-no-changes"))


def unreachable(directory: Path) -> str:
    """The kubeconfig of a cluster that refuses every connection at once."""
    file = Path(applied.kubeconfig(directory, "https://127.0.0.1:9"))
    content = json.loads(file.read_text())
    content["clusters"][0]["cluster"]["certificate-authority-data"] = base64.b64encode(b"none").decode()
    file.write_text(json.dumps(content))
    return str(file)


def test_a_cluster_on_gke(engine_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into a stack that does not exist yet. No Kubernetes runs behind the cluster, so nothing stands in it."""
    project, home = engine_project, engine_project.directory / "clouds"
    behind = unreachable(project.directory)
    found = clouds.variables(["gcp"], {**os.environ, **project.environment, "KUBECONFIG": behind})
    project.environment |= {**found, clouds.WORLDS: str(home), "KUBECONFIG": behind}
    service = {**simulated.SERVICE, "image": GIVEN}
    settings = {"platform": "gke", "tier": "dev", "registry": {"address": REGISTRY}, "domain": "example.com"}
    where = {"project": PROJECT, "region": GKE_REGION, "authorizedNetworks": OFFICE}
    project.write({"thing": {**service, "health": {"readiness": {"path": "/readyz"}}}}, {**settings, "gcp": where})
    applied.must(project.pulumi("stack", "init", "--no-select"))
    applied.must(project.pulumi("up", "--yes", "--skip-preview", "--target", "**caas:gcp:**"))
    before = records(home / "gcp.json")
    file = project.directory / "terraform.tfstate"
    addresses = terraform_state(forgotten(project), file, module="module.shop")

    told = adopt(project, file, monkeypatch)
    assert sorted(one["address"] for one in told["adopted"]) == sorted(addresses)
    adopted = {one["address"]: one["change"] for one in told["adopted"]}
    assert {address: change for address, change in adopted.items() if change != "no change"} == {
        # What no import finds: only the plug-in knows it.
        "module.shop.google_container_cluster.gke_cluster": "update: deletionProtection"
    }
    assert records(home / "gcp.json") == before
