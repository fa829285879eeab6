"""AWS's own client reads the simulated AWS, and ``caas verify`` judges by it what the real engine has made."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from delivery import declared
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.ecs import EcsObserver
from delivery.output import Output
from delivery.verify import verify
from sandbox import toolchain
from sandbox.clouds import environment as clouds
from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.mirror import serving
from sandbox.clouds.core.world import World
from tests.sandbox.engine import Engine, project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
REGION = "eu-central-1"

PROGRAM = """
    import os
    import sys
    sys.path.insert(0, {root!r})
    import pulumi
    from components import platform
    from tests.components.aws.worlds import REGISTRY, environment, service

    image = f"{{REGISTRY}}/thing@sha256:" + os.environ["IMAGE"] * 64
    described = environment({{"web": service(image=image)}}, stack="dev")


    async def unwatched(args):
        if args.type_ == "aws:ecs/service:Service":
            return pulumi.ResourceTransformResult({{**args.props, "waitForSteadyState": False}}, args.opts)

    pulumi.runtime.register_resource_transform(unwatched)
    for name, value in platform.declare(described, {{}}).items():
        pulumi.export(name, value)
"""
"""Nobody waits for the deployment in this program, so that its job is green whatever becomes of it."""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    given = {**os.environ, **toolchain.current((toolchain.ENGINE,)).environment()}
    found = clouds.variables(["aws"], given)
    program = PROGRAM.format(root=str(ROOT))
    return project(tmp_path, program, CAAS_CLOUDS_DIR=str(tmp_path / "clouds"), IMAGE="a", **found)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "simulated")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def truth(engine: Engine) -> declared.Declared:
    outputs: dict[str, Any] = json.loads(engine.must("stack", "output", "--json"))
    return declared.parse(outputs, "dev")


def assert_aws_has_what_was_declared(engine: Engine) -> None:
    """AWS's client finds each role, log group, alarm, load balancer, listener, rule and target group of the state."""
    state = json.loads(engine.must("stack", "export"))["deployment"]["resources"]

    def declared_ids(token: str) -> set[str]:
        return {one["id"] for one in state if one["type"] == token}

    iam, elb = boto3.client("iam", region_name=REGION), boto3.client("elbv2", region_name=REGION)
    roles = {one["RoleName"] for one in iam.list_roles()["Roles"]}
    inline = {f"{role}:{name}" for role in roles for name in iam.list_role_policies(RoleName=role)["PolicyNames"]}
    groups = boto3.client("logs", region_name=REGION).describe_log_groups()["logGroups"]
    alarms = boto3.client("cloudwatch", region_name=REGION).describe_alarms()["MetricAlarms"]
    balancers = {one["LoadBalancerArn"] for one in elb.describe_load_balancers()["LoadBalancers"]}
    listeners = {
        one["ListenerArn"] for arn in balancers for one in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    }
    rules = {
        one["RuleArn"]
        for arn in listeners
        for one in elb.describe_rules(ListenerArn=arn)["Rules"]
        if not one["IsDefault"]
    }
    targets = {one["TargetGroupArn"] for one in elb.describe_target_groups()["TargetGroups"]}
    assert roles == declared_ids(tokens.ROLE) != set()
    assert inline == declared_ids(tokens.ROLE_POLICY) != set()
    assert {one["logGroupName"] for one in groups} == declared_ids(tokens.LOG_GROUP) != set()
    assert {one["AlarmName"] for one in alarms} == declared_ids(tokens.ALARM)
    assert balancers == declared_ids(tokens.LOAD_BALANCER) != set()
    assert listeners == declared_ids(tokens.LISTENER) != set()
    assert rules == declared_ids(tokens.LISTENER_RULE) != set()
    assert targets == declared_ids(tokens.TARGET_GROUP) != set()


@pytest.mark.usefixtures("credentials")
def test_a_deployment_is_proven_and_one_that_was_taken_back_has_failed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "clouds" / "aws.json")
    output = Output()
    with serving(world, REGION) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        engine.must("up", "--yes", "--skip-preview")
        assert_aws_has_what_was_declared(engine)
        (finding,) = verify(truth(engine), EcsObserver(REGION), output, timeout=10)
        assert (finding.snapshot.desired, finding.snapshot.ready, finding.snapshot.autoscaled) == (3, 3, True)
        assert {c.running_image for one in finding.snapshot.current for c in one.containers} == {"sha256:" + "a" * 64}

        rule = {"type": tokens.SERVICE, "operation": "update", "times": 1, "fault": "rollback"}
        (tmp_path / "clouds" / "aws.faults.json").write_text(json.dumps([rule]), encoding="utf-8")
        engine.variables["IMAGE"] = "b"
        engine.must("up", "--yes", "--skip-preview")  # green, and wrong

        with pytest.raises(DeliveryError, match="web cannot run") as failed:
            verify(truth(engine), EcsObserver(REGION), output, timeout=10)
        assert failed.value.code is Exit.DEPLOYMENT_FAILED
        said = "\n".join(failed.value.details)
        assert "it runs caas-dev-web:1, declared is caas-dev-web:2" in said
        assert "ECS deployment circuit breaker: rolling back" in said

        engine.must("up", "--refresh", "--yes", "--skip-preview")
        (finding,) = verify(truth(engine), EcsObserver(REGION), output, timeout=10)
        assert {c.running_image for one in finding.snapshot.current for c in one.containers} == {"sha256:" + "b" * 64}


@pytest.mark.usefixtures("credentials")
def test_what_the_world_does_not_have_is_refused_as_aws_refuses_it(tmp_path: Path) -> None:
    with serving(World(tmp_path / "aws.json"), REGION) as address:
        ecs = boto3.client("ecs", region_name=REGION, endpoint_url=address)
        with pytest.raises(ClientError, match="ClusterNotFoundException"):
            ecs.describe_services(cluster="shop", services=["web"])
        balancers = boto3.client("elbv2", region_name=REGION, endpoint_url=address)
        with pytest.raises(ClientError, match="TargetGroupNotFound"):
            balancers.describe_target_health(TargetGroupArn="arn:aws:elasticloadbalancing:none")
