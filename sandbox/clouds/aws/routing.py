"""EC2's ways out of a subnet: gateways, addresses, route tables and routes."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import address, ec2, hex_id
from sandbox.clouds.aws.network import IN_SUBNET, IN_TABLE, IN_VPC
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Quota, Reference, Unique


def _route(call: Call) -> dict[str, Any]:
    digest = secrets.token_hex(5)
    return {"id": f"r-{call.inputs['routeTableId']}{digest}", "origin": "CreateRoute", "state": "active"}


def _admit_route(call: Call) -> None:
    targets = [key for key in TARGETS if call.inputs.get(key)]
    if len(targets) != 1:
        raise CloudError("InvalidParameterCombination", f"exactly one target is expected, got {targets or 'none'}")
    destinations = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    destination = next((call.inputs[key] for key in destinations if call.inputs.get(key)), None)
    if destination is None:
        raise CloudError("MissingParameter", "The request must contain a destination.")
    mine = (call.inputs["routeTableId"], destination)
    for other in call.others(ROUTE):
        if (other["routeTableId"], next((other[key] for key in destinations if other.get(key)), None)) == mine:
            raise CloudError("RouteAlreadyExists", f"The route identified by {destination} already exists.")


TARGETS = (
    "gatewayId",
    "natGatewayId",
    "vpcEndpointId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
    "networkInterfaceId",
    "egressOnlyGatewayId",
    "carrierGatewayId",
    "localGatewayId",
    "coreNetworkArn",
    "odbNetworkArn",
)

ROUTE = "aws:ec2/route:Route"


def _nat(call: Call) -> dict[str, Any]:
    address_ = call.the(tokens.EIP, "id", call.inputs.get("allocationId"))
    subnet = call.the(tokens.SUBNET, "id", call.inputs.get("subnetId"))
    return {
        "id": hex_id("nat"),
        "networkInterfaceId": hex_id("eni"),
        "associationId": hex_id("eipassoc"),
        "privateIp": address(public=False),
        "publicIp": address_["publicIp"] if address_ else None,
        "vpcId": subnet["vpcId"] if subnet else None,
    }


def _admit_nat(call: Call) -> None:
    if call.inputs["connectivityType"] == "public" and not call.inputs.get("allocationId"):
        raise CloudError("MissingParameter", "The request must contain the parameter AllocationId")
    for other in call.others(tokens.NAT_GATEWAY):
        if call.inputs.get("allocationId") and other.get("allocationId") == call.inputs["allocationId"]:
            taken = f"resource {call.inputs['allocationId']} is already associated."
            raise CloudError("Resource.AlreadyAssociated", taken)


def _eip(call: Call) -> dict[str, Any]:
    public = address(public=True)
    made = ec2(call, "eipalloc", "elastic-ip")
    name = f"ec2-{public.replace('.', '-')}.{call.scope.region}.compute.amazonaws.com"
    return {**made, "allocationId": made["id"], "publicIp": public, "publicDns": name}


def _gateway(call: Call) -> dict[str, Any]:
    return {**ec2(call, "igw", "internet-gateway"), "ownerId": call.scope.account}


def _table(call: Call) -> dict[str, Any]:
    return {**ec2(call, "rtb", "route-table"), "ownerId": call.scope.account}


KINDS = (
    Kind(
        tokens.INTERNET_GATEWAY,
        "EC2",
        "Internet Gateway",
        _gateway,
        computed=("arn", "ownerId"),
        references={"vpcId": IN_VPC},
        quota=Quota(1, "Resource.AlreadyAssociated", "{vpcId} already has an internet gateway attached", per="vpcId"),
        held=("DependencyViolation", "The internetGateway '{id}' has dependencies and cannot be deleted."),
    ),
    Kind(
        tokens.EIP,
        "EC2",
        "EIP",
        _eip,
        computed=("arn", "allocationId", "publicIp", "publicDns"),
        replaces=frozenset({"domain", "address", "publicIpv4Pool"}),
        defaults={"domain": "vpc"},
        quota=Quota(5, "AddressLimitExceeded", "The maximum number of addresses has been reached."),
        held=("InvalidIPAddress.InUse", "Address {publicIp} is in use."),
    ),
    Kind(
        tokens.NAT_GATEWAY,
        "EC2",
        "NAT Gateway",
        _nat,
        computed=("networkInterfaceId", "associationId", "privateIp", "publicIp", "vpcId"),
        replaces=frozenset({"subnetId", "allocationId", "connectivityType", "privateIp", "vpcId"}),
        defaults={"connectivityType": "public"},
        choices={"connectivityType": ("public", "private")},
        references={
            "subnetId": IN_SUBNET,
            "allocationId": Reference(
                tokens.EIP, "id", "InvalidAllocationID.NotFound", "The allocation ID '{value}' does not exist"
            ),
        },
        admit=_admit_nat,
        held=("DependencyViolation", "The natGateway '{id}' is in use by a route."),
    ),
    Kind(
        tokens.ROUTE_TABLE,
        "EC2",
        "Route Table",
        _table,
        computed=("arn", "ownerId"),
        replaces=frozenset({"vpcId"}),
        references={"vpcId": IN_VPC},
        held=("DependencyViolation", "The routeTable '{id}' has dependencies and cannot be deleted."),
    ),
    Kind(
        ROUTE,
        "EC2",
        "Route",
        _route,
        computed=("origin", "state"),
        imported="{routeTableId}_{destinationCidrBlock}",
        replaces=frozenset(
            {"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"}
        ),
        references={
            "routeTableId": IN_TABLE,
            # A NAT gateway goes although a route leads to it; the route is a black hole then.
            "natGatewayId": Reference(
                tokens.NAT_GATEWAY,
                "id",
                "InvalidNatGatewayID.NotFound",
                "The natGateway ID '{value}' does not exist",
                holds=False,
            ),
            "gatewayId": Reference(
                tokens.INTERNET_GATEWAY,
                "id",
                "InvalidGatewayID.NotFound",
                "The gateway ID '{value}' does not exist",
                holds=False,
            ),
        },
        admit=_admit_route,
    ),
    Kind(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "EC2",
        "Route Table Association",
        lambda _call: {"id": hex_id("rtbassoc")},
        imported="{subnetId}/{routeTableId}",
        replaces=frozenset({"subnetId", "gatewayId"}),
        references={"routeTableId": IN_TABLE, "subnetId": IN_SUBNET},
        unique=Unique(
            ("subnetId",),
            "Resource.AlreadyAssociated",
            "the specified association for route table conflicts with an existing association of {value}",
        ),
    ),
)
