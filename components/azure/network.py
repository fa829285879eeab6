"""The network of an environment: a subnet for containers, one for the services' internal addresses, one for the
gateway, and what may pass between them and the world.

Nothing has a public address but the NAT gateway and, where a service has ingress, the Application Gateway.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native.network import NatGateway, NetworkSecurityGroup, PublicIPAddress, Subnet, VirtualNetwork

from components.azure.account import Account, named, settings, tags
from components.base import Component, Transform
from components.spec.environment import Environment
from components.spec.logging import Logging

DELEGATED = "Microsoft.ContainerInstance/containerGroups"

OPEN_TO_PLATFORM = {
    "registry": ("AzureContainerRegistry", "443"),
    "layers": ("Storage", "443"),
    "identity": ("AzureActiveDirectory", "443"),
    "logs": ("AzureMonitor", "443"),
}
"""What every container group needs of Azure: its image, its layers, its identity's tokens, its log. Service tags."""

GATEWAY_PROBES = "65200-65535"
"""Ports by which Azure looks after an Application Gateway v2 ("Application Gateway infrastructure configuration")."""

FIRST, LAST = 100, 4096
"""Priorities of rules; a lower one is asked first."""


@dataclass(frozen=True)
class Ranges:
    """The addresses of a new network: containers have the upper half, gateway, front and logs a sixteenth each."""

    containers: str
    gateway: str
    front: str
    logs: str


def ranges(cidr: str) -> Ranges:
    """Divide a range. An Application Gateway wants a /24 at the least, which is a sixteenth of a /20."""
    whole = ipaddress.IPv4Network(cidr)
    parts = list(whole.subnets(prefixlen_diff=4))
    _, upper = whole.subnets(prefixlen_diff=1)
    return Ranges(containers=str(upper), gateway=str(parts[0]), front=str(parts[1]), logs=str(parts[2]))


def rule(
    name: str, direction: str, access: str, source: str, target: str, ports: str | Sequence[str]
) -> dict[str, Any]:
    """One rule of a security group, without its priority."""
    where = {"destination_port_range": ports} if isinstance(ports, str) else {"destination_port_ranges": list(ports)}
    return {
        "name": name,
        "direction": direction,
        "access": access,
        "protocol": "*" if ports == "*" else "Tcp",
        "source_address_prefix": source,
        "source_port_range": "*",
        "destination_address_prefix": target,
        **where,
    }


