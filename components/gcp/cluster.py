"""The cluster: private nodes, a control plane that few reach, and a kubeconfig without a credential.

What runs in it is declared by ``components/kubernetes``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes
from pulumi_gcp import container
from pulumi_gcp.gkebackup import BackupPlan
from pulumi_gcp.projects import IAMMember
from pulumi_gcp.serviceaccount import Account as ServiceAccount

from components.base import Component, Transform
from components.gcp.account import ACCOUNT_LIMIT, cluster_name, named, settings
from components.gcp.network import Network
from components.spec.environment import Environment
from components.spec.gcp import NodePool

NODE_ROLE = "roles/container.defaultNodeServiceAccount"
"""What a node writes: logs, metrics, the autoscaler's figures; nothing else ("Harden your cluster's security", GKE)."""

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""The only scope that Google recommends: what a node may do is decided by its service account's roles."""

SYSTEM, WORKLOADS = "SYSTEM_COMPONENTS", "WORKLOADS"

MAINTENANCE = "03:00"
"""UTC: when a daily window of four hours begins."""

BACKUP_KEPT = 30
"""Days."""

BACKUP_AT = "0 2 * * *"
"""Each day, before the maintenance window."""


def kubeconfig(name: str, server: str, authority: str) -> str:
    """A kubeconfig as JSON. It holds no credential: ``gke-gcloud-auth-plugin`` gives one to whoever reads it.

    :param server: The control plane's address, without a scheme.
    :param authority: The certificate of the cluster's authority, in base64.
    """
    run = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "gke-gcloud-auth-plugin",
        "installHint": "Install gke-gcloud-auth-plugin: gcloud components install gke-gcloud-auth-plugin",
        "provideClusterInfo": True,
        "interactiveMode": "Never",
    }
    cluster = {"server": f"https://{server}", "certificate-authority-data": authority}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"exec": run}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(document, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What a cluster is made of.

    :param environment: Its ``gcp`` part says which cluster.
    :param network: Where a new one stands. Required unless the cluster exists.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    network: Network | None = None
    transforms: Sequence[Transform] = ()


class Cluster(Component):
    """A GKE cluster, new or existing, and a Kubernetes provider for what runs in it."""

    provider: pulumi_kubernetes.Provider
    """Hand it to ``components.kubernetes.cluster``."""
    kubeconfig: pulumi.Output[str]
    """JSON, without a credential."""
    nodes: pulumi.Output[str] | None
    """``serviceAccount:…`` of a new cluster's nodes: who pulls images."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:Cluster", name, opts, args.transforms)
        self._environment = args.environment
        self.nodes = None
        ready: Sequence[pulumi.Resource]
        if settings(args.environment).cluster is not None:
            self.kubeconfig, ready = self._find(), ()
        elif args.network is not None:
            self.kubeconfig, ready = self._make(name, args.network)
        else:
            raise ValueError(f"cluster {name}: a new one needs a network")
        self.provider = pulumi_kubernetes.Provider(
            f"{name}-provider",
            kubeconfig=self.kubeconfig,
            # See components/kubernetes/cluster.py: what a killed run has left is ours.
            upsert_existing_objects=True,
            opts=self.child(depends_on=list(ready)),
        )
        self.finish({"cluster": cluster_name(args.environment)})

    def _find(self) -> pulumi.Output[str]:
        where, name = settings(self._environment), cluster_name(self._environment)
        found = container.get_cluster_output(
            name=name, location=where.region, project=where.project, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return pulumi.Output.all(found.endpoint, found.master_auths).apply(
            lambda values: kubeconfig(name, values[0], values[1][0]["cluster_ca_certificate"])
        )

    def _make(self, name: str, network: Network) -> tuple[pulumi.Output[str], Sequence[pulumi.Resource]]:
        where = settings(self._environment)
        account, role = self._account(name)
        autopilot = where.mode == "autopilot"
        cluster = container.Cluster(
            f"{name}-cluster",
            **self._options(network),
            **(_autopilot(account.email) if autopilot else _standard(where.project)),
            opts=self.child(depends_on=[role, *network.ready]),
        )
        pools = [] if autopilot else self._pools(name, cluster, account)
        if self._environment.tier != "dev":
            self._backup(name, cluster)
        document: pulumi.Output[str] = pulumi.Output.all(cluster.endpoint, cluster.master_auth).apply(
            lambda values: kubeconfig(cluster_name(self._environment), values[0], _authority(values[1]))
        )
        return document, [cluster, *pools]

    def _account(self, name: str) -> tuple[ServiceAccount, pulumi.Resource]:
        """Who the nodes are: not the project's default account, which may do nearly everything."""
        account = ServiceAccount(
            f"{name}-nodes",
            account_id=named(self._environment, "nodes", limit=ACCOUNT_LIMIT),
            display_name=f"Nodes of {cluster_name(self._environment)}",
            opts=self.child(),
        )
        role = IAMMember(
            f"{name}-nodes-role",
            project=settings(self._environment).project,
            role=NODE_ROLE,
            member=account.member,
            opts=self.child(),
        )
        self.nodes = account.member
        return account, role

    def _options(self, network: Network) -> dict[str, Any]:
        """What Autopilot and Standard have in common."""
        where = settings(self._environment)
        reach = [{"display_name": name, "cidr_block": cidr} for name, cidr in sorted(where.authorized_networks.items())]
        options: dict[str, Any] = {
            "name": cluster_name(self._environment),
            "location": where.region,
            "network": network.network,
            "subnetwork": network.subnetwork,
            "networking_mode": "VPC_NATIVE",
            "ip_allocation_policy": {
                "cluster_secondary_range_name": network.pods,
                "services_secondary_range_name": network.services,
            },
            "private_cluster_config": {"enable_private_nodes": True, "enable_private_endpoint": False},
            "master_authorized_networks_config": {"cidr_blocks": reach, "gcp_public_cidrs_access_enabled": False},
            "master_auth": {"client_certificate_config": {"issue_client_certificate": False}},
            "release_channel": {"channel": where.release_channel},
            "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
            "maintenance_policy": {"daily_maintenance_window": {"start_time": MAINTENANCE}},
            "logging_config": {"enable_components": [SYSTEM, WORKLOADS]},
            "monitoring_config": {"enable_components": [SYSTEM], "managed_prometheus": {"enabled": True}},
            "security_posture_config": {"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_BASIC"},
            "addons_config": {"gke_backup_agent_config": {"enabled": True}},
            "deletion_protection": self._environment.tier == "prod",
        }
        if where.binary_authorization:
            options["binary_authorization"] = {"evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE"}
        if where.kms_key is not None:
            options["database_encryption"] = {"state": "ENCRYPTED", "key_name": where.kms_key}
        return options

    def _pools(self, name: str, cluster: container.Cluster, account: ServiceAccount) -> list[pulumi.Resource]:
        return [
            container.NodePool(
                f"{name}-{key}",
                name=key,
                cluster=cluster.id,
                location=settings(self._environment).region,
                initial_node_count=1,
                autoscaling={"total_min_node_count": pool.minimum, "total_max_node_count": pool.maximum},
                management={"auto_repair": True, "auto_upgrade": True},
                upgrade_settings={"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
                node_config=_nodes(pool, account.email),
                # It is the size of the first day only; a later value would replace the pool.
                opts=self.child(ignore_changes=["initialNodeCount"]),
            )
            for key, pool in sorted(settings(self._environment).node_pools.items())
        ]

    def _backup(self, name: str, cluster: container.Cluster) -> None:
        """Each day's backup of everything in the cluster, volumes included."""
        where = settings(self._environment)
        config: dict[str, Any] = {"all_namespaces": True, "include_volume_data": True, "include_secrets": True}
        if where.kms_key is not None:
            config["encryption_key"] = {"gcp_kms_encryption_key": where.kms_key}
        BackupPlan(
            f"{name}-backup",
            name=cluster_name(self._environment),
            location=where.region,
            cluster=cluster.id,
            backup_config=config,
            backup_schedule={"cron_schedule": BACKUP_AT},
            retention_policy={"backup_retain_days": BACKUP_KEPT},
            opts=self.child(),
        )


def _authority(auth: Mapping[str, Any]) -> str:
    return str(auth["cluster_ca_certificate"])


def _autopilot(email: pulumi.Input[str]) -> dict[str, Any]:
    """Google makes the nodes. Their account is named here and nowhere else: any ``node_config`` would replace the
    whole cluster."""
    defaults = {"service_account": email, "oauth_scopes": [SCOPE]}
    return {"enable_autopilot": True, "cluster_autoscaling": {"auto_provisioning_defaults": defaults}}


def _standard(project: str) -> dict[str, Any]:
    """What Autopilot has anyway. The pool that every new cluster begins with is removed: it has the default account."""
    return {
        "remove_default_node_pool": True,
        "initial_node_count": 1,
        "datapath_provider": "ADVANCED_DATAPATH",
        "enable_shielded_nodes": True,
        "enable_intranode_visibility": True,
        "workload_identity_config": {"workload_pool": f"{project}.svc.id.goog"},
        "cost_management_config": {"enabled": True},
    }


def _nodes(pool: NodePool, email: pulumi.Input[str]) -> dict[str, Any]:
    return {
        "machine_type": pool.machine,
        "disk_size_gb": pool.disk,
        "spot": pool.spot,
        "image_type": "COS_CONTAINERD",
        "service_account": email,
        "oauth_scopes": [SCOPE],
        "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
        # Pods get their own identity and never the node's.
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "metadata": {"disable-legacy-endpoints": "true"},
    }
