"""EC2's security groups and their rules."""

from __future__ import annotations

from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ec2, hex_id
from sandbox.clouds.aws.network import GROUP, IN_VPC, owner
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Unique

WORDS = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*"
"""What EC2 accepts in a group's name and in descriptions."""

SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _group(call: Call) -> dict[str, Any]:
    made = ec2(call, "sg", "security-group")
    # Rules of their own resources are not listed here, and the plug-in removes EC2's own open egress.
    lists = {key: call.inputs.get(key) or [] for key in ("ingress", "egress")}
    return {**made, **lists, "ownerId": call.scope.account, "vpcId": call.inputs.get("vpcId")}


def _default(call: Call) -> dict[str, Any]:
    vpc = call.the(tokens.VPC, "id", call.inputs.get("vpcId"))
    if vpc is None:
        raise CloudError("InvalidGroup.NotFound", "couldn't find the default security group of the VPC", 404)
    id_ = str(vpc["defaultSecurityGroupId"])
    lists = {key: call.inputs.get(key) or [] for key in ("ingress", "egress")}
    named = {"name": "default", "description": "default VPC security group"}
    return {"id": id_, **owner(call, f"security-group/{id_}"), **lists, **named}


def _rule(call: Call) -> dict[str, Any]:
    made = ec2(call, "sgr", "security-group-rule")
    return {**made, "securityGroupRuleId": made["id"]}


def _admit_rule(call: Call) -> None:
    sources = [key for key in SOURCES if call.inputs.get(key)]
    if len(sources) != 1:
        raise CloudError("InvalidParameterCombination", f"exactly one of {', '.join(SOURCES)} is expected")
    protocol = str(call.inputs["ipProtocol"])
    ports = [call.inputs.get(key) for key in ("fromPort", "toPort")]
    if protocol in ("tcp", "udp", "6", "17"):
        low, high = ports
        if low is None or high is None or not 0 <= low <= high <= 65535:
            raise CloudError("InvalidParameterValue", f"Invalid value '{low}-{high}' for portRange. Must be 0 to 65535")


def _legacy(_call: Call) -> dict[str, Any]:
    return {"id": hex_id("sgrule").replace("-0", "-"), "securityGroupRuleId": hex_id("sgr")}


RULE_KEYS = ("securityGroupId", "ipProtocol", "fromPort", "toPort", *SOURCES)


def _rules(which: str) -> Kind:
    return Kind(
        f"aws:vpc/securityGroup{which}Rule:SecurityGroup{which}Rule",
        "EC2",
        f"Security Group {which} Rule",
        _rule,
        computed=("arn", "securityGroupRuleId"),
        replaces=frozenset({"securityGroupId"}),
        references={"securityGroupId": GROUP, "referencedSecurityGroupId": GROUP},
        unique=Unique(RULE_KEYS, "InvalidPermission.Duplicate", "the specified rule already exists"),
        admit=_admit_rule,
        quota=Quota(
            60,
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
            per="securityGroupId",
        ),
    )


KINDS = (
    Kind(
        tokens.SECURITY_GROUP,
        "EC2",
        "Security Group",
        _group,
        computed=("arn", "ownerId", "ingress", "egress", "vpcId"),
        replaces=frozenset({"name", "namePrefix", "description", "vpcId"}),
        name=Name(pattern=rf"(?!sg-){WORDS}", text="is no name of a security group, which cannot begin with sg-"),
        defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
        references={"vpcId": IN_VPC},
        unique=Unique(
            ("vpcId", "name"),
            "InvalidGroup.Duplicate",
            "The security group '{value}' already exists for VPC '{vpcId}'",
        ),
        held=("DependencyViolation", "resource {id} has a dependent object"),
        quota=Quota(2500, "SecurityGroupLimitExceeded", "The maximum number of security groups is {limit}."),
    ),
    Kind(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "EC2",
        "Default Security Group",
        _default,
        computed=("arn", "ownerId", "ingress", "egress", "name", "description"),
        replaces=frozenset({"vpcId"}),
    ),
    _rules("Ingress"),
    _rules("Egress"),
    Kind(
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        "EC2",
        "Security Group Rule",
        _legacy,
        computed=("securityGroupRuleId",),
        replaces=frozenset(
            {
                "type",
                "protocol",
                "fromPort",
                "toPort",
                "cidrBlocks",
                "ipv6CidrBlocks",
                "prefixListIds",
                "securityGroupId",
                "self",
                "sourceSecurityGroupId",
            }
        ),
        defaults={"self": False},
        choices={"type": ("ingress", "egress")},
        references={"securityGroupId": GROUP, "sourceSecurityGroupId": GROUP},
    ),
)
