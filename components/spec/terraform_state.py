"""Where a Terraform state is kept, and which of its outputs name a network. What is in them: ``terraform.py``.

No key, token or password has a place here: who reads a state is said by the environment, as for every other call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, StringConstraints

from components.spec.base import (
    AWS_REGION,
    AZURE_CONTAINER,
    AZURE_STORAGE,
    HOST_NAME,
    OBJECT_PATH,
    STATE_ADDRESS,
    STATE_BUCKET,
    TERRAFORM_NAME,
    Frozen,
    RelativePath,
)

Name = Annotated[str, StringConstraints(pattern=TERRAFORM_NAME)]
ObjectPath = Annotated[str, StringConstraints(pattern=OBJECT_PATH)]
Bucket = Annotated[str, StringConstraints(pattern=STATE_BUCKET)]

WORKSPACE = "Terraform's workspace."


class LocalState(Frozen):
    """A file. Its key is ``state`` itself."""

    path: RelativePath = Field(description="The file, relative to the directory of Pulumi.yaml.")


class S3State(Frozen):
    """Terraform's backend `s3`, read as who the environment says (AWS's own variables, a web identity, a profile)."""

    bucket: Bucket = Field(description="Name of the bucket.")
    key: ObjectPath = Field(description="The state's key in the bucket, as in the backend's block.")
    region: Annotated[str, StringConstraints(pattern=AWS_REGION)] = Field(description="Region of the bucket.")
    workspace: Name = Field("default", description=WORKSPACE)


class GcsState(Frozen):
    """Terraform's backend `gcs`, read as who the environment says (application default credentials)."""

    bucket: Bucket = Field(description="Name of the bucket.")
    prefix: ObjectPath | None = Field(None, description="The backend's prefix. Default: none.")
    workspace: Name = Field("default", description=WORKSPACE)


class AzurermState(Frozen):
    """Terraform's backend `azurerm`, read with Microsoft Entra as who the environment's ARM_ variables say."""

    storage_account: Annotated[str, StringConstraints(pattern=AZURE_STORAGE)] = Field(
        description="Name of the storage account."
    )
    container: Annotated[str, StringConstraints(pattern=AZURE_CONTAINER)] = Field(description="Name of the container.")
    key: ObjectPath = Field(description="Name of the state's blob, as in the backend's block.")
    workspace: Name = Field("default", description=WORKSPACE)


class HttpState(Frozen):
    """Terraform's backend `http`, such as GitLab's; TF_HTTP_USERNAME and TF_HTTP_PASSWORD say who reads."""

    address: Annotated[str, StringConstraints(pattern=STATE_ADDRESS)] = Field(
        description="The state's address: https://, without user, password or query; http:// on this machine only."
    )


class HcpState(Frozen):
    """HCP Terraform or Terraform Enterprise; TF_TOKEN_app_terraform_io (the host, _ for each dot) says who reads."""

    organization: Name = Field(description="Name of the organization.")
    workspace: Name = Field(description="Name of the workspace.")
    hostname: Annotated[str, StringConstraints(pattern=HOST_NAME)] = Field(
        "app.terraform.io", description="Where the organization is."
    )


Backend = LocalState | S3State | GcsState | AzurermState | HttpState | HcpState


class TerraformState(Frozen):
    """Where a state is kept: exactly one of these."""

    state: RelativePath | None = Field(
        None,
        description="A local state file (format 4), relative to the directory of Pulumi.yaml: such as "
        "network/terraform.tfstate.",
    )
    s3: S3State | None = Field(None, description="The state is in an S3 bucket.")
    gcs: GcsState | None = Field(None, description="The state is in a bucket of Google Cloud Storage.")
    azurerm: AzurermState | None = Field(None, description="The state is a blob in an Azure storage account.")
    http: HttpState | None = Field(None, description="The state is behind a web server, such as GitLab's.")
    hcp: HcpState | None = Field(None, description="The state is in HCP Terraform or Terraform Enterprise.")

    def backends(self) -> Iterator[tuple[str, Backend]]:
        """What is given, by its key."""
        if self.state is not None:
            yield "state", LocalState(path=self.state)
        for key in ("s3", "gcs", "azurerm", "http", "hcp"):
            backend: Backend | None = getattr(self, key)
            if backend is not None:
                yield key, backend


class TerraformNetwork(TerraformState):
    """Where a network's ids stand among the outputs of a Terraform state."""

    vpc: str = Field("vpc_id", description="Name of the output that holds the VPC's id.")
    private_subnets: str = Field("private_subnets", description="Name of the output that lists the private subnets.")
    public_subnets: str = Field("public_subnets", description="Name of the output that lists the public subnets.")


class GcpTerraform(TerraformState):
    """Where the names of a network on Google Cloud stand among the outputs of a Terraform state."""

    name: str = Field("network", description="Name of the output that holds the network's name.")
    subnetwork: str = Field("subnetwork", description="Name of the output that holds the subnetwork's name.")
    pods: str = Field("pods_range", description="Name of the output that holds the name of the pods' range.")
    services: str = Field("services_range", description="Name of the output with the name of the services' range.")


class AzureTerraform(TerraformState):
    """Where the ids of subnets on Azure stand among the outputs of a Terraform state."""

    containers: str = Field(
        "containers_subnet", description="Name of the output with the id of the containers' subnet."
    )
    front: str = Field("front_subnet", description="Name of the output with the internal addresses' subnet's id.")
    gateway: str | None = Field(
        None,
        description="Name of the output with the id of the gateway's subnet. Required where a service has ingress.",
    )
