"""The settings of an environment on AWS: account, network, certificate, key. Rules in ``checks_aws.py``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import (
    AWS_ACCOUNT,
    AWS_BALANCER,
    AWS_CERTIFICATE,
    AWS_CLUSTER,
    AWS_HOSTED_ZONE,
    AWS_KEY,
    AWS_LISTENER,
    AWS_PREFIX_LIST,
    AWS_REGION,
    AWS_SECURITY_GROUP,
    AWS_SUBNET,
    AWS_TOPIC,
    AWS_VPC,
    AWS_WEB_ACL,
    AWS_ZONE,
    CIDR,
    Frozen,
    SecretKey,
    Unit,
)
from components.spec.monitoring import Address
from components.spec.service import DigestReference
from components.spec.terraform_state import TerraformNetwork

SubnetId = Annotated[str, StringConstraints(pattern=AWS_SUBNET)]
PRIORITIES = 50000
"""Priorities of a listener's rules ("Listener rules", Application Load Balancers guide)."""

SHARE = 2500
"""Priorities of one environment on a listener that it shares."""

Region = Annotated[str, StringConstraints(pattern=AWS_REGION)]
Zone = Annotated[str, StringConstraints(pattern=AWS_ZONE)]


class ExistingNetwork(Frozen):
    """A network that exists: nothing of it is changed. Named in exactly one way: by id, by tags, or by the outputs of
    a Terraform state."""

    id: Annotated[str, StringConstraints(pattern=AWS_VPC)] | None = Field(
        None, description="The VPC, such as vpc-0123456789abcdef0; together with privateSubnets and publicSubnets."
    )
    private_subnets: tuple[SubnetId, ...] = Field(
        (), description="Where the services run, beside id: one in each of 2 or 3 zones."
    )
    public_subnets: tuple[SubnetId, ...] = Field(
        (), description="Where the load balancer stands, beside id: one in each of 2 or 3 zones."
    )
    tags: dict[str, str] = Field(
        default_factory=dict,
        description="Tags that one VPC has, and no other in the region; together with privateTags and publicTags.",
    )
    private_tags: dict[str, str] = Field(
        default_factory=dict, description="Tags that one private subnet has in each of the zones, beside tags."
    )
    public_tags: dict[str, str] = Field(
        default_factory=dict, description="Tags that one public subnet has in each of the zones, beside tags."
    )
    terraform: TerraformNetwork | None = Field(
        None, description="The ids are outputs of a Terraform state; read before anything is declared."
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


class ExistingBalancer(Frozen):
    """An Application Load Balancer that exists and is shared. Rules are added to its listeners, and to its security
    group ways to the services' ports; its certificates, web ACL and logs are its owner's."""

    arn: Annotated[str, StringConstraints(pattern=AWS_BALANCER)] = Field(description="ARN of the load balancer.")
    listener: Annotated[str, StringConstraints(pattern=AWS_LISTENER)] = Field(description="ARN of its HTTPS listener.")
    http_listener: Annotated[str, StringConstraints(pattern=AWS_LISTENER)] | None = Field(
        None, description="ARN of its HTTP listener. Required where a service has ingress without TLS."
    )
    security_group: Annotated[str, StringConstraints(pattern=AWS_SECURITY_GROUP)] = Field(
        description="Its security group: what the services admit."
    )
    priority_offset: Annotated[int, Field(ge=0, le=PRIORITIES - SHARE)] = Field(
        0,
        description="The environment's rules take priorities from offset + 1 to offset + 2500; give each environment "
        "on one listener a range of its own: 0, 2500, 5000, …",
    )


class Watch(Frozen):
    """Who watches the services on ECS: a collector beside each, Amazon Managed Service for Prometheus with the alerts
    that follow from each objective, and an SNS topic for whoever is told."""

    collector: DigestReference = Field(
        description="Image of the AWS Distro for OpenTelemetry, as repository@sha256:…, where the services' tasks can "
        "pull it: such as a copy in ECR."
    )
    emails: tuple[Address, ...] = Field(
        (), description="Who is told by e-mail; each confirms once what AWS then sends."
    )
    webhooks: tuple[SecretKey, ...] = Field(
        (),
        description="Keys in caas:secrets of URLs (https) that take and confirm SNS's messages, such as those of "
        "PagerDuty's integration for CloudWatch.",
    )
    topic: Annotated[str, StringConstraints(pattern=AWS_TOPIC)] | None = Field(
        None,
        description="ARN of a topic that exists, whose policy admits aps.amazonaws.com and cloudwatch.amazonaws.com. "
        "Exactly one of the topic, and emails or webhooks of a new one.",
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
        (),
        description="Availability zones of the network, 2 or 3, where it is new or found by tags. Default: a, b and c "
        "of the region.",
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
    cluster: Annotated[str, StringConstraints(pattern=AWS_CLUSTER)] | None = Field(
        None,
        description="Name or ARN of an ECS cluster that exists; it needs the capacity provider FARGATE, and where spot "
        "is set FARGATE_SPOT. Default: a new one.",
    )
    load_balancer: ExistingBalancer | None = Field(
        None, description="A load balancer that exists and is shared. Default: a new one for the environment."
    )
    waf: Annotated[str, StringConstraints(pattern=AWS_WEB_ACL)] | None = Field(
        None,
        description="The web ACL (WAFv2) in front of the load balancer: `managed` makes one with AWS's managed rules, "
        "`none` has none, an ARN names one that exists. Default: managed in staging and prod, none in dev.",
    )
    monitoring: Watch | None = Field(
        None,
        description="Who watches the services. Default: CloudWatch's alarms, which take a bad version back and tell "
        "nobody.",
    )
    zone: Annotated[str, StringConstraints(pattern=AWS_HOSTED_ZONE)] | None = Field(
        None,
        description="Id of the public Route 53 zone of the services' host names: alias records lead to the load "
        "balancer, and where no certificate is named, one is made and validated there. Default: DNS is left alone.",
    )
    builds_kept: Annotated[int, Field(ge=1, le=3650), Unit("days")] | None = Field(
        None,
        description="Days after which an image goes that no environment runs: one without a tag live-<stack>-<n>, "
        "which `caas up` sets once a deployment is proven. Default: images that were built stay for ever; set it only "
        "where every deployment goes through `caas up`.",
    )
    architecture: Literal["arm64", "amd64"] = Field(
        "arm64", description="Processor of the instances; images that are built here are built for it."
    )
    spot: Annotated[int, Field(ge=0, le=100), Unit("percent")] = Field(
        0, description="Share of the instances on Fargate Spot, which AWS may take away at any time; 0 in prod."
    )
