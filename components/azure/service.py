"""A service on Container Instances: one description becomes every resource that it needs.

The documents are made in the rooms beside this one (``containers.py``, ``rollout.py``, ``scaling.py``); here they
become resources with names, parents and an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import containerinstance, network, privatedns
from pulumi_azure_native.managedidentity import UserAssignedIdentity

from components.azure import alerts, autoscaling, containers, rollout, scaling
from components.azure import monitoring as watching
from components.azure.account import PROFILE_LIMIT, Account, named, resource_id, settings, tags
from components.azure.cluster import Cluster
from components.azure.network import Network
from components.azure.registry import ContainerRegistry
from components.base import Component, Transform
from components.naming import name as short_name
from components.secrets import configured as configured_secrets
from components.spec import defaults
from components.spec.environment import Environment
from components.spec.service import Service as ServiceSpec

INTERNAL_PORT = 80
"""Where other services of the environment call this one: ``http://<service>.<zone>``."""

RECORD_KEPT = 30
"""Seconds for which a name's address is remembered."""

POOL, FRONT, PROBE = "instances", "front", "readiness"
"""Names of a load balancer's parts."""


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """What a service is made of.

    :param spec: The description.
    :param environment: Where it runs.
    :param image: ``repository@sha256:…``.
    :param account: The resource group that it stands in.
    :param registry: Where its image is pulled from, as its own identity.
    :param network: The subnets that it stands in.
    :param cluster: Logs, names and the scaler's role.
    :param monitoring: Who watches it. Required where ``azure.monitoring`` is set.
    :param secrets: Secret values by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    spec: ServiceSpec
    environment: Environment
    image: pulumi.Input[str]
    account: Account
    registry: ContainerRegistry
    network: Network
    cluster: Cluster
    monitoring: watching.Monitoring | None = None
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class Service(Component):
    """A running service: identity, internal load balancer with a name, profile, NGroup, and what scaling asks for."""

    image: pulumi.Output[str]
    """The digest reference that is declared."""
    group: str
    """Name of the NGroup."""
    profile: pulumi.Output[str]
    """Id of the profile that its instances are made of."""
    identity: pulumi.Output[str]
    """Principal that its containers are; give it roles."""
    host: str
    """Name by which the environment's other services and the gateway find it."""
    minimum: int
    """Instances at the least: the scaling's lower bound, or the fixed count."""
    maximum: int
    """Instances at the most: the scaling's upper bound, or the fixed count."""

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:Service", name, opts, args.transforms)
        self._prefix, self._args, self._environment = name, args, args.environment
        self._spec = watching.with_collector(args.spec, args.environment)
        self._watch = args.monitoring if watching.watched(args.spec, args.environment) else None
        self._inside = self.child(depends_on=args.account.made)
        self.minimum, self.maximum = defaults.instances(args.spec)
        self.group = named(args.environment, args.spec.name)
        self.host = f"{args.spec.name}.{args.cluster.zone}"

        identity = UserAssignedIdentity(
            f"{name}-identity",
            resource_name_=self.group,
            resource_group_name=args.account.group,
            location=settings(args.environment).location,
            tags=tags(args.environment, args.spec),
            opts=self._inside,
        )
        before = [args.registry.readable_by(args.spec.name, identity.principal_id)]
        if self._watch is not None:
            before.append(self._watch.admit(name, identity.principal_id, self._inside))
            self._watch.rules(name, self._spec, self._inside)
        balancer = self._balancer()
        profile = self._profile(identity)
        group = self._group(profile, identity, balancer, before)
        if args.monitoring is not None:
            scopes = {alerts.BALANCERS: balancer.id, scaling.NAMESPACE: group.id}
            alerts.declare_alerts(name, self._spec, self._environment, scopes, args.monitoring.told, self._inside)
        if args.cluster.scaler is not None:
            autoscaling.declare_autoscaling(
                name, self._spec, self._environment, group, args.cluster.scaler, self._inside
            )
        self.image, self.profile, self.identity = (
            pulumi.Output.from_input(args.image),
            profile.id,
            identity.principal_id,
        )
        self.finish({"image": args.image, "group": self.group, "profile": profile.id})

    def _balancer(self) -> network.LoadBalancer:
        """The service's internal address. Each service has its own, so that none disturbs another's."""
        spec, args = self._spec, self._args
        identity = resource_id(self._environment, "Microsoft.Network/loadBalancers", self.group)
        probe = defaults.probe(spec, "readiness")
        balancer = network.LoadBalancer(
            f"{self._prefix}-balancer",
            load_balancer_name=self.group,
            resource_group_name=args.account.group,
            location=settings(self._environment).location,
            sku={"name": "Standard"},
            frontend_ip_configurations=[
                {
                    "name": FRONT,
                    "subnet": {"id": args.network.front},
                    "private_ip_allocation_method": "Dynamic",
                    "zones": list(settings(self._environment).zones) or None,
                }
            ],
            backend_address_pools=[{"name": POOL}],
            probes=[
                {
                    "name": PROBE,
                    "protocol": "Http",
                    "port": probe.port,
                    "request_path": probe.path,
                    "interval_in_seconds": max(5, probe.interval),
                    "probe_threshold": probe.failures,
                }
            ],
            load_balancing_rules=[
                {
                    "name": "http",
                    "protocol": "Tcp",
                    "frontend_port": INTERNAL_PORT,
                    "backend_port": spec.port,
                    "frontend_ip_configuration": {"id": f"{identity}/frontendIPConfigurations/{FRONT}"},
                    "backend_address_pool": {"id": f"{identity}/backendAddressPools/{POOL}"},
                    "probe": {"id": f"{identity}/probes/{PROBE}"},
                    "enable_tcp_reset": True,
                    # The way out is the NAT gateway's.
                    "disable_outbound_snat": True,
                }
            ],
            tags=tags(self._environment, spec),
            opts=self._inside,
        )
        address = balancer.frontend_ip_configurations.apply(lambda found: found[0].private_ip_address if found else "")
        privatedns.PrivateRecordSet(
            f"{self._prefix}-name",
            private_zone_name=args.cluster.zone,
            resource_group_name=args.account.group,
            record_type="A",
            relative_record_set_name=spec.name,
            ttl=RECORD_KEPT,
            a_records=[{"ipv4_address": address}],
            opts=self.child(depends_on=[*args.account.made, *args.cluster.ready]),
        )
        return balancer

    def _profile(self, identity: UserAssignedIdentity) -> containerinstance.ContainerGroupProfile:
        """What an instance is. Its name ends in a digest of what it says: a change is a new profile."""
        spec, args = self._spec, self._args
        secrets = configured_secrets(spec, args.secrets)
        salt = f"{self._environment.project}/{self._environment.stack}"
        parts, found = containers.containers(spec, args.image, secrets), []
        if self._watch is not None:
            parts, found = self._watch.directed(parts, identity.client_id), [identity.client_id, self._watch.endpoint]
        digest = containers.revision(spec, args.image, salt, secrets, found)
        base = short_name(self._environment.project, self._environment.stack, spec.name, limit=PROFILE_LIMIT)
        return containerinstance.ContainerGroupProfile(
            f"{self._prefix}-profile",
            container_group_profile_name=pulumi.Output.concat(base, "-", digest),
            resource_group_name=args.account.group,
            location=settings(self._environment).location,
            sku="Standard",
            os_type="Linux",
            restart_policy="Always",
            containers=parts,
            volumes=containers.volumes(spec) or None,
            image_registry_credentials=[{"server": args.registry.server, "identity": self._identity_id()}],
            ip_address={"type": "Private", "ports": [{"port": spec.port, "protocol": "TCP"}]},
            diagnostics={
                "log_analytics": {
                    "workspace_id": args.cluster.log_workspace,
                    "workspace_key": args.cluster.log_key,
                    "log_type": "ContainerInstanceLogs",
                }
            },
            tags=tags(self._environment, spec),
            opts=self._inside,
        )

    def _identity_id(self) -> str:
        return resource_id(self._environment, "Microsoft.ManagedIdentity/userAssignedIdentities", self.group)

    def _group(
        self,
        profile: containerinstance.ContainerGroupProfile,
        identity: UserAssignedIdentity,
        balancer: network.LoadBalancer,
        before: Sequence[pulumi.Resource],
    ) -> containerinstance.NGroup:
        spec, args = self._spec, self._args
        pool = pulumi.Output.concat(balancer.id, "/backendAddressPools/", POOL)
        limit = f"{rollout.wait_limit(spec.rollout)}s"
        return containerinstance.NGroup(
            f"{self._prefix}-group",
            ngroups_name=self.group,
            resource_group_name=args.account.group,
            location=settings(self._environment).location,
            zones=list(settings(self._environment).zones) or None,
            identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
            elastic_profile={
                "desired_count": self.minimum,
                "maintain_desired_count": True,
                "container_group_naming_policy": {"guid_naming_policy": {"prefix": f"{spec.name}-"}},
            },
            container_group_profiles=[
                {
                    "resource": {"id": profile.id},
                    "container_group_properties": {"subnet_ids": [{"id": args.network.containers}]},
                    "network_profile": {"load_balancer": {"backend_address_pools": [{"resource": pool}]}},
                }
            ],
            update_profile=rollout.update_profile(spec.rollout),
            tags={**tags(self._environment, spec), **rollout.REPLACE},
            opts=self.child(
                depends_on=[*args.account.made, *before],
                # Where load decides the count, an update must not reset what it has chosen.
                ignore_changes=["elasticProfile.desiredCount"] if spec.scaling is not None else None,
                custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=limit),
            ),
        )
