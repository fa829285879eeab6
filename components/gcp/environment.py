"""A whole environment on Google Kubernetes Engine: the platform's side of the seam in ``components/platform.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.declared_types import DeclaredTypes
from components.gcp.account import Account, AccountArgs, cluster_name, settings
from components.gcp.ci_identity import CiIdentity, CiIdentityArgs
from components.gcp.cluster import Cluster, ClusterArgs
from components.gcp.front import Front, FrontArgs, hosts
from components.gcp.identity import WorkloadIdentities, WorkloadIdentitiesArgs, identified
from components.gcp.monitoring import Monitoring, MonitoringArgs
from components.gcp.network import Network, NetworkArgs
from components.gcp.registry import ContainerRegistry, ContainerRegistryArgs
from components.gcp.route import Route, RouteArgs
from components.image import declared_image
from components.kubernetes.ci_identity import CiIdentity as InsideIdentity
from components.kubernetes.ci_identity import CiIdentityArgs as InsideIdentityArgs
from components.kubernetes.cluster import Cluster as Namespace
from components.kubernetes.cluster import ClusterArgs as NamespaceArgs
from components.kubernetes.environment import declare_logging, declare_services
from components.kubernetes.network import by_gateway
from components.registry import named_login
from components.spec.environment import Environment
from components.spec.service import Service as ServiceSpec

PROCESSOR = "linux/amd64"
"""What GKE's nodes are unless a pod asks for others."""


def declare(environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Declare project, registry, network, cluster, front and services; give what the program exports."""
    types = DeclaredTypes() if environment.pipeline is not None else None
    account = Account("account", AccountArgs(environment=environment))
    inside = pulumi.ResourceOptions(providers=[account.provider])
    registry = ContainerRegistry("registry", ContainerRegistryArgs(environment=environment), inside)
    network = Network("network", NetworkArgs(environment=environment), inside) if _new(environment) else None
    gke = Cluster("gke", ClusterArgs(environment=environment, network=network), inside)
    if gke.nodes is not None:
        registry.readable_by(gke.nodes)
    namespace = Namespace("cluster", NamespaceArgs(environment=environment, provider=gke.provider))
    if identified(environment):
        args = WorkloadIdentitiesArgs(environment=environment, namespace=namespace.namespace)
        WorkloadIdentities("identities", args, inside)
    login = named_login(environment.registry, secrets)

    def image(spec: ServiceSpec) -> pulumi.Input[str]:
        return declared_image(
            spec,
            repository=registry.repository(spec.name),
            login=login,
            secrets=secrets,
            before_push=registry.before_push,
            platform=PROCESSOR,
        )

    services = declare_services(environment, namespace, secrets, image)
    declare_logging(environment, namespace, secrets)
    if settings(environment).monitoring is not None:
        Monitoring("monitoring", MonitoringArgs(environment=environment, cluster=namespace, secrets=secrets))
    where = settings(environment)
    address = _front(environment, namespace, inside)
    pipeline = None if types is None else _pipeline(environment, namespace, types.sorted(), inside)
    return {
        "environment": environment.tier,
        "platform": environment.platform,
        "services": services,
        "kubernetes": {"ingressEndpoint": environment.kubernetes.ingress_endpoint},
        "gke": {
            "project": where.project,
            "region": where.region,
            "cluster": cluster_name(environment),
            "kubeconfig": gke.kubeconfig,
            "address": address,
        },
        **({"pipeline": pipeline.variables} if pipeline else {}),
    }


def _pipeline(
    environment: Environment, namespace: Namespace, types: list[str], inside: pulumi.ResourceOptions
) -> CiIdentity:
    """Who the pipeline is, outside of the cluster and in it."""
    identity = CiIdentity("pipeline", CiIdentityArgs(environment=environment, types=types), inside)
    args = InsideIdentityArgs(environment=environment, types=types, users=identity.users)
    after = pulumi.ResourceOptions(providers=[namespace.provider], depends_on=[namespace])
    InsideIdentity("pipeline-inside", args, after)
    return identity


def _new(environment: Environment) -> bool:
    """Whether the cluster is made here."""
    return settings(environment).cluster is None


def _front(environment: Environment, namespace: Namespace, inside: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
    """The front and the ways from it to the services; None where no service needs it."""
    if not hosts(environment):
        return None
    front = Front("front", FrontArgs(environment=environment, cluster=namespace), inside)
    for spec in environment.services:
        if by_gateway(spec, environment):
            Route(spec.name, RouteArgs(spec=spec, environment=environment, cluster=namespace))
    return front.address
