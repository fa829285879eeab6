"""GKE: clusters, node pools, backups.

A cluster's control plane is the one of the kubeconfig that ``CAAS_GKE_KUBECONFIG`` names, so that what is declared
in the cluster runs on a real Kubernetes; without it the address leads nowhere.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Reference, Unique, Values
from sandbox.clouds.core.world import GLOBAL
from sandbox.clouds.environment import GKE_KUBECONFIG
from sandbox.clouds.gcp import tokens
from sandbox.clouds.gcp.control_plane import endpoint_of
from sandbox.clouds.gcp.formats import LABELS, NAME, labelled, location, path, project
from sandbox.clouds.gcp.network import FOREIGN
from sandbox.rpc.arguments import Failure

VERSION = "1.33.5-gke.1162000"

NOT_ON_AUTOPILOT = (
    "nodeConfig",
    "nodePools",
    "removeDefaultNodePool",
    "defaultMaxPodsPerNode",
    "enableIntranodeVisibility",
    "enableShieldedNodes",
)
"""Arguments of clusters that the plug-in refuses together with Autopilot."""

REPLACING = (
    "confidentialNodes",
    "datapathProvider",
    "defaultMaxPodsPerNode",
    "enableAutopilot",
    "enableKubernetesAlpha",
    "initialNodeCount",
    "ipAllocationPolicy",
    "location",
    "name",
    "network",
    "networkingMode",
    "nodeConfig",
    "privateClusterConfig",
    "project",
    "subnetwork",
)


def _plane() -> tuple[str, str]:
    """Address and authority of the control plane."""
    file = os.environ.get(GKE_KUBECONFIG)
    if file:
        return endpoint_of(file)
    return f"192.0.2.{secrets.randbelow(250) + 2}", base64.b64encode(b"no control plane").decode()


def _cluster(call: Call) -> dict[str, Any]:
    where, name = location(call), call.inputs["name"]
    id_ = path(call, "locations", where, "clusters", name)
    known = call.old or {}
    endpoint, authority = _plane()
    auth = call.inputs.get("masterAuth") or {"clientCertificateConfig": {"issueClientCertificate": False}}
    return {
        "id": id_,
        "location": where,
        "project": project(call),
        "selfLink": f"https://container.googleapis.com/v1/{id_}",
        "endpoint": known.get("endpoint") or endpoint,
        "masterAuth": {**auth, "clientCertificate": "", "clientKey": "", "clusterCaCertificate": authority},
        "masterVersion": VERSION,
        "servicesIpv4Cidr": "34.118.224.0/20",
        "labelFingerprint": secrets.token_hex(4),
        "operation": "",
        **labelled(call, "resourceLabels"),
    }


def _check_cluster(inputs: Values) -> Iterator[Failure]:
    if inputs.get("enableAutopilot") is True:
        for key in NOT_ON_AUTOPILOT:
            if inputs.get(key) is not None:
                yield Failure(key, f'"{key}": conflicts with enableAutopilot')
        if (inputs.get("clusterAutoscaling") or {}).get("enabled") is not None:
            yield Failure("clusterAutoscaling.enabled", '"enabled": conflicts with enableAutopilot')
    elif not inputs.get("initialNodeCount") and not inputs.get("nodePools"):
        yield Failure("initialNodeCount", "a cluster needs initialNodeCount or nodePools")


def _admit_cluster(call: Call) -> None:
    subnetwork = call.the(tokens.SUBNETWORK, "id", call.inputs.get("subnetwork"), region=GLOBAL)
    policy = call.inputs.get("ipAllocationPolicy") or {}
    named = {one["rangeName"] for one in (subnetwork or {}).get("secondaryIpRanges") or ()}
    for key in ("clusterSecondaryRangeName", "servicesSecondaryRangeName"):
        name = policy.get(key)
        if subnetwork is not None and name is not None and name not in named:
            text = f"Services range or pods range '{name}' does not exist in subnetwork '{subnetwork['name']}'."
            raise CloudError("badRequest", text)
    for other in call.others(tokens.CLUSTER, region=GLOBAL):
        if (other["location"], other["name"]) == (location(call), call.inputs["name"]):
            raise CloudError("alreadyExists", f"Already exists: {path(call, 'locations', location(call))}", 409)


def _release_cluster(call: Call) -> None:
    if call.inputs.get("deletionProtection"):
        text = "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed."
        raise CloudError("failedPrecondition", text)


def _pool(call: Call) -> dict[str, Any]:
    cluster = str(call.inputs["cluster"])
    name = cluster.rpartition("/")[2]
    where = path(call, "locations", location(call), "clusters", name)
    return {
        "id": f"{where}/nodePools/{call.inputs['name']}",
        "location": location(call),
        "project": project(call),
        "version": VERSION,
        "instanceGroupUrls": [],
        "managedInstanceGroupUrls": [],
        "operation": "",
    }


def _admit_pool(call: Call) -> None:
    cluster = call.the(tokens.CLUSTER, "id", call.inputs["cluster"], region=GLOBAL)
    if cluster is not None and cluster.get("enableAutopilot"):
        raise CloudError("badRequest", "Autopilot clusters do not support mutating node pools.")


def _backup(call: Call) -> dict[str, Any]:
    id_ = path(call, "locations", location(call), "backupPlans", call.inputs["name"])
    return {"id": id_, "project": project(call), "uid": secrets.token_hex(16), "state": "READY", **labelled(call)}


OF_CLUSTER = Reference(
    tokens.CLUSTER, "id", "notFound", "Not found: {value}", everywhere=True, holds=False, foreign=FOREIGN
)

KINDS = (
    Kind(
        tokens.CLUSTER,
        "Google Kubernetes Engine",
        "Cluster",
        _cluster,
        computed=(
            "location",
            "project",
            "selfLink",
            "endpoint",
            "masterAuth",
            "masterVersion",
            "servicesIpv4Cidr",
            "labelFingerprint",
            "operation",
            *LABELS,
        ),
        volatile=frozenset({"masterAuth", *LABELS}),
        replaces=frozenset(REPLACING),
        name=Name("name", 40, NAME.pattern, NAME.text),
        defaults={"deletionProtection": True},
        unread=frozenset({"deletionProtection"}),
        choices={
            "datapathProvider": ("LEGACY_DATAPATH", "ADVANCED_DATAPATH"),
            "networkingMode": ("VPC_NATIVE", "ROUTES"),
            "releaseChannel.channel": ("UNSPECIFIED", "RAPID", "REGULAR", "STABLE", "EXTENDED"),
            "gatewayApiConfig.channel": ("CHANNEL_DISABLED", "CHANNEL_EXPERIMENTAL", "CHANNEL_STANDARD"),
            "binaryAuthorization.evaluationMode": ("DISABLED", "PROJECT_SINGLETON_POLICY_ENFORCE"),
            "databaseEncryption.state": ("ENCRYPTED", "DECRYPTED"),
            "securityPostureConfig.mode": ("DISABLED", "BASIC", "ENTERPRISE", "MODE_UNSPECIFIED"),
        },
        references={
            "network": Reference(
                tokens.NETWORK, "id", "notFound", "Network '{value}' not found", everywhere=True, foreign=FOREIGN
            ),
            "subnetwork": Reference(
                tokens.SUBNETWORK, "id", "notFound", "Subnetwork '{value}' not found", everywhere=True, foreign=FOREIGN
            ),
        },
        check=_check_cluster,
        admit=_admit_cluster,
        release=_release_cluster,
        everywhere=True,
    ),
    Kind(
        tokens.NODE_POOL,
        "Google Kubernetes Engine",
        "NodePool",
        _pool,
        computed=(
            "location",
            "project",
            "version",
            "instanceGroupUrls",
            "managedInstanceGroupUrls",
            "operation",
        ),
        replaces=frozenset({"cluster", "initialNodeCount", "location", "maxPodsPerNode", "name", "project"}),
        name=Name("name", 40, NAME.pattern, NAME.text),
        references={"cluster": OF_CLUSTER},
        choices={"upgradeSettings.strategy": ("SURGE", "BLUE_GREEN", "SHORT_LIVED")},
        ranges={"autoscaling.totalMinNodeCount": (0, 1000), "autoscaling.totalMaxNodeCount": (1, 1000)},
        unique=Unique(("cluster", "name"), "alreadyExists", "Already exists: node pool {value}."),
        admit=_admit_pool,
        everywhere=True,
    ),
    Kind(
        "gcp:gkebackup/backupPlan:BackupPlan",
        "Backup for GKE",
        "BackupPlan",
        _backup,
        computed=("project", "uid", "state", *LABELS),
        volatile=frozenset(LABELS),
        replaces=frozenset({"cluster", "location", "name", "project"}),
        name=NAME,
        references={"cluster": OF_CLUSTER},
        everywhere=True,
    ),
)
