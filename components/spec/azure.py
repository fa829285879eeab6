"""The settings of an environment on Azure: subscription, registry, network, certificates. Rules in
``checks_azure.py``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import (
    AZURE_CERTIFICATE,
    AZURE_GROUP,
    AZURE_LOCATION,
    AZURE_REGISTRY,
    AZURE_SUBNET,
    AZURE_SUBSCRIPTION,
    AZURE_VAULT,
    CIDR,
    Frozen,
    SecretKey,
)
from components.spec.monitoring import Address
from components.spec.service import DigestReference
from components.spec.terraform_state import AzureTerraform

SubnetId = Annotated[str, StringConstraints(pattern=AZURE_SUBNET)]


class AzureNetwork(Frozen):
    """Subnets that exist, all of one virtual network: nothing of it is changed."""

    containers: SubnetId = Field(
        description="Id of the subnet that is delegated to Microsoft.ContainerInstance/containerGroups and has a way "
        "out, such as a NAT gateway."
    )
    front: SubnetId = Field(description="Id of the subnet in which the services' internal addresses lie.")
    gateway: SubnetId | None = Field(
        None, description="Id of the Application Gateway's own subnet. Required where a service has ingress."
    )


class AzureWatch(Frozen):
    """Who watches the services on Container Instances: a collector beside each, Azure Monitor's managed Prometheus with
    the alerts that follow from each objective, and an action group for whoever is told."""

    collector: DigestReference = Field(
        description="Image of the OpenTelemetry Collector (contrib), as repository@sha256:…, in the environment's "
        "registry."
    )
    emails: tuple[Address, ...] = Field((), description="Who is told by e-mail.")
    webhooks: tuple[SecretKey, ...] = Field(
        (), description="Keys in caas:secrets of URLs that take Azure's common alert schema."
    )


class Azure(Frozen):
    """Subscription and network, where the platform is `azure-aci`."""

    subscription: Annotated[str, StringConstraints(pattern=AZURE_SUBSCRIPTION)] = Field(
        description="Id of the subscription, a UUID."
    )
    location: Annotated[str, StringConstraints(pattern=AZURE_LOCATION)] = Field(description="Such as westeurope.")
    resource_group: Annotated[str, StringConstraints(pattern=AZURE_GROUP)] | None = Field(
        None, description="Name of a resource group that exists. Default: a new one, <project>-<stack>."
    )
    registry: Annotated[str, StringConstraints(pattern=AZURE_REGISTRY)] | None = Field(
        None,
        description="Id of the container registry that registry.address names, where it exists already, so that a "
        "digest can be promoted from there. Default: it is made.",
    )
    quarantine: bool = Field(
        False,
        description="Images that are pushed cannot be pulled until a scanner of yours has released them.",
    )
    network: AzureNetwork | None = Field(None, description="Subnets that exist. Default: a new network.")
    terraform: AzureTerraform | None = Field(
        None, description="The ids of existing subnets are outputs of a Terraform state, in place of network."
    )
    cidr: Annotated[str, StringConstraints(pattern=CIDR)] = Field(
        "10.0.0.0/16",
        description="Addresses of the new network: a private range, /12 to /20. Containers get its upper half, the "
        "gateway and the internal addresses a sixteenth each.",
    )
    zones: tuple[Literal["1", "2", "3"], ...] = Field(
        ("1", "2", "3"),
        description="Zones over which instances are spread; prod takes two at the least. Empty where the location has "
        "none.",
    )
    vault: Annotated[str, StringConstraints(pattern=AZURE_VAULT)] | None = Field(
        None,
        description="Id of the Key Vault that holds the certificates, with access by roles. Required where a service "
        "is served over TLS.",
    )
    certificate: Annotated[str, StringConstraints(pattern=AZURE_CERTIFICATE)] | None = Field(
        None,
        description="Name of the certificate in that vault for every host without a tlsSecret of its own; renewed ones "
        "are taken over within hours.",
    )
    waf: Literal["managed", "none"] | None = Field(
        None,
        description="Microsoft's managed rules before the gateway, or none. Default: none in dev, managed in staging "
        "and prod.",
    )
    monitoring: AzureWatch | None = Field(
        None, description="Who watches the services. Default: nobody; logs go to the workspace all the same."
    )
