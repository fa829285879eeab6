"""The settings of an environment on Google Cloud: project, network, cluster. Rules in ``checks_gcp.py``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import (
    CIDR,
    GCP_CLUSTER,
    GCP_KEY,
    GCP_MACHINE,
    GCP_NAME,
    GCP_PROJECT,
    GCP_REGION,
    Frozen,
    SecretKey,
    Unit,
)
from components.spec.terraform_state import GcpTerraform

Name = Annotated[str, StringConstraints(pattern=GCP_NAME)]
Cidr = Annotated[str, StringConstraints(pattern=CIDR)]


class GcpNetwork(Frozen):
    """A VPC-native network that exists: nothing of it is changed."""

    name: Name = Field(description="Name of the VPC network in the project.")
    subnetwork: Name = Field(description="Name of its subnetwork in the region; nodes get their addresses there.")
    pods: Name = Field(description="Name of the subnetwork's secondary range for pods.")
    services: Name = Field(description="Name of the subnetwork's secondary range for services.")


class NodePool(Frozen):
    """Machines of one kind in a Standard cluster."""

    machine: Annotated[str, StringConstraints(pattern=GCP_MACHINE)] = Field(
        "e2-standard-4", description="Machine type, such as e2-standard-4."
    )
    minimum: Annotated[int, Field(ge=0, le=1000)] = Field(1, description="Machines at the least, over all zones.")
    maximum: Annotated[int, Field(ge=1, le=1000)] = Field(3, description="Machines at the most, over all zones.")
    disk: Annotated[int, Field(ge=10, le=65536), Unit("GiB")] = Field(50, description="GiB of each boot disk.")
    spot: bool = Field(False, description="Machines that Google may take away at 30 seconds' notice; not in prod.")


class GcpWatch(Frozen):
    """Who watches the services on GKE: Google Cloud Managed Service for Prometheus, which the cluster has, with the
    alerts that follow from each objective."""

    interval: Annotated[int, Field(ge=5, le=300), Unit("seconds")] = Field(
        30, description="Seconds between two looks at a service."
    )
    webhooks: tuple[SecretKey, ...] = Field(
        (),
        description="Keys in caas:secrets of URLs that take Alertmanager's messages. They are the managed "
        "Alertmanager's only configuration, so one environment of a cluster sets them. Default: whoever owns the "
        "cluster has configured it.",
    )


class Gcp(Frozen):
    """The project and the cluster, where the platform is `gke`."""

    project: Annotated[str, StringConstraints(pattern=GCP_PROJECT)] = Field(
        description="Id of the project, such as shop-prod-1234."
    )
    region: Annotated[str, StringConstraints(pattern=GCP_REGION)] = Field(description="Such as europe-west3.")
    repository: Literal["make", "existing"] = Field(
        "make",
        description="make declares the Artifact Registry repository that the registry's address names; existing uses "
        "that of another stack, so that a digest can be promoted from there.",
    )
    network: GcpNetwork | None = Field(None, description="A network that exists. Default: a new one.")
    terraform: GcpTerraform | None = Field(
        None, description="The names of an existing network are outputs of a Terraform state, in place of network."
    )
    cidr: Cidr = Field(
        "10.0.0.0/16",
        description="Addresses of the new network: a private range, /12 to /18. Pods get its upper half, nodes and "
        "services a sixteenth each.",
    )
    cluster: Annotated[str, StringConstraints(pattern=GCP_CLUSTER)] | None = Field(
        None,
        description="Name of a GKE cluster that exists in the region; nothing of it is changed, and its nodes must be "
        "allowed to pull from the registry. Default: a new one.",
    )
    mode: Literal["autopilot", "standard"] = Field(
        "autopilot", description="Who looks after the new cluster's nodes: Google, or the node pools that are listed."
    )
    node_pools: dict[Name, NodePool] = Field(
        default_factory=dict, description="Node pools of a cluster in mode standard, by name."
    )
    release_channel: Literal["RAPID", "REGULAR", "STABLE"] = Field(
        "REGULAR", description="How early the new cluster gets new versions of Kubernetes."
    )
    authorized_networks: dict[Name, Cidr] = Field(
        default_factory=dict,
        description="Who reaches the new cluster's control plane: a name for each range of addresses, such as "
        "office: 203.0.113.0/24. This program is run from one of them.",
    )
    binary_authorization: bool = Field(
        False, description="The cluster admits only images that the project's Binary Authorization policy admits."
    )
    kms_key: Annotated[str, StringConstraints(pattern=GCP_KEY)] | None = Field(
        None,
        description="Key that encrypts images, Kubernetes Secrets and backups, such as "
        "projects/P/locations/europe-west3/keyRings/R/cryptoKeys/K; the service agents of Artifact Registry, GKE and "
        "Backup for GKE must be allowed to use it. Default: Google's own keys.",
    )
    zone: Name | None = Field(
        None,
        description="Name of the Cloud DNS managed zone in the project that the services' hosts belong to: their "
        "certificates are proven and their addresses written there. Default: neither; a certificate is then issued "
        "once the host's record leads to the exported address.",
    )
    monitoring: GcpWatch | None = Field(
        None,
        description="Google's managed Prometheus watches the services. Default: it does not; see caas:monitoring for "
        "a Prometheus of the environment's own.",
    )
