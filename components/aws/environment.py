"""A whole environment on AWS: the platform's side of the seam in ``components/platform.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.aws import load_balancer
from components.aws.account import Account, AccountArgs, place, settings
from components.aws.ci_identity import CiIdentity, CiIdentityArgs, bounded
from components.aws.cluster import Cluster, ClusterArgs
from components.aws.dashboard import Shown
from components.aws.load_balancer import LoadBalancer, LoadBalancerArgs
from components.aws.logging import LogKey, LogKeyArgs
from components.aws.monitoring import Monitoring, MonitoringArgs
from components.aws.network import Network, NetworkArgs
from components.aws.registry import ContainerRegistry, ContainerRegistryArgs
from components.aws.service import Service, ServiceArgs
from components.declared_types import DeclaredTypes
from components.image import declared_image
from components.registry import named_login
from components.spec.environment import Environment


def declare(environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Declare account, registry, network, cluster, load balancer and services; give what the program exports."""
    types = DeclaredTypes() if environment.pipeline is not None else None
    account = Account("account", AccountArgs(environment=environment))
    plain = pulumi.ResourceOptions(providers=[account.provider])
    inside = plain if types is None else bounded(environment, plain)
    built = [spec.name for spec in environment.services if spec.image is None]
    registry = ContainerRegistry(
        "registry", ContainerRegistryArgs(environment=environment, repositories=built, key=account.key), inside
    )
    network = Network("network", NetworkArgs(environment=environment, key=account.key), inside)
    cluster = Cluster("cluster", ClusterArgs(environment=environment, key=account.key), inside)
    balancer = None
    if any(spec.ingress is not None for spec in environment.services):
        balancer = LoadBalancer("balancer", LoadBalancerArgs(environment=environment, network=network), inside)
    watch = None
    if settings(environment).monitoring is not None:
        watch = Monitoring(
            "monitoring", MonitoringArgs(environment=environment, key=account.key, secrets=secrets), inside
        )
    log_key = None
    if environment.logging is not None and environment.logging.api_key is not None:
        log_key = LogKey("logging", LogKeyArgs(environment=environment, key=account.key, secrets=secrets), inside)
    login = named_login(environment.registry, secrets)
    services, shown = {}, []
    for spec in environment.services:
        image = declared_image(
            spec,
            repository=registry.repository(spec.name),
            login=login,
            secrets=secrets,
            before_push=registry.before_push(spec.name),
            platform=f"linux/{settings(environment).architecture}",
        )
        args = ServiceArgs(
            spec=spec,
            environment=environment,
            image=image,
            repository=spec.image or registry.repository(spec.name),
            account=account,
            network=network,
            cluster=cluster,
            balancer=balancer,
            monitoring=watch,
            log_key=log_key,
            secrets=secrets,
        )
        service = Service(spec.name, args, inside)
        services[spec.name] = _summary(args, service)
        suffix = balancer.arn_suffix if balancer and service.targets else None
        shown.append(Shown(spec, cluster.cluster, suffix, service.targets))
    if watch is not None:
        watch.dashboard(shown)
    pipeline = None
    if types is not None:
        identity = CiIdentityArgs(environment=environment, types=types.sorted())
        pipeline = CiIdentity("pipeline", identity, plain)
    where = place(environment)
    return {
        "environment": environment.tier,
        "platform": environment.platform,
        "services": services,
        "aws": {
            "region": where.region,
            "account": where.account,
            "cluster": cluster.cluster,
            "loadBalancer": balancer.host if balancer else None,
            **({"prometheus": watch.endpoint, "alerts": watch.topic} if watch else {}),
        },
        **({"pipeline": pipeline.variables} if pipeline else {}),
    }


def _summary(args: ServiceArgs, service: Service) -> dict[str, Any]:
    """What the delivery pipeline and people need to find and judge a service."""
    return {
        "image": args.image,
        "url": load_balancer.url(args.spec),
        "cluster": args.cluster.cluster,
        "service": service.service,
        "taskDefinition": service.task_definition,
        "port": args.spec.port,
        "minimum": service.minimum,
        "maximum": service.maximum,
        "healthPath": args.spec.health.readiness.path,
    }
