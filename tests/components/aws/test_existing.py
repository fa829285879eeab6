"""What exists already and is named: a network by tags or a Terraform state, a cluster, a shared load balancer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.aws.load_balancer import priorities
from components.spec.environment import Settings
from components.spec.terraform import resolved
from tests.components.aws.worlds import (
    ACCOUNT,
    CERTIFICATE,
    EXISTING_VPC,
    OTHER_CERTIFICATE,
    REGION,
    environment,
    service,
    web,
)

ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
SHARED = {
    "arn": f"{ELB}:loadbalancer/app/shared/0123456789abcdef",
    "listener": f"{ELB}:listener/app/shared/0123456789abcdef/0123456789abcdef",
    "securityGroup": "sg-0123456789abcdef0",
}
TAGGED = {"tags": {"Name": "shared"}, "privateTags": {"reach": "private"}, "publicTags": {"reach": "public"}}
SERVICE = "aws:ecs/service:Service"


def network(spec: dict[str, Any]) -> Settings:
    """Settings as the loader reads them, with this network."""
    text = json.dumps({"registry": {"address": "x.example.org"}, "aws": {"region": REGION, "vpc": spec}})
    return Settings.model_validate_json(text)


def shared(**changes: Any) -> dict[str, Any]:
    return {"certificate": None, "loadBalancer": {**SHARED, **changes}}


def test_tags_find_one_vpc_and_one_subnet_of_each_kind_in_each_zone() -> None:
    recording = web(aws={"vpc": TAGGED, "zones": [f"{REGION}a", f"{REGION}c"]})
    asked = [(token, arguments) for token, arguments in recording.invokes if token.startswith("aws:ec2/")]
    assert asked[0] == ("aws:ec2/getVpc:getVpc", {"tags": {"Name": "shared"}})
    subnets = [arguments for token, arguments in asked if token == "aws:ec2/getSubnet:getSubnet"]
    assert sorted((one["availabilityZone"], one["tags"]["reach"]) for one in subnets) == [
        (f"{REGION}a", "private"),
        (f"{REGION}a", "public"),
        (f"{REGION}c", "private"),
        (f"{REGION}c", "public"),
    ]
    assert {one["vpcId"] for one in subnets} == {"found-vpc"}
    assert recording.of("aws:ec2/vpc:Vpc") == recording.of("aws:ec2/subnet:Subnet") == []
    placed = recording.one(SERVICE).inputs["networkConfiguration"]["subnets"]
    assert placed == [f"found-{REGION}a-private", f"found-{REGION}c-private"]
    assert recording.one("aws:lb/loadBalancer:LoadBalancer").inputs["subnets"] == [
        f"found-{REGION}a-public",
        f"found-{REGION}c-public",
    ]


def test_the_outputs_of_a_state_stand_for_the_ids(tmp_path: Path) -> None:
    values = {"network": EXISTING_VPC["id"], "inner": EXISTING_VPC["privateSubnets"]}
    document = {name: {"value": value} for name, value in values.items()}
    document["public_subnets"] = {"value": EXISTING_VPC["publicSubnets"]}
    (tmp_path / "net.tfstate").write_text(json.dumps({"version": 4, "outputs": document}))
    terraform = {"state": "net.tfstate", "vpc": "network", "privateSubnets": "inner"}
    read, wrong = resolved(network({"terraform": terraform}), tmp_path, None)
    written, _ = resolved(network(EXISTING_VPC), tmp_path, None)
    assert wrong == []
    assert read.aws == written.aws


@pytest.mark.parametrize("name", ["shared", f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shared"])
def test_a_cluster_that_is_named_is_used_as_it_is(name: str) -> None:
    recording = web(aws={"cluster": name})
    assert {one.type for one in recording.resources if "caas:aws:Cluster$" in one.urn} == {
        "aws:servicediscovery/httpNamespace:HttpNamespace"
    }
    assert recording.one(SERVICE).inputs["cluster"] == f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shared"
    assert recording.result["aws"]["cluster"] == "shared"
    target = recording.one("aws:appautoscaling/target:Target").inputs["resourceId"]
    assert target == "service/shared/web"


def test_a_shared_balancer_gets_rules_and_nothing_else() -> None:
    recording = web(aws=shared(priorityOffset=2500), ingress={"tlsSecret": OTHER_CERTIFICATE})
    assert {one.type for one in recording.resources if "caas:aws:LoadBalancer$" in one.urn} == {
        "aws:lb/listenerCertificate:ListenerCertificate"
    }
    rule = recording.one("aws:lb/listenerRule:ListenerRule").inputs
    assert rule["listenerArn"] == SHARED["listener"]
    assert 2500 < rule["priority"] <= 5000
    assert recording.result["aws"]["loadBalancer"] == "found-dnsName"
    admitted = recording.one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "web-in-balancer-8080").inputs
    assert admitted["referencedSecurityGroupId"] == SHARED["securityGroup"]


def test_priorities_of_environments_that_share_never_meet() -> None:
    deep = {
        f"s{index}": service(ingress={"host": f"s{index}.example.com", "path": "/a" * (index % 10) or "/"})
        for index in range(99)
    }
    services = environment(deep).services
    first, second = (set(priorities(services, 125, offset).values()) for offset in (0, 2500))
    assert len(first) == len(second) == 99
    assert min(first) >= 1
    assert max(first) <= 2500 < min(second)
    assert max(second) <= 5000


def test_a_hundred_services_of_one_depth_find_room() -> None:
    flat = {f"s{index}": service(ingress={"host": f"s{index}.example.com"}) for index in range(100)}
    assert len(set(priorities(environment(flat).services, 125).values())) == 100


ZONE = {"zone": "Z0123456789ABCDEFGHIJ"}
RECORD = "aws:route53/record:Record"


def test_host_names_lead_to_the_balancer_where_their_zone_is_named() -> None:
    recording = web(aws=ZONE)
    record = recording.one(RECORD).inputs
    assert (record["name"], record["type"], record["zoneId"]) == ("web.example.com", "A", ZONE["zone"])
    assert record["aliases"] == [
        {"name": "balancer-balancer-dnsName", "zoneId": "balancer-balancer-zoneId", "evaluateTargetHealth": True}
    ]
    assert web().of(RECORD) == []
    assert recording.of("aws:acm/certificate:Certificate") == [], "one is named"
    (beside,) = web(aws={**shared(), **ZONE}).of(RECORD)
    assert beside.inputs["aliases"][0]["name"] == "found-dnsName"


def test_a_certificate_is_made_and_proven_where_none_is_named() -> None:
    recording = web(aws={**ZONE, "certificate": None})
    certificate = recording.one("aws:acm/certificate:Certificate").inputs
    assert certificate == {"domainName": "web.example.com", "validationMethod": "DNS"}
    proof = recording.one(RECORD, "balancer-proof-web.example.com").inputs
    assert (proof["name"], proof["type"], proof["records"]) == ("_proof.web.example.com", "CNAME", ["_value"])
    listener = recording.one("aws:lb/listener:Listener", "balancer-https").inputs
    assert listener["certificateArn"] == "arn:aws:balancer-certificate"
    assert web(aws={**ZONE, "certificate": CERTIFICATE}).of("aws:acm/certificate:Certificate") == []


ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
OWN = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/own/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("stack", "chosen", "expected"),
    [
        ("staging", None, "arn:aws:balancer-waf"),
        ("prod", None, "arn:aws:balancer-waf"),
        ("dev", None, None),
        ("dev", "managed", "arn:aws:balancer-waf"),
        ("prod", "none", None),
        ("prod", OWN, OWN),
    ],
)
def test_a_web_acl_stands_before_the_balancer(stack: str, chosen: str | None, expected: str | None) -> None:
    recording = web(stack=stack, aws={"waf": chosen})
    found = [(one.inputs["resourceArn"], one.inputs["webAclArn"]) for one in recording.of(ASSOCIATION)]
    assert found == ([("arn:aws:balancer-balancer", expected)] if expected else [])
    assert len(recording.of("aws:wafv2/webAcl:WebAcl")) == (expected == "arn:aws:balancer-waf")


def test_the_managed_rules_block_but_for_the_size_of_bodies() -> None:
    acl = web(stack="prod").one("aws:wafv2/webAcl:WebAcl").inputs
    assert (acl["scope"], acl["defaultAction"]) == ("REGIONAL", {"allow": {}})
    groups = [rule["statement"]["managedRuleGroupStatement"] for rule in acl["rules"]]
    assert [group["name"].removeprefix("AWSManagedRules") for group in groups] == [
        "AmazonIpReputationList",
        "KnownBadInputsRuleSet",
        "CommonRuleSet",
    ]
    assert {tuple(rule["overrideAction"]) for rule in acl["rules"]} == {("none",)}
    counted = [one["name"] for group in groups for one in group.get("ruleActionOverrides", [])]
    assert counted == ["SizeRestrictions_BODY"]


def test_builds_that_nobody_runs_go_where_days_are_set_and_what_runs_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(tmp_path)
    recording = web(aws={"buildsKept": 90}, image=None, build={"context": "app"})
    rules = json.loads(recording.one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"])["rules"]
    by_priority = {rule["rulePriority"]: rule["selection"] for rule in rules}
    assert by_priority[2]["tagPatternList"] == ["live-*"]
    assert (by_priority[2]["countType"], by_priority[2]["countNumber"]) == ("imageCountMoreThan", 100_000)
    assert (by_priority[3]["tagPatternList"], by_priority[3]["countNumber"]) == (["*"], 90)
