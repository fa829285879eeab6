"""The settings of an environment on AWS: account, network, certificate, key. Rules in ``checks_aws.py``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import (
    AWS_ACCOUNT,
    AWS_CERTIFICATE,
    AWS_KEY,
    AWS_PREFIX_LIST,
    AWS_REGION,
    AWS_SECURITY_GROUP,
    AWS_SUBNET,
    AWS_VPC,
    AWS_ZONE,
    CIDR,
    Frozen,
    Unit,
)

SubnetId = Annotated[str, StringConstraints(pattern=AWS_SUBNET)]
Region = Annotated[str, StringConstraints(pattern=AWS_REGION)]
Zone = Annotated[str, StringConstraints(pattern=AWS_ZONE)]


class ExistingNetwork(Frozen):
    """A network that exists: nothing of it is changed."""

    id: Annotated[str, StringConstraints(pattern=AWS_VPC)] = Field(
        description="The VPC, such as vpc-0123456789abcdef0."
    )
    private_subnets: tuple[SubnetId, ...] = Field(description="Where the services run: one in each of 2 or 3 zones.")
    public_subnets: tuple[SubnetId, ...] = Field(
        description="Where the load balancer stands: one in each of 2 or 3 zones."
    )
    endpoint_group: Annotated[str, StringConstraints(pattern=AWS_SECURITY_GROUP)] | None = Field(
        None,
        description="Security group of the VPC's interface endpoints (ecr.api, ecr.dkr, logs, secretsmanager, ssm); "
        "it must admit the services' subnets on port 443. Together with s3PrefixList the only way out. "
        "Default: services may open HTTPS connections to anywhere, since AWS's own services are then reached over NAT.",
    )
    s3_prefix_list: Annotated[str, StringConstraints(pattern=AWS_PREFIX_LIST)] | None = Field(
        None, description="Prefix list of S3 in the region, where image layers lie; together with endpointGroup."
    )


class Aws(Frozen):
    """The account and the network, where the platform is `aws-ecs`."""

    region: Region = Field(description="Such as eu-central-1.")
    account: Annotated[str, StringConstraints(pattern=AWS_ACCOUNT)] | None = Field(
        None, description="The only account that is touched, twelve digits in quotes. Default: the registry's."
    )
    repositories: Literal["make", "existing"] = Field(
        "make",
        description="make declares an ECR repository for each image that is built; existing uses those of another "
        "stack, so that a digest can be promoted from there.",
    )
    vpc: ExistingNetwork | None = Field(None, description="A network that exists. Default: a new one.")
    cidr: Annotated[str, StringConstraints(pattern=CIDR)] = Field(
        "10.0.0.0/16", description="Addresses of the new network: a private range, /16 to /22."
    )
    zones: tuple[Zone, ...] = Field(
        (), description="Availability zones of the new network, 2 or 3. Default: a, b and c of the region."
    )
    nat: Literal["none", "single", "zone"] = Field(
        "none",
        description="NAT gateways of the new network: none, one for all zones, or one in each. AWS's own services are "
        "reached through VPC endpoints; only what services call on the internet (egress) needs one.",
    )
    certificate: Annotated[str, StringConstraints(pattern=AWS_CERTIFICATE)] | None = Field(
        None, description="ARN of the ACM certificate that the load balancer serves, for services with TLS."
    )
    kms_key: Annotated[str, StringConstraints(pattern=AWS_KEY)] | None = Field(
        None,
        description="ARN of the key that encrypts logs, secrets, images and volumes; its policy must admit CloudWatch "
        "Logs. Default: one of the environment's own, rotated each year.",
    )
    architecture: Literal["arm64", "amd64"] = Field(
        "arm64", description="Processor of the instances; images that are built here are built for it."
    )
    spot: Annotated[int, Field(ge=0, le=100), Unit("percent")] = Field(
        0, description="Share of the instances on Fargate Spot, which AWS may take away at any time; 0 in prod."
    )
