"""Resource type -> the permissions of Google Cloud that declaring one takes: to read it, and to make, change and remove
it. Pure data ("IAM permissions reference").

Who may do what - members of roles, pools of identities, service accounts - is read here and applied by an
administrator: whoever may set a policy of a project has the project. Node pools are made by one as well, since making
one means acting as their account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rights:
    """What one type takes."""

    read: tuple[str, ...]
    write: tuple[str, ...] = ()


def _usual(collection: str, *more: str, read: tuple[str, ...] = (), made: bool = True) -> Rights:
    """``get`` to read; ``create``, ``delete``, ``update`` to write, and what a type asks for besides."""
    changes = (*(("create", "delete") if made else ()), "update", *more)
    return Rights((f"{collection}.get", *read), tuple(f"{collection}.{change}" for change in changes))


_OPERATION = ("compute.globalOperations.get", "compute.regionOperations.get")
_CERTIFICATES = ("certificatemanager.operations.get",)

RIGHTS: Mapping[str, Rights] = {
    "gcp:artifactregistry/repository:Repository": _usual("artifactregistry.repositories"),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": Rights(
        ("artifactregistry.repositories.getIamPolicy",)
    ),
    "gcp:certificatemanager/certificate:Certificate": _usual("certificatemanager.certs", read=_CERTIFICATES),
    "gcp:certificatemanager/certificateMap:CertificateMap": _usual("certificatemanager.certmaps", read=_CERTIFICATES),
    "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": _usual(
        "certificatemanager.certmapentries", read=_CERTIFICATES
    ),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": _usual(
        "certificatemanager.dnsauthorizations", "use", read=_CERTIFICATES
    ),
    "gcp:compute/globalAddress:GlobalAddress": Rights(
        ("compute.globalAddresses.get", *_OPERATION),
        (
            "compute.globalAddresses.create",
            "compute.globalAddresses.delete",
            "compute.globalAddresses.setLabels",
            "compute.globalAddresses.use",
        ),
    ),
    "gcp:compute/network:Network": _usual("compute.networks", "updatePolicy", "use", read=_OPERATION),
    "gcp:compute/router:Router": _usual("compute.routers", "use", read=_OPERATION),
    "gcp:compute/routerNat:RouterNat": _usual("compute.routers", "use", read=_OPERATION, made=False),
    "gcp:compute/sSLPolicy:SSLPolicy": _usual("compute.sslPolicies", "use", read=_OPERATION),
    "gcp:compute/subnetwork:Subnetwork": _usual("compute.subnetworks", "use", read=_OPERATION),
    "gcp:container/cluster:Cluster": _usual("container.clusters", read=("container.operations.get",)),
    "gcp:container/nodePool:NodePool": Rights(
        ("container.clusters.get", "container.operations.get", "compute.instanceGroupManagers.get"),
        ("container.clusters.update",),
    ),
    "gcp:dns/recordSet:RecordSet": Rights(
        ("dns.changes.get", "dns.managedZones.get", "dns.resourceRecordSets.get", "dns.resourceRecordSets.list"),
        (
            "dns.changes.create",
            "dns.resourceRecordSets.create",
            "dns.resourceRecordSets.delete",
            "dns.resourceRecordSets.update",
        ),
    ),
    "gcp:gkebackup/backupPlan:BackupPlan": _usual("gkebackup.backupPlans", read=("gkebackup.operations.get",)),
    "gcp:projects/iAMMember:IAMMember": Rights(("resourcemanager.projects.getIamPolicy",)),
    "gcp:serviceaccount/account:Account": Rights(("iam.serviceAccounts.get",)),
    "gcp:serviceaccount/iAMMember:IAMMember": Rights(("iam.serviceAccounts.getIamPolicy",)),
}
"""Every type that a stack on Google Cloud may declare."""

IDENTITY = (
    "iam.roles.get",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "iam.workloadIdentityPoolProviders.get",
    "iam.workloadIdentityPools.get",
    "resourcemanager.projects.getIamPolicy",
)
"""What reading the pipeline's own identity takes: it is part of what is declared."""

SEE_STATE = ("cloudkms.cryptoKeys.getIamPolicy", "storage.buckets.getIamPolicy")
"""What reading its rights on the states' backend takes, where that lies in the environment's project."""

DELIVERY = Rights(
    ("artifactregistry.repositories.downloadArtifacts", "container.clusters.get", "monitoring.timeSeries.list"),
    (
        "artifactregistry.repositories.uploadArtifacts",
        "artifactregistry.tags.create",
        "artifactregistry.tags.delete",
        "artifactregistry.tags.update",
    ),
)
"""What `caas` itself asks whatever is declared: images, how services do, and the cluster, inside of which the cluster's
own roles count."""