def numbered(rules: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules in the order in which they are asked; a denial of everything stands last."""
    return [
        {**one, "priority": LAST - 1 if one["access"] == "Deny" else FIRST + 10 * at} for at, one in enumerate(rules)
    ]


def container_rules(environment: Environment, divided: Ranges) -> list[dict[str, Any]]:
    """Who reaches the containers, and what they reach. The subnet is one, so what one service may call, all may."""
    ports = sorted({str(spec.port) for spec in environment.services}, key=int)
    found = [
        rule("from-probes", "Inbound", "Allow", "AzureLoadBalancer", divided.containers, ports),
        rule("from-gateway", "Inbound", "Allow", divided.gateway, divided.containers, ports),
        rule("from-services", "Inbound", "Allow", divided.containers, divided.containers, ports),
        rule("from-others", "Inbound", "Deny", "*", "*", "*"),
        rule("to-services", "Outbound", "Allow", divided.containers, divided.containers, ports),
        rule("to-front", "Outbound", "Allow", divided.containers, divided.front, "80"),
    ]
    for key, (tag, port) in OPEN_TO_PLATFORM.items():
        found.append(rule(f"to-{key}", "Outbound", "Allow", divided.containers, tag, port))
    places = sorted({(one.cidr, one.ports) for spec in environment.services for one in spec.egress})
    for at, (cidr, allowed) in enumerate(places):
        wanted = [str(port) for port in allowed] or "*"
        found.append(rule(f"to-outside-{at}", "Outbound", "Allow", divided.containers, cidr, wanted))
    return numbered([*found, rule("to-others", "Outbound", "Deny", "*", "*", "*")])


def gateway_rules(divided: Ranges) -> list[dict[str, Any]]:
    """Who reaches the gateway: the world, Azure's own management, and its probes."""
    return numbered(
        [
            rule("from-world", "Inbound", "Allow", "Internet", divided.gateway, ["80", "443"]),
            rule("from-management", "Inbound", "Allow", "GatewayManager", "*", GATEWAY_PROBES),
            rule("from-probes", "Inbound", "Allow", "AzureLoadBalancer", "*", "*"),
            rule("from-others", "Inbound", "Deny", "*", "*", "*"),
        ]
    )


def front_rules() -> list[dict[str, Any]]:
    """Who reaches the internal addresses: the network itself."""
    inside = rule("from-network", "Inbound", "Allow", "VirtualNetwork", "*", "80")
    return numbered([inside, rule("from-others", "Inbound", "Deny", "*", "*", "*")])


def forwarder_rules(logs: Logging, divided: Ranges) -> list[dict[str, Any]]:
    """Whom the forwarder of the services' lines reaches: Azure, and Elasticsearch. Nobody reaches it."""
    found = [rule("from-others", "Inbound", "Deny", "*", "*", "*")]
    for key, (tag, port) in OPEN_TO_PLATFORM.items():
        found.append(rule(f"to-{key}", "Outbound", "Allow", divided.logs, tag, port))
    its_port = str(logs.elasticsearch_port)
    for at, cidr in enumerate(logs.addresses):
        found.append(rule(f"to-elasticsearch-{at}", "Outbound", "Allow", divided.logs, cidr, its_port))
    return numbered([*found, rule("to-others", "Outbound", "Deny", "*", "*", "*")])


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network is made of.

    :param environment: Its ``azure`` part names the subnets, or the addresses of a new network.
    :param account: The resource group that it stands in.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    account: Account
    transforms: Sequence[Transform] = ()


class Network(Component):
    """A closed network: a new one with a NAT gateway, or one that exists."""

    network: pulumi.Output[str]
    """Id of the virtual network."""
    containers: pulumi.Output[str]
    """Id of the subnet of the containers."""
    front: pulumi.Output[str]
    """Id of the subnet of the services' internal addresses."""
    gateway: pulumi.Output[str]
    """Id of the gateway's subnet; empty where a network that exists has none."""
    logs: pulumi.Output[str]
    """Id of the forwarder's subnet: in a network that exists, and where there is none, that of the containers."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:Network", name, opts, args.transforms)
        self._prefix, self._args, self._environment = name, args, args.environment
        existing = settings(args.environment).network
        if existing is not None:
            self.network = pulumi.Output.from_input(existing.containers.partition("/subnets/")[0])
            self.containers = pulumi.Output.from_input(existing.containers)
            self.front = pulumi.Output.from_input(existing.front)
            self.gateway = pulumi.Output.from_input(existing.gateway or "")
            self.logs = self.containers
        else:
            self._make()
        self.finish({"network": self.network})

    def _make(self) -> None:
        divided = ranges(settings(self._environment).cidr)
        made = VirtualNetwork(
            f"{self._prefix}-network",
            virtual_network_name=named(self._environment),
            address_space={"address_prefixes": [settings(self._environment).cidr]},
            **self._common(),
        )
        inside: dict[str, Any] = {
            "delegations": [{"name": "containers", "service_name": DELEGATED}],
            "nat_gateway": {"id": self._way_out().id},
        }
        rules = container_rules(self._environment, divided)
        containers = self._subnet("containers", made, divided.containers, rules, **inside)
        # One network changes one subnet at a time.
        front = self._subnet("front", made, divided.front, front_rules(), after=containers)
        gateway = self._subnet("gateway", made, divided.gateway, gateway_rules(divided), after=front)
        self.network, self.containers, self.front, self.gateway = made.id, containers.id, front.id, gateway.id
        self.logs = containers.id
        if self._environment.logging is not None:
            rules = forwarder_rules(self._environment.logging, divided)
            self.logs = self._subnet("logs", made, divided.logs, rules, after=gateway, **inside).id

    def _common(self) -> dict[str, Any]:
        """What every resource of the network names."""
        return {
            "resource_group_name": self._args.account.group,
            "location": settings(self._environment).location,
            "tags": tags(self._environment),
            "opts": self.child(depends_on=self._args.account.made),
        }

    def _way_out(self) -> NatGateway:
        address = PublicIPAddress(
            f"{self._prefix}-nat-address",
            public_ip_address_name=named(self._environment, "nat"),
            sku={"name": "Standard"},
            public_ip_allocation_method="Static",
            **self._common(),
        )
        return NatGateway(
            f"{self._prefix}-nat",
            nat_gateway_name=named(self._environment),
            sku={"name": "Standard"},
            public_ip_addresses=[{"id": address.id}],
            **self._common(),
        )

    def _subnet(
        self,
        name: str,
        inside: VirtualNetwork,
        prefix: str,
        rules: list[dict[str, Any]],
        after: pulumi.Resource | None = None,
        **more: Any,
    ) -> Subnet:
        group = NetworkSecurityGroup(
            f"{self._prefix}-{name}-rules",
            network_security_group_name=named(self._environment, name),
            security_rules=rules,
            **self._common(),
        )
        return Subnet(
            f"{self._prefix}-{name}",
            resource_group_name=self._args.account.group,
            virtual_network_name=inside.name,
            subnet_name=name,
            address_prefix=prefix,
            default_outbound_access=False,
            network_security_group={"id": group.id},
            **more,
            opts=self.child(depends_on=[after] if after is not None else None),
        )
