"""What the services of an environment share: where their logs go, the zone in which they find each other, and the role
by which they are scaled. Container Instances has no cluster of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import operationalinsights, privatedns
from pulumi_azure_native.authorization import RoleDefinition

from components.azure.account import Account, named, resource_id, settings, stable_uuid, tags
from components.azure.network import Network
from components.base import Component, Transform
from components.spec.environment import Environment

SHORTEST_LOG = 30
"""Days that a workspace keeps logs at the least; they cost nothing more ("Data retention", Azure Monitor)."""

SCALER_ACTIONS = ("Microsoft.ContainerInstance/nGroups/read", "Microsoft.ContainerInstance/nGroups/write")
"""What a scaler does: it reads a count and writes another. Given at one NGroup, and nowhere else."""


def zone_name(environment: Environment) -> str:
    """Name of the zone that only this network knows: ``<project>-<stack>.internal``."""
    return f"{named(environment)}.internal"


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What the shared parts are made of.

    :param environment: Its log retention, and whether anything scales.
    :param account: The resource group that they stand in.
    :param network: Whose containers find each other by the zone.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    account: Account
    network: Network
    transforms: Sequence[Transform] = ()


class Cluster(Component):
    """Log workspace, private zone and, where a service scales, the scaler's role."""

    logs: pulumi.Output[str]
    """The log workspace's id as a resource."""
    log_workspace: pulumi.Output[str]
    """Id by which containers write there."""
    log_key: pulumi.Output[str]
    """Key with which they do; secret."""
    zone: str
    """Name of the zone of internal addresses, known before it exists."""
    ready: list[pulumi.Resource]
    """What must exist before a record is written into the zone."""
    scaler: pulumi.Output[str] | None
    """Id of the scaler's role; None where nothing scales."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:Cluster", name, opts, args.transforms)
        self._prefix, self._args, self._environment = name, args, args.environment
        self._inside = self.child(depends_on=args.account.made)
        self.zone = zone_name(args.environment)
        self._logs()
        self._zone()
        scaled = any(spec.scaling is not None for spec in args.environment.services)
        self.scaler = self._scaler() if scaled else None
        self.finish({"zone": self.zone})

    def _logs(self) -> None:
        group = self._args.account.group
        workspace = operationalinsights.Workspace(
            f"{self._prefix}-logs",
            workspace_name=named(self._environment),
            resource_group_name=group,
            location=settings(self._environment).location,
            sku={"name": "PerGB2018"},
            retention_in_days=max(SHORTEST_LOG, self._environment.log_retention),
            tags=tags(self._environment),
            opts=self._inside,
        )
        keys = operationalinsights.get_shared_keys_output(
            resource_group_name=group,
            workspace_name=workspace.name,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        self.logs = workspace.id
        self.log_workspace = workspace.customer_id
        self.log_key = pulumi.Output.secret(keys.apply(lambda found: found.primary_shared_key or ""))

    def _zone(self) -> None:
        group = self._args.account.group
        zone = privatedns.PrivateZone(
            f"{self._prefix}-zone",
            private_zone_name=self.zone,
            resource_group_name=group,
            location="global",
            tags=tags(self._environment),
            opts=self._inside,
        )
        privatedns.VirtualNetworkLink(
            f"{self._prefix}-zone-link",
            virtual_network_link_name=named(self._environment),
            private_zone_name=zone.name,
            resource_group_name=group,
            location="global",
            registration_enabled=False,
            virtual_network={"id": self._args.network.network},
            tags=tags(self._environment),
            opts=self._inside,
        )
        self.ready = [zone]

    def _scaler(self) -> pulumi.Output[str]:
        scope = resource_id(self._environment, "").partition("/providers")[0]
        role = RoleDefinition(
            f"{self._prefix}-scaler",
            role_definition_id=stable_uuid(self._environment.project, self._environment.stack, "scaler"),
            role_name=f"{named(self._environment)} scaler",
            description=f"Changes the count of an NGroup of {named(self._environment)}",
            scope=scope,
            assignable_scopes=[scope],
            permissions=[{"actions": list(SCALER_ACTIONS), "not_actions": []}],
            role_type="CustomRole",
            opts=self._inside,
        )
        identity: pulumi.Output[str] = role.id
        return identity
