"""The network that services run in: one that exists, or a new one over two or three zones; closed by default.

Each service's own openings stand in ``service.py``, the load balancer's in ``load_balancer.py``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.iam import Role, RolePolicy
from pulumi_aws.vpc import SecurityGroupEgressRule, SecurityGroupIngressRule

from components.aws.account import GROUP_LIMIT, ROLE_LIMIT, log_group_name, named, place, settings
from components.aws.iam import WRITE_LOGS, allow, document, trust
from components.base import Component, Transform
from components.spec.aws import Aws, ExistingNetwork
from components.spec.environment import Environment

ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm")
"""AWS's own services that a task must reach before and while it runs; image layers come from S3."""

WATCHING = "aps-workspaces"
"""The endpoint of the managed Prometheus, where somebody watches."""

HTTPS = 443
ANYWHERE = "0.0.0.0/0"


def zones(aws: Aws) -> tuple[str, ...]:
    """The zones of a network that is new or found by tags."""
    return aws.zones or tuple(f"{aws.region}{letter}" for letter in "abc")


def subnets(cidr: str, count: int) -> tuple[list[str], list[str]]:
    """(private, public) ranges, one of each for each zone: sixteenths of the network, the public ones from its middle
    on, so that a third zone moves nothing."""
    parts = list(ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=4))
    return [str(one) for one in parts[:count]], [str(one) for one in parts[8 : 8 + count]]


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network is made of.

    :param environment: Its ``aws`` part names a network, or describes a new one.
    :param key: ARN of the key that encrypts the flow logs of a new one.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    key: pulumi.Input[str]
    transforms: Sequence[Transform] = ()


