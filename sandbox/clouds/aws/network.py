"""EC2's network: VPCs, subnets, gateways, routes."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ZONES, arn, ec2, hex_id
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Quota, Reference

IN_VPC = Reference(tokens.VPC, "id", "InvalidVpcID.NotFound", "The vpc ID '{value}' does not exist")
IN_SUBNET = Reference(tokens.SUBNET, "id", "InvalidSubnetID.NotFound", "The subnet ID '{value}' does not exist")
GROUP = Reference(
    tokens.SECURITY_GROUP,
    "id",
    "InvalidGroup.NotFound",
    "The security group '{value}' does not exist",
    foreign=r"sg-default[0-9a-f]+",
)
IN_TABLE = Reference(
    tokens.ROUTE_TABLE,
    "id",
    "InvalidRouteTableID.NotFound",
    "The routeTable ID '{value}' does not exist",
    foreign=r"rtb-main[0-9a-f]+",
)


def zone_id(zone: str) -> str:
    """The id of a zone, ``euc1-az2`` for eu-central-1b."""
    words = zone[:-1].split("-")
    return f"{words[0]}{words[1][0]}{words[2]}-az{ZONES.index(zone[-1]) + 1}"


def network_of(text: str) -> ipaddress.IPv4Network:
    """A CIDR block as EC2 reads it; raises what EC2 answers otherwise."""
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        message = f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        raise CloudError("InvalidParameterValue", message) from None


def _vpc(call: Call) -> dict[str, Any]:
    main = f"rtb-main{secrets.token_hex(7)}"
    return {
        **ec2(call, "vpc", "vpc"),
        "defaultNetworkAclId": hex_id("acl"),
        "defaultRouteTableId": main,
        "mainRouteTableId": main,
        "defaultSecurityGroupId": f"sg-default{secrets.token_hex(6)}",
        "dhcpOptionsId": hex_id("dopt"),
        "ownerId": call.scope.account,
    }


def _admit_vpc(call: Call) -> None:
    network = network_of(call.inputs.get("cidrBlock") or "")
    if not 16 <= network.prefixlen <= 28:
        raise CloudError("InvalidVpc.Range", f"The CIDR '{network}' is invalid.")
    if call.inputs["enableDnsHostnames"] and not call.inputs["enableDnsSupport"]:
        raise CloudError("InvalidParameterCombination", "DNS hostnames need DNS support in the VPC.")


def _admit_subnet(call: Call) -> None:
    block = call.inputs.get("cidrBlock") or ""
    network = network_of(block)
    vpc = call.the(tokens.VPC, "id", call.inputs["vpcId"])
    assert vpc is not None
    if not 16 <= network.prefixlen <= 28 or not network.subnet_of(network_of(vpc["cidrBlock"])):
        raise CloudError("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
    for other in call.others(tokens.SUBNET):
        if other["vpcId"] == call.inputs["vpcId"] and network.overlaps(network_of(other["cidrBlock"])):
            raise CloudError("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet")
    zone = call.inputs.get("availabilityZone")
    zones = [f"{call.scope.region}{letter}" for letter in ZONES]
    if zone is not None and zone not in zones:
        raise CloudError(
            "InvalidParameterValue",
            f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the "
            f"following availability zones: {', '.join(zones)}.",
        )


def _subnet(call: Call) -> dict[str, Any]:
    zone = call.inputs.get("availabilityZone") or f"{call.scope.region}{ZONES[0]}"
    return {
        **ec2(call, "subnet", "subnet"),
        "availabilityZone": zone,
        "availabilityZoneId": zone_id(zone),
        "ownerId": call.scope.account,
    }


def _endpoint(call: Call) -> dict[str, Any]:
    interface = call.inputs["vpcEndpointType"] == "Interface"
    made = ec2(call, "vpce", "vpc-endpoint")
    service = str(call.inputs.get("serviceName", "")).rpartition(".")[2]
    host = f"{made['id']}-{secrets.token_hex(4)}.{service}.{call.scope.region}.vpce.amazonaws.com"
    return {
        **made,
        "state": "available",
        "ownerId": call.scope.account,
        "requesterManaged": False,
        "prefixListId": None if interface else f"pl-{secrets.token_hex(4)}",
        "networkInterfaceIds": [hex_id("eni") for _ in call.inputs.get("subnetIds") or ()] if interface else [],
        "dnsEntries": [{"dnsName": host, "hostedZoneId": f"Z{secrets.token_hex(6).upper()}"}] if interface else [],
    }


def _admit_endpoint(call: Call) -> None:
    service, region = call.inputs.get("serviceName"), call.scope.region
    if not service or not (service.startswith((f"com.amazonaws.{region}.", "com.amazonaws.vpce.", "aws.api."))):
        message = f"The Vpc Endpoint Service '{service}' does not exist"
        raise CloudError("InvalidServiceName", message)
    if call.inputs["vpcEndpointType"] == "Gateway" and not service.endswith((".s3", ".dynamodb")):
        raise CloudError(
            "InvalidParameter", f"Endpoint type (Gateway) does not match available service types of {service}"
        )
    if call.inputs.get("privateDnsEnabled"):
        for other in call.others("aws:ec2/vpcEndpoint:VpcEndpoint"):
            same = all(other.get(key) == call.inputs.get(key) for key in ("vpcId", "serviceName", "privateDnsEnabled"))
            if same:
                message = "private-dns-enabled cannot be set because there is already a conflicting DNS domain"
                raise CloudError("InvalidParameter", message)


def _flow_log(call: Call) -> dict[str, Any]:
    return ec2(call, "fl", "vpc-flow-log")


KINDS = (
    Kind(
        tokens.VPC,
        "EC2",
        "Vpc",
        _vpc,
        computed=(
            "arn",
            "defaultNetworkAclId",
            "defaultRouteTableId",
            "defaultSecurityGroupId",
            "dhcpOptionsId",
            "mainRouteTableId",
            "ownerId",
        ),
        replaces=frozenset({"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"}),
        defaults={"enableDnsSupport": True, "enableDnsHostnames": False, "instanceTenancy": "default"},
        choices={"instanceTenancy": ("default", "dedicated")},
        admit=_admit_vpc,
        quota=Quota(5, "VpcLimitExceeded", "The maximum number of VPCs has been reached."),
        held=("DependencyViolation", "The vpc '{id}' has dependencies and cannot be deleted."),
    ),
    Kind(
        tokens.SUBNET,
        "EC2",
        "Subnet",
        _subnet,
        computed=("arn", "availabilityZone", "availabilityZoneId", "ownerId"),
        replaces=frozenset({"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"}),
        defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
        references={"vpcId": IN_VPC},
        admit=_admit_subnet,
        quota=Quota(200, "SubnetLimitExceeded", "The maximum number of subnets has been reached.", per="vpcId"),
        held=("DependencyViolation", "The subnet '{id}' has dependencies and cannot be deleted."),
    ),
    Kind(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "EC2",
        "VPC Endpoint",
        _endpoint,
        computed=("arn", "state", "ownerId", "requesterManaged", "prefixListId", "networkInterfaceIds", "dnsEntries"),
        replaces=frozenset({"vpcId", "serviceName", "vpcEndpointType", "serviceRegion"}),
        defaults={"vpcEndpointType": "Gateway", "privateDnsEnabled": False},
        choices={"vpcEndpointType": ("Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork")},
        documents=frozenset({"policy"}),
        references={"vpcId": IN_VPC, "subnetIds": IN_SUBNET, "securityGroupIds": GROUP, "routeTableIds": IN_TABLE},
        admit=_admit_endpoint,
        quota=Quota(50, "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints is {limit}.", per="vpcId"),
    ),
    Kind(
        "aws:ec2/flowLog:FlowLog",
        "EC2",
        "Flow Log",
        _flow_log,
        computed=("arn",),
        replaces=frozenset(
            {
                "vpcId",
                "subnetId",
                "eniId",
                "iamRoleArn",
                "logDestination",
                "logDestinationType",
                "logFormat",
                "maxAggregationInterval",
                "trafficType",
            }
        ),
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        choices={
            "logDestinationType": ("cloud-watch-logs", "s3", "kinesis-data-firehose"),
            "trafficType": ("ACCEPT", "REJECT", "ALL"),
        },
        references={
            "vpcId": IN_VPC,
            "iamRoleArn": Reference(
                tokens.ROLE,
                "arn",
                "InvalidParameter",
                "The role {value} does not exist",
                holds=False,
                everywhere=True,
            ),
        },
    ),
)


def owner(call: Call, resource: str) -> dict[str, str]:
    """ARN and owner of something of EC2's, by its path."""
    return {"arn": arn(call.scope, "ec2", resource), "ownerId": call.scope.account}
