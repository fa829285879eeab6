"""GKE clusters and their node pools: who reaches the control plane, what a node is and may do.

Autopilot makes its nodes itself, with everything that is asked of a pool here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.reading import asked, filled, tiers_schema, unknown
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    items,
    judged,
    read,
)

CLUSTER = frozenset({"gcp:container/cluster:Cluster"})
POOL = frozenset({"gcp:container/nodePool:NodePool"})

AUTOPILOT = ("enableAutopilot",)

WORLD = ("0.0.0.0/0", "::/0")


def _private(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("privateClusterConfig", "enablePrivateNodes"),
        lambda found: found is not True,
        "nodes have public addresses; set privateClusterConfig.enablePrivateNodes to true",
    )


def _networks(resource: Resource, _: Setting) -> Iterator[Answer]:
    private = read(resource.properties, "privateClusterConfig", "enablePrivateEndpoint")
    of = ("masterAuthorizedNetworksConfig",)
    if private is UNKNOWN:
        yield Undecided("privateClusterConfig.enablePrivateEndpoint")
    elif private is not True:
        message = "the whole world may knock at the control plane; name networks in masterAuthorizedNetworksConfig"
        yield from judged(resource.properties, of, lambda found: found is None, message)
    yield from judged(
        resource.properties,
        (*of, "gcpPublicCidrsAccessEnabled"),
        lambda found: found is True,
        "every machine at Google may knock at the control plane; set gcpPublicCidrsAccessEnabled to false",
    )
    for path, _network in items(resource.properties, *of, "cidrBlocks"):
        message = "this network is the whole world; name yours"
        yield from judged(resource.properties, (*path, "cidrBlock"), lambda found: found in WORLD, message)


def _identity(resource: Resource, _: Setting) -> Iterator[Answer]:
    if resource.type in POOL:
        path, wanted = ("nodeConfig", "workloadMetadataConfig", "mode"), "GKE_METADATA"
        message = "pods can ask for the identity of their node; set workloadMetadataConfig.mode to GKE_METADATA"
        yield from judged(resource.properties, path, lambda found: found != wanted, message)
    elif waiting := unknown(resource.properties, AUTOPILOT):
        yield from waiting
    elif read(resource.properties, *AUTOPILOT) is not True:
        message = "pods have the identity of their node; set workloadIdentityConfig.workloadPool"
        pool = ("workloadIdentityConfig", "workloadPool")
        yield from judged(resource.properties, pool, lambda found: not filled(found), message)


def _shielded(resource: Resource, _: Setting) -> Iterator[Answer]:
    if resource.type in CLUSTER:
        yield from judged(
            resource.properties,
            ("enableShieldedNodes",),
            lambda found: found is False,
            "nodes cannot prove that they are nodes; set enableShieldedNodes to true",
        )
        return
    for key, wrong in (("enableSecureBoot", (None, False)), ("enableIntegrityMonitoring", (False,))):
        yield from judged(
            resource.properties,
            ("nodeConfig", "shieldedInstanceConfig", key),
            lambda found, wrong=wrong: found in wrong,  # type: ignore[misc]
            f"a node starts whatever is on its disk; set shieldedInstanceConfig.{key} to true",
        )


def _channel(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("releaseChannel", "channel"),
        lambda found: found in (None, "UNSPECIFIED"),
        "nobody updates the control plane; set releaseChannel.channel to REGULAR",
    )


def _upkeep(resource: Resource, _: Setting) -> Iterator[Answer]:
    for key, what in (("autoRepair", "a broken node stays broken"), ("autoUpgrade", "nodes stay at an old version")):
        message = f"{what}; set management.{key} to true"
        yield from judged(resource.properties, ("management", key), lambda found: found is not True, message)


def _network_policy(resource: Resource, _: Setting) -> Iterator[Answer]:
    if waiting := unknown(resource.properties, AUTOPILOT, ("datapathProvider",)):
        yield from waiting
    elif not (
        read(resource.properties, *AUTOPILOT) is True
        or read(resource.properties, "datapathProvider") == "ADVANCED_DATAPATH"
    ):
        message = "no network policy is enforced; set datapathProvider to ADVANCED_DATAPATH"
        policy = ("networkPolicy", "enabled")
        yield from judged(resource.properties, policy, lambda found: found is not True, message)


def _binary_authorization(resource: Resource, setting: Setting) -> Iterator[Answer]:
    answers = judged(
        resource.properties,
        ("binaryAuthorization", "evaluationMode"),
        lambda found: found in (None, "DISABLED", "EVALUATION_MODE_UNSPECIFIED"),
        "any image may run; set binaryAuthorization.evaluationMode to PROJECT_SINGLETON_POLICY_ENFORCE",
    )
    yield from asked(setting, answers, "prod")


def _is_default(account: Any) -> bool:
    return (
        not filled(account) or account == "default" or str(account).endswith("-compute@developer.gserviceaccount.com")
    )


def _account(resource: Resource, _: Setting) -> Iterator[Answer]:
    message = "nodes are the project's default account, which may change nearly everything; name one of their own"
    path: tuple[str, ...] = ("nodeConfig", "serviceAccount")
    if resource.type in CLUSTER:
        if waiting := unknown(resource.properties, AUTOPILOT):
            yield from waiting
            return
        if read(resource.properties, *AUTOPILOT) is True:
            path = ("clusterAutoscaling", "autoProvisioningDefaults", "serviceAccount")
        elif read(resource.properties, "removeDefaultNodePool") is True:
            return
    yield from judged(resource.properties, path, _is_default, message)


def _certificate(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("masterAuth", "clientCertificateConfig", "issueClientCertificate"),
        lambda found: found is True,
        "a certificate that nobody can take back opens the cluster; set issueClientCertificate to false",
    )


def _deletion(resource: Resource, setting: Setting) -> Iterator[Answer]:
    message = "one wrong step takes the cluster and all in it away; set deletionProtection to true"
    answers = judged(resource.properties, ("deletionProtection",), lambda found: found is False, message)
    yield from asked(setting, answers, "prod")


RULES = (
    Rule(
        id="gke-private-nodes",
        title="Nodes have no public address.",
        severity=Severity.HIGH,
        reason="A node that the world reaches is one fault away from being somebody else's.",
        remedy="Set privateClusterConfig.enablePrivateNodes to true, with a NAT for the way out.",
        types=CLUSTER,
        check=_private,
        references=("CKV_GCP_64", "CKV_GCP_25"),
    ),
    Rule(
        id="gke-authorized-networks",
        title="Only networks that are named reach the control plane.",
        severity=Severity.HIGH,
        reason="A fault in the API server, or a token that got out, is then anybody's.",
        remedy="Name networks in masterAuthorizedNetworksConfig.cidrBlocks, or use a private endpoint.",
        types=CLUSTER,
        check=_networks,
        references=("CKV_GCP_20", "CKV_GCP_18"),
    ),
    Rule(
        id="gke-workload-identity",
        title="Pods have an identity of their own and never that of their node.",
        severity=Severity.HIGH,
        reason="With the node's identity one pod reads what every other pod of the node may read.",
        remedy="Set workloadIdentityConfig.workloadPool on the cluster, GKE_METADATA on its pools.",
        types=CLUSTER | POOL,
        check=_identity,
        references=("CKV_GCP_69",),
    ),
    Rule(
        id="gke-shielded-nodes",
        title="Nodes start only what is signed, and prove who they are.",
        severity=Severity.MEDIUM,
        reason="Whoever changes a node's disk stays on it after every restart, unseen.",
        remedy="Set enableShieldedNodes; on each pool enableSecureBoot and enableIntegrityMonitoring.",
        types=CLUSTER | POOL,
        check=_shielded,
        references=("CKV_GCP_71", "CKV_GCP_68", "CKV_GCP_72"),
    ),
    Rule(
        id="gke-release-channel",
        title="Google updates the cluster.",
        severity=Severity.MEDIUM,
        reason="A cluster that nobody updates is out of support within a year, with all its known faults.",
        remedy="Set releaseChannel.channel to REGULAR (or STABLE, RAPID, EXTENDED).",
        types=CLUSTER,
        check=_channel,
        references=("CKV_GCP_70",),
    ),
    Rule(
        id="gke-node-upkeep",
        title="Nodes are repaired and updated by themselves.",
        severity=Severity.MEDIUM,
        reason="A node that is broken or old stays so until somebody looks.",
        remedy="Set management.autoRepair and management.autoUpgrade to true.",
        types=POOL,
        check=_upkeep,
        references=("CKV_GCP_9", "CKV_GCP_10"),
    ),
    Rule(
        id="gke-network-policy",
        title="The cluster enforces network policies.",
        severity=Severity.MEDIUM,
        reason="Without it a NetworkPolicy is a text: every pod reaches every other one.",
        remedy="Set datapathProvider to ADVANCED_DATAPATH.",
        types=CLUSTER,
        check=_network_policy,
        references=("CKV_GCP_12",),
    ),
    Rule(
        id="gke-binary-authorization",
        title="Only images that somebody has attested run in prod.",
        severity=Severity.MEDIUM,
        reason="Whoever may deploy may run any image from anywhere.",
        remedy="Set binaryAuthorization.evaluationMode to PROJECT_SINGLETON_POLICY_ENFORCE, with a policy.",
        types=CLUSTER,
        check=_binary_authorization,
        references=("CKV_GCP_66",),
        schema=tiers_schema("prod"),
    ),
    Rule(
        id="gke-no-default-service-account",
        title="Nodes are not the project's default account.",
        severity=Severity.HIGH,
        reason="It is an editor of the whole project in most of them.",
        remedy="Name a service account with roles/container.defaultNodeServiceAccount.",
        types=CLUSTER | POOL,
        check=_account,
        references=("CKV2_GCP_1", "CIS GKE 5.2.1"),
    ),
    Rule(
        id="gke-no-client-certificate",
        title="No certificate opens the cluster.",
        severity=Severity.MEDIUM,
        reason="It cannot be taken back, and nobody has to log in to use it.",
        remedy="Set masterAuth.clientCertificateConfig.issueClientCertificate to false.",
        types=CLUSTER,
        check=_certificate,
        references=("CKV_GCP_13",),
    ),
    Rule(
        id="gke-deletion-protection",
        title="A cluster of prod cannot be deleted by mistake.",
        severity=Severity.MEDIUM,
        reason="With it go every service, every volume, and the addresses that the world knows.",
        remedy="Leave deletionProtection out, or set it to true.",
        types=CLUSTER,
        check=_deletion,
        schema=tiers_schema("prod"),
    ),
)
