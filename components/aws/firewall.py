"""The security group of a service: who may call it, and what it may call.

Only groups and the addresses that a description names; never the whole world.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws.ec2 import SecurityGroup
from pulumi_aws.vpc import SecurityGroupEgressRule, SecurityGroupIngressRule

from components.aws.account import GROUP_LIMIT, named, tags
from components.aws.load_balancer import LoadBalancer
from components.aws.network import Network
from components.spec import defaults
from components.spec.environment import Environment
from components.spec.service import Service


def declare_group(
    prefix: str,
    service: Service,
    environment: Environment,
    network: Network,
    balancer: LoadBalancer | None,
    child: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """The service's group; gives its id. It admits the load balancer, where the service has ingress, and the
    environment's other services; it lets out what the description names, and lines to Elasticsearch."""
    group = SecurityGroup(
        f"{prefix}-group",
        name=named(environment, service.name, limit=GROUP_LIMIT),
        description="One service",
        vpc_id=network.vpc,
        tags=tags(environment, service),
        opts=child,
    )
    identity: pulumi.Output[str] = group.id
    rules = _Rules(prefix, f"Service {service.name}", child)
    rules.admit("services", identity, network.members, service.port)
    if balancer is not None and service.ingress is not None:
        for port in sorted({service.port, defaults.probe(service, "readiness").port}):
            rules.admit(f"balancer-{port}", identity, balancer.security_group, port)
            rules.lead(f"from-balancer-{port}", balancer.security_group, identity, port)
    for index, target in enumerate(service.egress):
        for low, high in [(port, port) for port in target.ports] or [(1, 65535)]:
            rules.let_out(f"egress-{index}-{low}", identity, target.cidr, low, high)
    if (logs := environment.logging) is not None:
        for index, cidr in enumerate(logs.addresses):
            rules.let_out(f"logs-{index}", identity, cidr, logs.elasticsearch_port, logs.elasticsearch_port)
    return identity


@dataclass(frozen=True)
class _Rules:
    """Rules of one service, below it."""

    prefix: str
    description: str
    child: pulumi.ResourceOptions

    def admit(self, who: str, group: pulumi.Output[str], caller: pulumi.Output[str], port: int) -> None:
        """Members of another group may call a port."""
        SecurityGroupIngressRule(
            f"{self.prefix}-in-{who}",
            security_group_id=group,
            description=self.description,
            referenced_security_group_id=caller,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self.child,
        )

    def lead(self, key: str, caller: pulumi.Output[str], group: pulumi.Output[str], port: int) -> None:
        """The other end of `admit`: the caller may leave for that port."""
        SecurityGroupEgressRule(
            f"{self.prefix}-out-{key}",
            security_group_id=caller,
            description=self.description,
            referenced_security_group_id=group,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self.child,
        )

    def let_out(self, key: str, group: pulumi.Output[str], cidr: str, low: int, high: int) -> None:
        """Members of the group may call these addresses."""
        SecurityGroupEgressRule(
            f"{self.prefix}-out-{key}",
            security_group_id=group,
            description=self.description,
            cidr_ipv4=None if ":" in cidr else cidr,
            cidr_ipv6=cidr if ":" in cidr else None,
            ip_protocol="tcp",
            from_port=low,
            to_port=high,
            opts=self.child,
        )
