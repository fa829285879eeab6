"""A whole environment on Azure: the platform's side of the seam in ``components/platform.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.azure import front as fronts
from components.azure.account import Account, AccountArgs, settings, without_aliases
from components.azure.ci_identity import CiIdentity, CiIdentityArgs
from components.azure.cluster import Cluster, ClusterArgs
from components.azure.front import Front, FrontArgs, public
from components.azure.logging import LogForwarder, LogForwarderArgs
from components.azure.monitoring import Monitoring, MonitoringArgs
from components.azure.network import Network, NetworkArgs
from components.azure.registry import ContainerRegistry, ContainerRegistryArgs
from components.azure.service import Service, ServiceArgs
from components.declared_types import DeclaredTypes
from components.image import declared_image
from components.registry import named_login
from components.spec.environment import Environment

PROCESSOR = "linux/amd64"
"""All that Container Instances has."""


def declare(environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Declare account, registry, network, logs, services and gateway; give what the program exports."""
    lean = pulumi.ResourceOptions(transformations=[without_aliases])
    types = DeclaredTypes() if environment.pipeline is not None else None
    account = Account("account", AccountArgs(environment=environment), lean)
    inside = pulumi.ResourceOptions(providers=[account.provider], transformations=[without_aliases])
    registry = ContainerRegistry("registry", ContainerRegistryArgs(environment=environment, account=account), inside)
    network = Network("network", NetworkArgs(environment=environment, account=account), inside)
    cluster = Cluster("cluster", ClusterArgs(environment=environment, account=account, network=network), inside)
    watch = None
    if settings(environment).monitoring is not None:
        watching = MonitoringArgs(environment=environment, account=account, secrets=secrets)
        watch = Monitoring("monitoring", watching, inside)
    if environment.logging is not None:
        carrying = LogForwarderArgs(
            environment=environment,
            account=account,
            registry=registry,
            network=network,
            cluster=cluster,
            secrets=secrets,
        )
        LogForwarder("logging", carrying, inside)
    login = named_login(environment.registry, secrets)
    services, hosts = {}, {}
    for spec in environment.services:
        image = declared_image(
            spec,
            repository=registry.repository(spec.name),
            login=login,
            secrets=secrets,
            before_push=registry.before_push,
            platform=PROCESSOR,
        )
        args = ServiceArgs(
            spec=spec,
            environment=environment,
            image=image,
            account=account,
            registry=registry,
            network=network,
            cluster=cluster,
            monitoring=watch,
            secrets=secrets,
        )
        service = Service(spec.name, args, inside)
        services[spec.name], hosts[spec.name] = _summary(args, service), service.host
    front = None
    if public(environment):
        front = Front(
            "front", FrontArgs(environment=environment, account=account, network=network, hosts=hosts), inside
        )
    pipeline = None
    if types is not None:
        identity = CiIdentityArgs(environment=environment, account=account, types=types.sorted())
        after = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[registry]))
        pipeline = CiIdentity("pipeline", identity, after)
    where = settings(environment)
    return {
        "environment": environment.tier,
        "platform": environment.platform,
        "services": services,
        "azure": {
            "subscription": where.subscription,
            "location": where.location,
            "resourceGroup": account.group,
            "zone": cluster.zone,
            "address": front.address if front else None,
            **({"prometheus": watch.query} if watch else {}),
        },
        **({"pipeline": pipeline.variables} if pipeline else {}),
    }


def _summary(args: ServiceArgs, service: Service) -> dict[str, Any]:
    """What the delivery pipeline and people need to find and judge a service."""
    return {
        "image": args.image,
        "url": fronts.url(args.spec),
        "host": service.host,
        "resourceGroup": args.account.group,
        "nGroup": service.group,
        "profile": service.profile,
        "port": args.spec.port,
        "minimum": service.minimum,
        "maximum": service.maximum,
        "healthPath": args.spec.health.readiness.path,
    }
