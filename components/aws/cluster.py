"""The ECS cluster: capacity, insight, and the namespace in which services find one another.

Fargate has no machines to declare. The load balancer has a room of its own, and so has each service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import ecs
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.servicediscovery import HttpNamespace

from components.aws.account import cluster_name, log_group_name, named, place, settings
from components.base import Component, Transform
from components.spec.environment import Environment

ON_DEMAND, SPOT = "FARGATE", "FARGATE_SPOT"


def capacity(environment: Environment) -> list[dict[str, Any]]:
    """How instances are shared out between Fargate and Fargate Spot. One always stands on Fargate."""
    spot = settings(environment).spot
    strategy: list[dict[str, Any]] = [{"capacity_provider": ON_DEMAND, "base": 1, "weight": 100 - spot}]
    if spot:
        strategy.append({"capacity_provider": SPOT, "weight": spot})
    return strategy


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What a cluster is made of.

    :param environment: Name, log retention and the share of Fargate Spot.
    :param key: ARN of the key that encrypts what is typed in a session with a container.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    key: pulumi.Input[str]
    transforms: Sequence[Transform] = ()


class Cluster(Component):
    """A cluster on Fargate with Container Insights, in which every session with a container is logged; or one that
    exists, of which nothing is changed. The namespace is the environment's own either way."""

    arn: pulumi.Output[str]
    """ARN of the cluster, once it has its capacity."""
    cluster: str
    """Name of the cluster: ``<project>-<stack>``, or that of the one that exists."""
    namespace: pulumi.Output[str]
    """ARN of the namespace in which services find one another."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:Cluster", name, opts, args.transforms)
        existing = settings(args.environment).cluster
        namespace = HttpNamespace(
            f"{name}-namespace",
            name=named(args.environment),
            description=f"Services of {named(args.environment)}",
            opts=self.child(),
        )
        self.namespace = namespace.arn
        self.cluster = cluster_name(args.environment)
        if existing is not None:
            arn = place(args.environment).arn("ecs", f"cluster/{self.cluster}")
            self.arn = pulumi.Output.from_input(arn)
        else:
            self.arn = self._new(name, args)
        self.finish({"arn": self.arn, "cluster": self.cluster, "namespace": self.namespace})

    def _new(self, name: str, args: ClusterArgs) -> pulumi.Output[str]:
        cluster = self._cluster(name, args)
        providers = ecs.ClusterCapacityProviders(
            f"{name}-capacity",
            cluster_name=cluster.name,
            capacity_providers=[one["capacity_provider"] for one in capacity(args.environment)],
            default_capacity_provider_strategies=capacity(args.environment),
            opts=self.child(),
        )
        # Who uses the cluster waits for its capacity: a service that asks for Spot too early is refused.
        return pulumi.Output.all(cluster.arn, providers.id).apply(lambda known: str(known[0]))

    def _cluster(self, name: str, args: ClusterArgs) -> ecs.Cluster:
        sessions = LogGroup(
            f"{name}-sessions",
            name=log_group_name(args.environment, "sessions"),
            retention_in_days=args.environment.log_retention,
            kms_key_id=args.key,
            opts=self.child(),
        )
        return ecs.Cluster(
            f"{name}-cluster",
            name=self.cluster,
            settings=[{"name": "containerInsights", "value": "enabled"}],
            # Services are declared without sessions; where somebody opens one all the same, it is kept.
            configuration={
                "execute_command_configuration": {
                    "kms_key_id": args.key,
                    "logging": "OVERRIDE",
                    "log_configuration": {
                        "cloud_watch_encryption_enabled": True,
                        "cloud_watch_log_group_name": sessions.name,
                    },
                }
            },
            opts=self.child(),
        )
