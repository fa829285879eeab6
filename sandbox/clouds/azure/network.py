"""Virtual networks, their rules, the way out, and names that only a network knows."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.formats import IN_GROUP, arm, grouped, made, name, refer
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Reference, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

STATE = "provisioningState"
OWN = "/subscriptions/"


def _named(kind: str, key: str, **outputs: Any) -> Any:
    return lambda call: made(call, kind, call.inputs[key], **outputs)


def _subnet(call: Call) -> dict[str, Any]:
    return made(
        call,
        "Microsoft.Network/virtualNetworks/subnets",
        call.inputs["virtualNetworkName"],
        call.inputs["subnetName"],
    )


def _admit_subnet(call: Call) -> None:
    mine = ipaddress.IPv4Network(call.inputs["addressPrefix"])
    home = call.the(tokens.NETWORK, "virtualNetworkName", call.inputs["virtualNetworkName"], region="global")
    whole = [ipaddress.IPv4Network(one) for one in ((home or {}).get("addressSpace") or {}).get("addressPrefixes", ())]
    if not any(mine.subnet_of(one) for one in whole):
        raise CloudError(
            "NetcfgInvalidSubnet",
            f"Subnet '{call.inputs['subnetName']}' is not valid because its IP address range is outside the IP "
            f"address range of virtual network '{call.inputs['virtualNetworkName']}'.",
        )
    for other in call.others(tokens.SUBNET, region="global"):
        same = other["virtualNetworkName"] == call.inputs["virtualNetworkName"]
        if same and mine.overlaps(ipaddress.IPv4Network(other["addressPrefix"])):
            raise CloudError(
                "NetcfgSubnetRangesOverlap",
                f"Subnet '{call.inputs['subnetName']}' is not valid because its IP address range overlaps with that of "
                f"an existing subnet in virtual network '{call.inputs['virtualNetworkName']}'.",
            )


def _check_rules(inputs: Values) -> Iterator[Failure]:
    rules = inputs.get("securityRules")
    known = [one for one in rules if isinstance(one, dict)] if isinstance(rules, list) else []
    for one in known:
        for key in ("destinationPortRange", "destinationAddressPrefix", "sourceAddressPrefix"):
            if not one.get(key) and not one.get(f"{key}s" if key.endswith("e") else f"{key}es"):
                yield Failure(f"securityRules.{one.get('name')}", f"{key} is missing")
        priority = one.get("priority")
        if priority != UNKNOWN and not (isinstance(priority, int | float) and 100 <= priority <= 4096):
            yield Failure("securityRules.priority", f"expected a priority from 100 to 4096, got {priority}")
    for one, other in combinations(known, 2):
        if (one.get("priority"), one.get("direction")) == (other.get("priority"), other.get("direction")):
            yield Failure("securityRules", f"{one.get('name')} and {other.get('name')} have the same priority")


def _address(call: Call) -> dict[str, Any]:
    known = (call.old or {}).get("ipAddress") or f"203.0.113.{secrets.randbelow(250) + 2}"
    return made(call, "Microsoft.Network/publicIPAddresses", call.inputs["publicIpAddressName"], ipAddress=known)


def _balancer(call: Call) -> dict[str, Any]:
    own = call.inputs["loadBalancerName"]
    id_ = arm(call, "Microsoft.Network/loadBalancers", own)
    before = {one["name"]: one for one in (call.old or {}).get("frontendIPConfigurations") or ()}
    fronts = []
    for one in call.inputs.get("frontendIPConfigurations") or ():
        found = {**one, "id": f"{id_}/frontendIPConfigurations/{one['name']}"}
        if one.get("subnet"):
            known = (before.get(one["name"]) or {}).get("privateIPAddress")
            found["privateIPAddress"] = known or _free(call, one["subnet"]["id"])
        fronts.append(found)
    return made(call, "Microsoft.Network/loadBalancers", own, frontendIPConfigurations=fronts)


def _free(call: Call, subnet: str) -> str:
    """The next address of a subnet; Azure keeps the first four to itself."""
    home = call.the(tokens.SUBNET, "id", subnet, region="global")
    first = ipaddress.IPv4Network((home or {}).get("addressPrefix", "10.0.0.0/24"))[4]
    return str(first + call.world.count(f"address {subnet}") - 1)


def _admit_balancer(call: Call) -> None:
    own = arm(call, "Microsoft.Network/loadBalancers", call.inputs["loadBalancerName"])
    parts = {
        f"{own}/{kind}/{one['name']}"
        for kind in ("frontendIPConfigurations", "backendAddressPools", "probes")
        for one in call.inputs.get(kind) or ()
    }
    for rule in call.inputs.get("loadBalancingRules") or ():
        for key in ("frontendIPConfiguration", "backendAddressPool", "probe"):
            asked = (rule.get(key) or {}).get("id")
            if asked is not None and asked not in parts:
                raise CloudError(
                    "InvalidResourceReference",
                    f"Resource {asked} referenced by resource {own} was not found.",
                )
    for front in call.inputs.get("frontendIPConfigurations") or ():
        home = call.the(tokens.SUBNET, "id", (front.get("subnet") or {}).get("id"), region="global")
        if home and home.get("delegations"):
            raise CloudError(
                "SubnetDelegationsCannotBeUsed", f"Subnet {home['id']} is delegated and cannot be used by {own}."
            )


def _zone(call: Call) -> dict[str, Any]:
    return made(call, "Microsoft.Network/privateDnsZones", call.inputs["privateZoneName"])


def _link(call: Call) -> dict[str, Any]:
    kind = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
    names = call.inputs["privateZoneName"], call.inputs["virtualNetworkLinkName"]
    return made(call, kind, *names, virtualNetworkLinkState="Completed")


def _record(call: Call) -> dict[str, Any]:
    zone, own = call.inputs["privateZoneName"], call.inputs["relativeRecordSetName"]
    kind = f"Microsoft.Network/privateDnsZones/{call.inputs['recordType']}"
    return {
        "id": arm(call, kind, zone, own),
        "name": own,
        "type": kind,
        "fqdn": f"{own}.{zone}.",
        "isAutoRegistered": False,
    }


IN_ZONE = Reference(
    tokens.ZONE, "privateZoneName", "ParentResourceNotFound", "The zone '{value}' was not found.", everywhere=True
)


def _kind(token: str, noun: str, make: Any, key: str, **more: Any) -> Kind:
    """What networks have in common."""
    return grouped(token, "Network", noun, make, key, **more | {"computed": (STATE, *more.get("computed", ()))})


KINDS = (
    _kind(
        tokens.NETWORK,
        "VirtualNetwork",
        _named("Microsoft.Network/virtualNetworks", "virtualNetworkName"),
        "virtualNetworkName",
    ),
    _kind(
        tokens.RULES,
        "NetworkSecurityGroup",
        _named("Microsoft.Network/networkSecurityGroups", "networkSecurityGroupName"),
        "networkSecurityGroupName",
        check=_check_rules,
    ),
    _kind(
        tokens.ADDRESS,
        "PublicIPAddress",
        _address,
        "publicIpAddressName",
        computed=("ipAddress",),
        replaces=("sku", "zones", "publicIPAllocationMethod"),
    ),
    _kind(
        tokens.NAT,
        "NatGateway",
        _named("Microsoft.Network/natGateways", "natGatewayName"),
        "natGatewayName",
        references={"publicIpAddresses.id": refer(tokens.ADDRESS)},
    ),
    Kind(
        tokens.SUBNET,
        "Network",
        "Subnet",
        _subnet,
        computed=("name", "type", STATE),
        replaces=frozenset({"subnetName", "virtualNetworkName", "resourceGroupName"}),
        name=name("subnetName"),
        references={
            "resourceGroupName": IN_GROUP,
            "virtualNetworkName": Reference(
                tokens.NETWORK,
                "virtualNetworkName",
                "ParentResourceNotFound",
                "The virtual network '{value}' was not found.",
                everywhere=True,
            ),
            "networkSecurityGroup.id": refer(tokens.RULES),
            "natGateway.id": refer(tokens.NAT),
        },
        admit=_admit_subnet,
        held=("InUseSubnetCannotBeDeleted", "Subnet {id} is in use and cannot be deleted."),
        everywhere=True,
    ),
    _kind(
        tokens.BALANCER,
        "LoadBalancer",
        _balancer,
        "loadBalancerName",
        computed=("frontendIPConfigurations",),
        references={"frontendIPConfigurations.subnet.id": refer(tokens.SUBNET)},
        shaped=frozenset({"frontendIPConfigurations"}),
        admit=_admit_balancer,
        replaces=("sku",),
    ),
    _kind(
        tokens.ZONE,
        "PrivateZone",
        _zone,
        "privateZoneName",
        name=name("privateZoneName", 253, r"([a-z0-9_-]+\.)+[a-z0-9-]+"),
    ),
    _kind(
        tokens.LINK,
        "VirtualNetworkLink",
        _link,
        "virtualNetworkLinkName",
        computed=("virtualNetworkLinkState",),
        references={"privateZoneName": IN_ZONE, "virtualNetwork.id": refer(tokens.NETWORK)},
        replaces=("privateZoneName", "virtualNetwork"),
    ),
    Kind(
        tokens.RECORD,
        "Network",
        "PrivateRecordSet",
        _record,
        computed=("name", "type", "fqdn", "isAutoRegistered"),
        replaces=frozenset({"relativeRecordSetName", "privateZoneName", "resourceGroupName", "recordType"}),
        name=name("relativeRecordSetName", 63, r"@|\*|[A-Za-z0-9]([\w.-]*\w)?"),
        choices={"recordType": ("A", "AAAA", "CNAME", "MX", "PTR", "SOA", "SRV", "TXT")},
        references={"resourceGroupName": IN_GROUP, "privateZoneName": IN_ZONE},
        everywhere=True,
    ),
)
