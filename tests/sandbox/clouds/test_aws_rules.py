"""What the simulated AWS refuses, in AWS's words, and how it writes its identifiers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.registry import push
from sandbox.clouds.aws.tasks import FARGATE
from sandbox.clouds.core.errors import CloudError
from tests.sandbox.clouds.desk import SDK, TRUST, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_identifiers_are_written_as_aws_writes_them(desk: Desk) -> None:
    vpc = desk.vpc()
    subnets = desk.subnets(vpc)
    assert re.fullmatch(r"vpc-0[0-9a-f]{16}", vpc["id"])
    assert vpc["arn"] == f"arn:aws:ec2:eu-central-1:123456789012:vpc/{vpc['id']}"
    assert subnets[1]["availabilityZoneId"] == "euc1-az2"
    cluster = desk.create(tokens.CLUSTER, name="trial")
    assert cluster["id"] == cluster["arn"] == "arn:aws:ecs:eu-central-1:123456789012:cluster/trial"
    target = desk.group(vpc)
    pattern = r"arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/[0-9a-f]{16}"
    assert re.fullmatch(pattern, target["arn"])
    listener = desk.listener(subnets, target)
    assert re.search(r":listener/app/shared/[0-9a-f]{16}/[0-9a-f]{16}$", listener["arn"])
    assert [desk.task()["arn"].rpartition("/")[2] for _ in range(2)] == ["web:1", "web:2"]
    repository = desk.create(tokens.REPOSITORY, name="team/web")
    assert repository["repositoryUrl"] == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/web"
    role = desk.create(tokens.ROLE, name="r", assumeRolePolicy=TRUST)
    assert role["arn"] == "arn:aws:iam::123456789012:role/r"


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (tokens.CLUSTER, {"nmae": "a"}, "nmae: Unsupported argument. An argument named 'nmae' is not expected here."),
        (tokens.SUBNET, {}, "vpcId: Missing required argument. The argument 'vpcId' is required."),
        (tokens.VPC, {"enableDnsSupport": "yes"}, "enableDnsSupport: expected boolean, got string"),
        (tokens.SERVICE, {"launchType": "LAMBDA"}, 'expected launchType to be one of ["EC2", "FARGATE"'),
        (
            tokens.CLUSTER,
            {"name": "a.b"},
            "name: 'a.b' is no valid name: letters, digits, hyphens and underscores only",
        ),
        (tokens.LOAD_BALANCER, {"name": "a" * 33}, '"name" cannot be longer than 32 characters'),
        (tokens.LOAD_BALANCER, {"name": "internal-a"}, "'internal-a' is no valid name"),
        (tokens.TARGET_GROUP, {"name": "a-", "targetType": "lambda"}, "'a-' is no valid name"),
        (tokens.TARGET_GROUP, {"targetType": "ip", "port": 80.0}, 'protocol: "protocol" should be set when target'),
        (tokens.REPOSITORY, {"name": "Web"}, "'Web' is no valid repository name"),
        (tokens.BUCKET, {"bucket": "A_b"}, "'A_b' is no valid bucket name"),
        (tokens.LOG_GROUP, {"name": "a", "retentionInDays": 31.0}, "expected retentionInDays to be one of [0, 1, 3"),
        (tokens.ROLE, {"assumeRolePolicy": "{"}, '"assumeRolePolicy" contains an invalid JSON'),
        (tokens.ROLE, {"assumeRolePolicy": "{}"}, "MalformedPolicyDocument: a policy needs a Statement"),
        (
            tokens.TASK_DEFINITION,
            {"family": "a", "containerDefinitions": json.dumps([{"name": "a", "imgae": "i"}])},
            "container 'a': unknown key 'imgae'",
        ),
        (
            tokens.SERVICE,
            {"deploymentConfiguration": {"bakeTimeInMinutes": "1441"}},
            "expected deploymentConfiguration.bakeTimeInMinutes to be in the range (0 - 1440), got 1441",
        ),
        (
            tokens.SERVICE,
            {"launchType": "FARGATE", "capacityProviderStrategies": [{"capacityProvider": "FARGATE"}]},
            '"launchType": conflicts with capacityProviderStrategies',
        ),
    ],
)
def test_the_plug_in_refuses_by_itself(desk: Desk, token: str, inputs: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(desk.check(token, **inputs))


def test_unknown_values_pass_every_check(desk: Desk) -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    for kind in desk.cloud.definition.kinds.values():
        inputs = dict.fromkeys(SDK.resource(kind.token).inputs.properties, unknown)
        for pair in ("launchType", "capacityProviderStrategies"):
            inputs.pop(pair, None)
        assert desk.check(kind.token, **inputs) == []


def test_names_are_given_and_kept(desk: Desk) -> None:
    first = desk.create(tokens.CLUSTER)
    assert re.fullmatch(r"it-[0-9a-f]{7}", first["name"])


@pytest.mark.parametrize(
    ("cpu", "memory"), [("256", "4096"), ("300", "512"), ("8192", "17408"), ("16384", "131072"), ("1024", "1024")]
)
def test_fargate_knows_its_sizes(desk: Desk, cpu: str, memory: str) -> None:
    with pytest.raises(CloudError, match=f"No Fargate configuration exists for given values: {cpu} CPU, {memory} mem"):
        desk.task(cpu=cpu, memory=memory)


def test_every_fargate_size_is_admitted(desk: Desk) -> None:
    pairs = [(cpu, memory) for cpu, memories in FARGATE.items() for memory in memories]
    assert len(pairs) == 3 + 4 + 7 + 13 + 23 + 12 + 12
    for cpu, memory in pairs[::9]:
        desk.task(cpu=str(cpu), memory=str(memory))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"networkMode": "bridge"}, "Fargate only supports network mode 'awsvpc'"),
        ({"containerDefinitions": "[]"}, "Container list cannot be empty"),
        ({"containerDefinitions": json.dumps([{"name": "a"}])}, "Container.image should not be null"),
        (
            {"containerDefinitions": json.dumps([{"name": "a", "image": "i", "secrets": [{"name": "A"}]}])},
            "execution role ARN to support a",
        ),
        (
            {"containerDefinitions": json.dumps([{"name": "a", "image": "i"}] * 2)},
            "Container names should be unique",
        ),
        (
            {"containerDefinitions": json.dumps([{"name": "a", "image": "i", "mountPoints": [{"sourceVolume": "v"}]}])},
            "Unknown volume 'v'",
        ),
        ({"executionRoleArn": "arn:aws:iam::123456789012:role/none"}, "Role is not valid"),
    ],
)
def test_task_definitions_that_ecs_refuses(desk: Desk, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CloudError, match=message):
        desk.task(**changes)


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.1.0.0/24", "InvalidSubnet.Range: The CIDR '10.1.0.0/24' is invalid."),
        ("10.0.0.0/29", "InvalidSubnet.Range"),
        ("10.0.0.128/25", "InvalidSubnet.Conflict: The CIDR '10.0.0.128/25' conflicts with another subnet"),
        ("10.0.9.1/24", "not a valid CIDR block"),
    ],
)
def test_a_subnet_lies_in_its_vpc_and_beside_the_others(desk: Desk, cidr: str, message: str) -> None:
    vpc = desk.vpc()
    desk.subnets(vpc)
    with pytest.raises(CloudError, match=message):
        desk.create(tokens.SUBNET, vpcId=vpc["id"], cidrBlock=cidr)


def test_nothing_goes_while_others_need_it(desk: Desk) -> None:
    vpc = desk.vpc()
    subnets = desk.subnets(vpc)
    with pytest.raises(CloudError, match=f"DependencyViolation: The vpc '{vpc['id']}' has dependencies"):
        desk.delete(tokens.VPC, vpc)
    target = desk.group(vpc)
    listener = desk.listener(subnets, target)
    with pytest.raises(CloudError, match="ResourceInUse: Target group"):
        desk.delete(tokens.TARGET_GROUP, target)
    with pytest.raises(CloudError, match="DependencyViolation: The subnet"):
        desk.delete(tokens.SUBNET, subnets[0])
    desk.delete(tokens.LISTENER, listener)
    desk.delete(tokens.TARGET_GROUP, target)
    role = desk.create(tokens.ROLE, name="r", assumeRolePolicy=TRUST)
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    attached = desk.create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="r", policyArn=policy)
    with pytest.raises(CloudError, match="DeleteConflict: Cannot delete entity"):
        desk.delete(tokens.ROLE, role)
    desk.delete("aws:iam/rolePolicyAttachment:RolePolicyAttachment", attached)
    desk.delete(tokens.ROLE, role)


def test_a_cluster_with_services_stays(desk: Desk) -> None:
    subnets = desk.subnets(desk.vpc())
    cluster = desk.create(tokens.CLUSTER, name="trial")
    service = desk.service(subnets, desk.task())
    with pytest.raises(CloudError, match="ClusterContainsServicesException"):
        desk.delete(tokens.CLUSTER, cluster)
    desk.delete(tokens.SERVICE, service)
    desk.delete(tokens.CLUSTER, cluster)


def test_a_service_needs_a_listener_that_leads_to_its_target_group(desk: Desk) -> None:
    vpc = desk.vpc()
    subnets, target, task = desk.subnets(vpc), desk.group(vpc), desk.task()
    desk.create(tokens.CLUSTER, name="trial")
    balancer = {"targetGroupArn": target["arn"], "containerName": "web", "containerPort": 8080.0}
    with pytest.raises(CloudError, match=r"The target group with targetGroupArn .* does not have an associated load"):
        desk.service(subnets, task, loadBalancers=[balancer])
    desk.listener(subnets, target)
    with pytest.raises(CloudError, match="The container api does not exist in the task definition"):
        desk.service(subnets, task, loadBalancers=[{**balancer, "containerName": "api"}])
    with pytest.raises(CloudError, match="did not have a container port 81 defined"):
        desk.service(subnets, task, loadBalancers=[{**balancer, "containerPort": 81.0}])
    desk.service(subnets, task, loadBalancers=[balancer])
    with pytest.raises(CloudError, match="Creation of service was not idempotent"):
        desk.service(subnets, task, loadBalancers=[balancer])


def test_a_services_own_parts_have_to_be_there(desk: Desk) -> None:
    subnets, task = desk.subnets(desk.vpc()), desk.task()
    with pytest.raises(CloudError, match="ClusterNotFoundException: Cluster not found"):
        desk.service(subnets, task)
    desk.create(tokens.CLUSTER, name="trial")
    with pytest.raises(CloudError, match="Unable to describe task definition"):
        desk.service(subnets, {"arn": task["arn"] + "9"})
    with pytest.raises(CloudError, match="not associated with the cluster: FARGATE_SPOT"):
        desk.service(subnets, task, capacityProviderStrategies=[{"capacityProvider": "FARGATE_SPOT"}])
    with pytest.raises(CloudError, match="Network Configuration must be provided"):
        desk.service(subnets, task, networkConfiguration=None)


@pytest.mark.parametrize(
    ("token", "inputs", "code"),
    [
        (tokens.REPOSITORY, {"name": "a1"}, "RepositoryAlreadyExistsException"),
        (tokens.LOG_GROUP, {"name": "a"}, "ResourceAlreadyExistsException"),
        (tokens.ROLE, {"name": "a", "assumeRolePolicy": TRUST}, "EntityAlreadyExists: Role with name a already exists"),
        (tokens.BUCKET, {"bucket": "abc"}, "BucketAlreadyOwnedByYou"),
        (tokens.SECRET, {"name": "a"}, "ResourceExistsException"),
        ("aws:ssm/parameter:Parameter", {"name": "a", "type": "String", "value": "v"}, "ParameterAlreadyExists"),
    ],
)
def test_no_two_have_one_name(desk: Desk, token: str, inputs: dict[str, Any], code: str) -> None:
    desk.create(token, **inputs)
    with pytest.raises(CloudError, match=code):
        desk.create(token, **inputs)


def test_an_immutable_tag_is_pushed_once(desk: Desk) -> None:
    repository = desk.create(tokens.REPOSITORY, name="web", imageTagMutability="IMMUTABLE")
    push(desk.cloud.world, "eu-central-1", "web", "v1", "sha256:a")
    push(desk.cloud.world, "eu-central-1", "web", "v1", "sha256:a")
    with pytest.raises(CloudError, match="The image tag 'v1' already exists in the 'web' repository"):
        push(desk.cloud.world, "eu-central-1", "web", "v1", "sha256:b")
    with pytest.raises(CloudError, match="RepositoryNotEmptyException"):
        desk.delete(tokens.REPOSITORY, repository)


def test_a_deleted_secret_keeps_its_name(desk: Desk) -> None:
    desk.delete(tokens.SECRET, desk.create(tokens.SECRET, name="a", recoveryWindowInDays=7.0))
    with pytest.raises(CloudError, match="already scheduled for deletion"):
        desk.create(tokens.SECRET, name="a")
    desk.delete(tokens.SECRET, desk.create(tokens.SECRET, name="b", recoveryWindowInDays=0.0))
    desk.create(tokens.SECRET, name="b")


def test_quotas(desk: Desk) -> None:
    for number in range(5):
        desk.vpc(f"10.{number}.0.0/16")
        desk.create(tokens.EIP)
    with pytest.raises(CloudError, match="VpcLimitExceeded"):
        desk.vpc("10.9.0.0/16")
    with pytest.raises(CloudError, match="AddressLimitExceeded"):
        desk.create(tokens.EIP)


def test_scaling_belongs_to_a_service_and_moves_only_its_count(desk: Desk) -> None:
    subnets, task = desk.subnets(desk.vpc()), desk.task()
    desk.create(tokens.CLUSTER, name="trial")
    place = {
        "resourceId": "service/trial/web",
        "serviceNamespace": "ecs",
        "scalableDimension": "ecs:service:DesiredCount",
    }
    with pytest.raises(CloudError, match="ECS service doesn't exist: service/trial/web"):
        desk.create(tokens.SCALABLE_TARGET, **place, minCapacity=1.0, maxCapacity=2.0)
    service = desk.service(subnets, task)
    policy = {"policyType": "StepScaling", "stepScalingPolicyConfiguration": {"cooldown": 60.0}}
    with pytest.raises(CloudError, match="No scalable target registered"):
        desk.create("aws:appautoscaling/policy:Policy", **place, **policy)
    desk.create(tokens.SCALABLE_TARGET, **place, minCapacity=1.0, maxCapacity=5.0)
    with desk.cloud.world.open() as world:
        record = world.get(tokens.SERVICE, "eu-central-1", service["id"])
        assert record is not None
        record["state"]["desiredCount"] = 5
        world.put(tokens.SERVICE, "eu-central-1", service["id"], record)
    # The program still says 2, as it did: what did not change is not sent.
    asked = {key: service[key] for key in ("name", "cluster", "taskDefinition", "desiredCount", "networkConfiguration")}
    assert desk.update(tokens.SERVICE, service, **asked, enableExecuteCommand=True)["desiredCount"] == 5