class Network(Component):
    """Subnets, and the security group that every service of the environment belongs to."""

    vpc: pulumi.Output[str]
    """Id of the VPC."""
    private_subnets: list[pulumi.Output[str]]
    """Ids; the services run here, without public addresses."""
    public_subnets: list[pulumi.Output[str]]
    """Ids; the load balancer stands here."""
    members: pulumi.Output[str]
    """Id of the security group by which the environment's services know one another, and which lets them reach AWS's
    own services. It admits nothing by itself."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:Network", name, opts, args.transforms)
        self._prefix = name
        self._environment = args.environment
        aws = settings(args.environment)
        if aws.vpc is not None:
            self._existing(aws, aws.vpc)
            self._declare_members()
            self._ways_out(aws.vpc.endpoint_group, aws.vpc.s3_prefix_list)
        else:
            self._new(aws, args.key)
        self.finish({"vpc": self.vpc, "members": self.members})

    def _existing(self, aws: Aws, vpc: ExistingNetwork) -> None:
        """The ids that are named, or what has the tags: one VPC, and one subnet of each kind in each zone."""
        if vpc.id is not None:
            self.vpc = pulumi.Output.from_input(vpc.id)
            self.private_subnets = [pulumi.Output.from_input(one) for one in vpc.private_subnets]
            self.public_subnets = [pulumi.Output.from_input(one) for one in vpc.public_subnets]
            return
        inside = pulumi.InvokeOutputOptions(parent=self)
        self.vpc = ec2.get_vpc_output(tags=vpc.tags, opts=inside).id

        def found(tags: dict[str, str]) -> list[pulumi.Output[str]]:
            return [
                ec2.get_subnet_output(vpc_id=self.vpc, availability_zone=zone, tags=tags, opts=inside).id
                for zone in zones(aws)
            ]

        self.private_subnets, self.public_subnets = found(vpc.private_tags), found(vpc.public_tags)

    def _new(self, aws: Aws, key: pulumi.Input[str]) -> None:
        vpc = ec2.Vpc(
            f"{self._prefix}-vpc",
            cidr_block=aws.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags(),
            opts=self.child(),
        )
        self.vpc = vpc.id
        # The group that AWS puts on whatever names none: without rules it admits nothing and lets nothing out.
        ec2.DefaultSecurityGroup(f"{self._prefix}-default-group", vpc_id=vpc.id, opts=self.child())
        self._flow_log(key)
        private, public = subnets(aws.cidr, len(zones(aws)))
        self.public_subnets = self._public(aws, public)
        self.private_subnets, tables = self._private(aws, private)
        self._declare_members()
        storage = ec2.VpcEndpoint(
            f"{self._prefix}-endpoint-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{aws.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
            tags=self._tags("s3"),
            opts=self.child(),
        )
        self._ways_out(self._endpoints(aws), storage.prefix_list_id)

    def _tags(self, *parts: str) -> dict[str, str]:
        return {"Name": named(self._environment, *parts, limit=GROUP_LIMIT)}

    def _subnet(self, kind: str, zone: str, cidr: str) -> pulumi.Output[str]:
        subnet = ec2.Subnet(
            f"{self._prefix}-{kind}-{zone}",
            vpc_id=self.vpc,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags=self._tags(kind, zone),
            opts=self.child(),
        )
        identity: pulumi.Output[str] = subnet.id
        return identity

    def _table(self, kind: str, subnet: pulumi.Output[str], zone: str) -> pulumi.Output[str]:
        """A route table of a subnet's own."""
        table = ec2.RouteTable(
            f"{self._prefix}-{kind}-{zone}-table", vpc_id=self.vpc, tags=self._tags(kind, zone), opts=self.child()
        )
        ec2.RouteTableAssociation(
            f"{self._prefix}-{kind}-{zone}-association",
            subnet_id=subnet,
            route_table_id=table.id,
            opts=self.child(),
        )
        identity: pulumi.Output[str] = table.id
        return identity

    def _public(self, aws: Aws, ranges: Sequence[str]) -> list[pulumi.Output[str]]:
        """Subnets of the load balancer, with a way to and from the internet."""
        gateway = ec2.InternetGateway(f"{self._prefix}-gateway", vpc_id=self.vpc, tags=self._tags(), opts=self.child())
        made = []
        for zone, cidr in zip(zones(aws), ranges, strict=True):
            subnet = self._subnet("public", zone, cidr)
            ec2.Route(
                f"{self._prefix}-public-{zone}-route",
                route_table_id=self._table("public", subnet, zone),
                destination_cidr_block=ANYWHERE,
                gateway_id=gateway.id,
                opts=self.child(),
            )
            made.append(subnet)
        return made

    def _private(self, aws: Aws, ranges: Sequence[str]) -> tuple[list[pulumi.Output[str]], list[pulumi.Output[str]]]:
        """(subnets, route tables) of the services; a way out only where NAT was asked for."""
        made, tables, gateways = [], [], self._nat(aws)
        for index, (zone, cidr) in enumerate(zip(zones(aws), ranges, strict=True)):
            subnet = self._subnet("private", zone, cidr)
            table = self._table("private", subnet, zone)
            if gateways:
                ec2.Route(
                    f"{self._prefix}-private-{zone}-route",
                    route_table_id=table,
                    destination_cidr_block=ANYWHERE,
                    nat_gateway_id=gateways[index % len(gateways)],
                    opts=self.child(),
                )
            made.append(subnet)
            tables.append(table)
        return made, tables

    def _nat(self, aws: Aws) -> list[pulumi.Output[str]]:
        """One gateway, one in each zone, or none."""
        count = {"none": 0, "single": 1, "zone": len(zones(aws))}[aws.nat]
        made = []
        for zone, subnet in list(zip(zones(aws), self.public_subnets, strict=True))[:count]:
            address = ec2.Eip(
                f"{self._prefix}-nat-{zone}-address", domain="vpc", tags=self._tags("nat", zone), opts=self.child()
            )
            gateway = ec2.NatGateway(
                f"{self._prefix}-nat-{zone}",
                subnet_id=subnet,
                allocation_id=address.id,
                tags=self._tags("nat", zone),
                opts=self.child(),
            )
            made.append(gateway.id)
        return made

    def _flow_log(self, key: pulumi.Input[str]) -> None:
        """Who spoke to whom, refused and admitted."""
        where, group_name = place(self._environment), log_group_name(self._environment, "flow")
        group = LogGroup(
            f"{self._prefix}-flow-log-group",
            name=group_name,
            retention_in_days=self._environment.log_retention,
            kms_key_id=key,
            opts=self.child(),
        )
        role = Role(
            f"{self._prefix}-flow-role",
            name=named(self._environment, "flow", limit=ROLE_LIMIT),
            assume_role_policy=document(trust("vpc-flow-logs.amazonaws.com", where, "ec2")),
            opts=self.child(),
        )
        log = where.arn("logs", f"log-group:{group_name}")
        policy = RolePolicy(
            f"{self._prefix}-flow-policy",
            role=role.name,
            policy=document(
                allow(WRITE_LOGS, [where.log_streams(group_name)]),
                allow(["logs:DescribeLogStreams", "logs:DescribeLogGroups"], [log, f"{log}:*"]),
            ),
            opts=self.child(),
        )
        ec2.FlowLog(
            f"{self._prefix}-flow-log",
            vpc_id=self.vpc,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            opts=self.child(depends_on=[policy]),
        )

    def _group(self, kind: str, description: str) -> pulumi.Output[str]:
        group = ec2.SecurityGroup(
            f"{self._prefix}-{kind}",
            name=named(self._environment, kind, limit=GROUP_LIMIT),
            description=description,
            vpc_id=self.vpc,
            opts=self.child(),
        )
        identity: pulumi.Output[str] = group.id
        return identity

    def _declare_members(self) -> None:
        """The group of all services, which may call each other."""
        self.members = self._group("members", "Services of the environment; admits nothing by itself")
        self._out("services", "The environment's services; each admits its own port only", self.members, 1, 65535)

    def _endpoints(self, aws: Aws) -> pulumi.Output[str]:
        """AWS's own services inside the network; gives the group that they stand in."""
        group = self._group("endpoints", "AWS's own services inside the network")
        SecurityGroupIngressRule(
            f"{self._prefix}-endpoints-in",
            security_group_id=group,
            description="Services of the environment",
            referenced_security_group_id=self.members,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self.child(),
        )
        watching = [WATCHING] if aws.monitoring is not None else []
        for service in (*ENDPOINTS, *watching):
            ec2.VpcEndpoint(
                f"{self._prefix}-endpoint-{service.replace('.', '-')}",
                vpc_id=self.vpc,
                service_name=f"com.amazonaws.{aws.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self.private_subnets,
                security_group_ids=[group],
                tags=self._tags(service),
                opts=self.child(),
            )
        return group

    def _ways_out(self, endpoints: pulumi.Input[str] | None, storage: pulumi.Input[str] | None) -> None:
        """How services reach AWS itself: endpoints where there are some, otherwise HTTPS to anywhere, since AWS
        publishes no list of addresses for most of its services."""
        if endpoints is None or storage is None:
            self._out("https", "AWS's own services, over NAT", None, HTTPS, HTTPS)
            return
        self._out("endpoints", "AWS's own services", endpoints, HTTPS, HTTPS)
        SecurityGroupEgressRule(
            f"{self._prefix}-members-to-s3",
            security_group_id=self.members,
            description="Layers of images",
            prefix_list_id=storage,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self.child(),
        )

    def _out(self, to: str, why: str, group: pulumi.Input[str] | None, low: int, high: int) -> None:
        """One way out of the members' group: to another group, or to anywhere."""
        SecurityGroupEgressRule(
            f"{self._prefix}-members-to-{to}",
            security_group_id=self.members,
            description=why,
            referenced_security_group_id=group,
            cidr_ipv4=ANYWHERE if group is None else None,
            ip_protocol="tcp",
            from_port=low,
            to_port=high,
            opts=self.child(),
        )
