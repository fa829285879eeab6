"""A whole environment on Kubernetes: the platform's side of the seam in ``components/platform.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from components import release
from components.declared_types import DeclaredTypes
from components.image import declared_image
from components.kubernetes.candidate import Candidate, CandidateArgs
from components.kubernetes.ci_identity import CiIdentity, CiIdentityArgs
from components.kubernetes.cluster import Cluster, ClusterArgs
from components.kubernetes.logging import LoggingStack, LoggingStackArgs
from components.kubernetes.monitoring import MonitoringStack, MonitoringStackArgs
from components.kubernetes.network import url
from components.kubernetes.route import shifts
from components.kubernetes.service import Service, ServiceArgs
from components.registry import ContainerRegistry, ContainerRegistryArgs
from components.spec.environment import Environment
from components.spec.service import Service as ServiceSpec


def declare(environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Declare registry, cluster and services; give what the program exports."""
    types = DeclaredTypes() if environment.pipeline is not None else None
    password = environment.registry.password
    registry = ContainerRegistry(
        "registry",
        ContainerRegistryArgs(spec=environment.registry, password=secrets[password] if password else None),
    )
    cluster = Cluster("cluster", ClusterArgs(environment=environment, login=registry.login))

    def image(spec: ServiceSpec) -> pulumi.Input[str]:
        where = registry.repository(spec.name)
        return declared_image(spec, repository=where, login=registry.login, secrets=secrets)

    services = declare_services(environment, cluster, secrets, image)
    declare_logging(environment, cluster, secrets)
    pipeline = None
    if types is not None:
        args = CiIdentityArgs(environment=environment, types=types.sorted())
        after = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[cluster])
        pipeline = CiIdentity("pipeline", args, after)
    return {
        "environment": environment.tier,
        "platform": environment.platform,
        "services": services,
        "kubernetes": {
            "kubeconfig": environment.kubernetes.kubeconfig,
            "context": environment.kubernetes.context,
            "ingressEndpoint": environment.kubernetes.ingress_endpoint,
        },
        **({"pipeline": pipeline.variables} if pipeline else {}),
    }


def declare_services(
    environment: Environment,
    cluster: Cluster,
    secrets: Mapping[str, pulumi.Output[str]],
    image: Callable[[ServiceSpec], pulumi.Input[str]],
) -> dict[str, dict[str, Any]]:
    """Declare every service in the cluster; give what the program exports of each.

    :param image: Declares a service's image and gives its digest reference.
    """
    inside = pulumi.ResourceOptions(providers=[cluster.provider])
    candidates = release.candidates()
    services = {}
    images = {spec.name: image(spec) for spec in environment.services}
    for spec in environment.services:
        args = ServiceArgs(
            spec=spec,
            environment=environment,
            image=images[spec.name],
            secrets=secrets,
            namespace=cluster.namespace,
            pull_secret=cluster.pull_secret,
        )
        service = Service(spec.name, args, inside)
        services[spec.name] = _summary(args, service)
        instances = candidates.get(spec.name)
        if instances is not None and shifts(spec):
            after = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[service])
            Candidate(spec.name, CandidateArgs(service=args, instances=instances), after)
    _monitoring(environment, cluster, secrets, images)
    return services


def _monitoring(
    environment: Environment,
    cluster: Cluster,
    secrets: Mapping[str, pulumi.Output[str]],
    images: Mapping[str, pulumi.Input[str]],
) -> None:
    """Declare who watches the services, where somebody is to."""
    if environment.monitoring is None:
        return
    args = MonitoringStackArgs(
        spec=environment.monitoring,
        environment=environment,
        namespace=cluster.namespace,
        secrets=secrets,
        images=images,
    )
    MonitoringStack("monitoring", args, pulumi.ResourceOptions(providers=[cluster.provider]))


def declare_logging(
    environment: Environment, cluster: Cluster, secrets: Mapping[str, pulumi.Output[str]]
) -> LoggingStack | None:
    """Declare what carries the environment's lines, where it is asked for."""
    if environment.logging is None:
        return None
    args = LoggingStackArgs(spec=environment.logging, environment=environment, secrets=secrets)
    after = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[cluster])
    return LoggingStack("logging", args, after)


def _summary(args: ServiceArgs, service: Service) -> dict[str, Any]:
    """What the delivery pipeline and people need to find and judge a service."""
    return {
        "image": service.image if shifts(args.spec) else args.image,
        "url": url(args.spec, args.environment),
        "namespace": service.namespace,
        "deployment": service.deployment,
        "port": args.spec.port,
        "minimum": service.minimum,
        "maximum": service.maximum,
        "healthPath": args.spec.health.readiness.path,
        **({"strategy": args.spec.rollout.strategy} if shifts(args.spec) else {}),
    }
