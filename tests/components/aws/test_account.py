"""Registry, key, cluster and network: each fact that security rests on, by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.components.aws.worlds import ACCOUNT, EXISTING_VPC, REGION, declared, environment, full, policy, service, web
from tests.components.recorder import DIGEST, Recording

REPOSITORY = "aws:ecr/repository:Repository"
KEY = "aws:kms/key:Key"
GROUP_RULES = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
OWN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


def built(tmp: Any, monkeypatch: pytest.MonkeyPatch, stack: str = "staging", **aws: Any) -> Recording:
    (tmp / "app").mkdir()
    (tmp / "app" / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(tmp)
    world = environment({"web": service(image=None, build={"context": "app"})}, aws=aws, stack=stack)
    return declared(world)


def test_a_repository_is_immutable_scanned_encrypted_and_kept(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = built(tmp_path, monkeypatch)
    inputs = recording.one(REPOSITORY).inputs
    assert inputs["name"] == "team/web"
    assert inputs["imageTagMutability"] == "IMMUTABLE"
    assert inputs["imageScanningConfiguration"] == {"scanOnPush": True}
    assert inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": "arn:aws:account-key"}]
    assert inputs["forceDelete"] is False


def test_only_untagged_images_ever_expire(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = built(tmp_path, monkeypatch)
    rules = json.loads(recording.one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"])["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged"]
    assert rules[0]["selection"] == {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 7,
    }


def test_an_image_is_built_for_the_processor_after_its_repository(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = built(tmp_path, monkeypatch)
    image = recording.one("docker-build:index:Image")
    assert image.inputs["platforms"] == ["linux/arm64"]
    assert [one for one in image.depends_on if one.endswith("::registry-web")]
    definition = recording.one("aws:ecs/taskDefinition:TaskDefinition")
    assert definition.inputs["runtimePlatform"] == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"}
    (container,) = json.loads(definition.inputs["containerDefinitions"])
    assert container["image"] == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/web@{DIGEST}"


def test_repositories_of_another_stack_are_used_and_not_made(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = built(tmp_path, monkeypatch, repositories="existing", architecture="amd64")
    assert recording.of(REPOSITORY) == []
    assert recording.one("docker-build:index:Image").inputs["platforms"] == ["linux/amd64"]


def test_dev_takes_its_images_down_with_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert built(tmp_path, monkeypatch, stack="dev").one(REPOSITORY).inputs["forceDelete"] is True


def test_the_key_rotates_and_serves_this_environment_s_logs_only() -> None:
    key = web().one(KEY)
    assert key.inputs["enableKeyRotation"] is True
    owner, logs = policy(key)
    assert owner["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    groups = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert groups == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/caas/caas/staging/*"
    for group in declared(full()).of("aws:cloudwatch/logGroup:LogGroup"):
        assert group.inputs["name"].startswith("/caas/caas/staging/"), "outside of what the key admits"


def test_a_key_that_is_named_is_used() -> None:
    recording = web(aws={"kmsKey": OWN_KEY})
    assert recording.of(KEY) == []
    assert {one.inputs["kmsKeyId"] for one in recording.of("aws:cloudwatch/logGroup:LogGroup")} == {OWN_KEY}


@pytest.mark.parametrize(("stack", "days"), [("dev", 14), ("staging", 30), ("prod", 90)])
def test_every_log_group_is_encrypted_and_expires(stack: str, days: int) -> None:
    groups = web(stack=stack).of("aws:cloudwatch/logGroup:LogGroup")
    assert len(groups) == 3
    for group in groups:
        assert group.inputs["kmsKeyId"] == "arn:aws:account-key", group.urn
        assert group.inputs["retentionInDays"] == days, group.urn


def test_the_cluster_has_insight_and_logs_every_session() -> None:
    inputs = web().one("aws:ecs/cluster:Cluster").inputs
    assert inputs["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert inputs["configuration"]["executeCommandConfiguration"] == {
        "kmsKeyId": "arn:aws:account-key",
        "logging": "OVERRIDE",
        "logConfiguration": {
            "cloudWatchEncryptionEnabled": True,
            "cloudWatchLogGroupName": "/caas/caas/staging/sessions",
        },
    }


def test_spot_is_a_share_above_one_instance_on_demand() -> None:
    recording = web(aws={"spot": 40})
    expected = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 60},
        {"capacityProvider": "FARGATE_SPOT", "weight": 40},
    ]
    capacity = recording.one("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders").inputs
    assert capacity["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert capacity["defaultCapacityProviderStrategies"] == expected
    assert recording.one("aws:ecs/service:Service").inputs["capacityProviderStrategies"] == expected


def test_without_spot_there_is_none() -> None:
    capacity = web(stack="prod").one("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders").inputs
    assert capacity["capacityProviders"] == ["FARGATE"]


def test_a_new_network_spans_three_zones_without_public_addresses() -> None:
    subnets = web().of("aws:ec2/subnet:Subnet")
    assert sorted((one.inputs["availabilityZone"], one.inputs["cidrBlock"]) for one in subnets) == [
        (f"{REGION}a", "10.0.0.0/20"),
        (f"{REGION}a", "10.0.128.0/20"),
        (f"{REGION}b", "10.0.144.0/20"),
        (f"{REGION}b", "10.0.16.0/20"),
        (f"{REGION}c", "10.0.160.0/20"),
        (f"{REGION}c", "10.0.32.0/20"),
    ]
    assert {one.inputs["mapPublicIpOnLaunch"] for one in subnets} == {False}


def test_the_default_group_of_a_new_network_is_closed() -> None:
    group = web().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs
    assert group == {"vpcId": "network-vpc-id"}


def test_a_new_network_logs_all_its_traffic() -> None:
    recording = web()
    log = recording.one("aws:ec2/flowLog:FlowLog").inputs
    assert log["trafficType"] == "ALL"
    assert log["logDestination"] == "arn:aws:network-flow-log-group"
    assert log["iamRoleArn"] == "arn:aws:network-flow-role"


def test_private_subnets_have_no_way_out_unless_nat_is_asked_for() -> None:
    def routes(nat: str) -> list[str]:
        recording = web(aws={"nat": nat})
        return sorted(
            one.inputs["natGatewayId"] for one in recording.of("aws:ec2/route:Route") if "natGatewayId" in one.inputs
        )

    assert routes("none") == []
    assert routes("single") == [f"network-nat-{REGION}a-id"] * 3
    assert routes("zone") == [f"network-nat-{REGION}{zone}-id" for zone in "abc"]


def test_aws_itself_is_reached_through_endpoints() -> None:
    endpoints = web().of("aws:ec2/vpcEndpoint:VpcEndpoint")
    interfaces = {one.inputs["serviceName"]: one for one in endpoints if one.inputs["vpcEndpointType"] == "Interface"}
    assert {name.removeprefix(f"com.amazonaws.{REGION}.") for name in interfaces} == {
        "ecr.api",
        "ecr.dkr",
        "logs",
        "secretsmanager",
        "ssm",
    }
    for one in interfaces.values():
        assert one.inputs["privateDnsEnabled"] is True
        assert one.inputs["securityGroupIds"] == ["network-endpoints-id"]
    (storage,) = (one for one in endpoints if one.inputs["vpcEndpointType"] == "Gateway")
    assert len(storage.inputs["routeTableIds"]) == 3


def test_only_the_load_balancer_s_listeners_are_open_to_the_world() -> None:
    open_to_all = [
        (one.name, one.inputs["fromPort"])
        for type_ in GROUP_RULES
        for one in declared(full()).of(type_)
        if one.inputs.get("cidrIpv4") == "0.0.0.0/0" or one.inputs.get("cidrIpv6") == "::/0"
    ]
    assert sorted(open_to_all) == [("balancer-in-443", 443), ("balancer-in-80", 80)]


def test_no_group_has_rules_of_its_own() -> None:
    """Rules stand beside their group: two owners of one list would undo each other."""
    for group in declared(full()).of("aws:ec2/securityGroup:SecurityGroup"):
        assert not {"ingress", "egress"} & set(group.inputs), group.urn


def test_an_existing_network_is_used_as_it_is() -> None:
    recording = web(aws={"vpc": EXISTING_VPC})
    types = {one.type for one in recording.resources if "aws:Network$" in one.urn}
    assert types == {"aws:ec2/securityGroup:SecurityGroup", GROUP_RULES[1]}
    inputs = recording.one("aws:ecs/service:Service").inputs["networkConfiguration"]
    assert inputs["subnets"] == EXISTING_VPC["privateSubnets"]
    assert recording.one("aws:lb/loadBalancer:LoadBalancer").inputs["subnets"] == EXISTING_VPC["publicSubnets"]
    way_out = recording.one(GROUP_RULES[1], "network-members-to-https").inputs
    assert (way_out["cidrIpv4"], way_out["fromPort"], way_out["toPort"]) == ("0.0.0.0/0", 443, 443)


def test_an_existing_network_with_endpoints_stays_closed() -> None:
    endpoints = {"endpointGroup": "sg-0123456789abcdef0", "s3PrefixList": "pl-0123456789abcdef0"}
    recording = web(aws={"vpc": {**EXISTING_VPC, **endpoints}})
    rules = {one.name: one.inputs for one in recording.of(GROUP_RULES[1])}
    assert rules["network-members-to-endpoints"]["referencedSecurityGroupId"] == "sg-0123456789abcdef0"
    assert rules["network-members-to-s3"]["prefixListId"] == "pl-0123456789abcdef0"
    assert not [one for one in rules.values() if one.get("cidrIpv4") == "0.0.0.0/0"]
