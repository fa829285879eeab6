"""The network that a cluster stands in: one subnetwork for nodes, pods and services, and a way out for private nodes.

What may enter the cluster is decided by its own policies; nothing here has a public address but the NAT gateway.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp.compute import Network as ComputeNetwork
from pulumi_gcp.compute import Router, RouterNat, Subnetwork

from components.base import Component, Transform
from components.gcp.account import named, settings
from components.spec.environment import Environment

PODS, SERVICES = "pods", "services"
"""Names of the secondary ranges."""


@dataclass(frozen=True)
class Ranges:
    """The addresses of a new network: pods have the upper half, nodes and services a sixteenth each."""

    nodes: str
    pods: str
    services: str


def ranges(cidr: str) -> Ranges:
    """Divide a range. GKE gives each node a /24 of pods (Standard) or a /26 (Autopilot): of a /16, 128 or 512 nodes
    ("Create a VPC-native cluster", GKE)."""
    whole = ipaddress.IPv4Network(cidr)
    parts = list(whole.subnets(prefixlen_diff=4))
    _, upper = whole.subnets(prefixlen_diff=1)
    return Ranges(nodes=str(parts[0]), pods=str(upper), services=str(parts[1]))


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network is made of.

    :param environment: Its ``gcp`` part names the network, or the addresses of a new one.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    transforms: Sequence[Transform] = ()


class Network(Component):
    """A VPC-native network: a new one with Cloud NAT, or one that exists."""

    network: pulumi.Output[str]
    """Its id, or the name of one that exists."""
    subnetwork: pulumi.Output[str]
    """Id of the nodes' subnetwork, or the name of one that exists."""
    pods: str
    """Name of the secondary range of the pods."""
    services: str
    """Name of the secondary range of the services."""
    ready: list[pulumi.Resource]
    """What nodes need before they can start: the way out."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:Network", name, opts, args.transforms)
        existing = settings(args.environment).network
        self.ready = []
        if existing is not None:
            self.network = pulumi.Output.from_input(existing.name)
            self.subnetwork = pulumi.Output.from_input(existing.subnetwork)
            self.pods, self.services = existing.pods, existing.services
        else:
            self.pods, self.services = PODS, SERVICES
            self._make(name, args.environment)
        self.finish({"network": self.network, "subnetwork": self.subnetwork})

    def _make(self, name: str, environment: Environment) -> None:
        where = settings(environment)
        divided = ranges(where.cidr)
        network = ComputeNetwork(
            f"{name}-network",
            name=named(environment),
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            opts=self.child(),
        )
        subnetwork = Subnetwork(
            f"{name}-subnetwork",
            name=named(environment),
            region=where.region,
            network=network.id,
            ip_cidr_range=divided.nodes,
            secondary_ip_ranges=[
                {"range_name": PODS, "ip_cidr_range": divided.pods},
                {"range_name": SERVICES, "ip_cidr_range": divided.services},
            ],
            # Google's own services, the registry among them, are reached without the gateway.
            private_ip_google_access=True,
            log_config={
                "aggregation_interval": "INTERVAL_10_MIN",
                "flow_sampling": 0.5,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=self.child(),
        )
        router = Router(
            f"{name}-router", name=named(environment), region=where.region, network=network.id, opts=self.child()
        )
        nat = RouterNat(
            f"{name}-nat",
            name=named(environment),
            region=where.region,
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[{"name": subnetwork.id, "source_ip_ranges_to_nats": ["ALL_IP_RANGES"]}],
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=self.child(),
        )
        self.network, self.subnetwork, self.ready = network.id, subnetwork.id, [nat]
