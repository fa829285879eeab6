"""The variables that a Terraform root may declare to hear of a stack, and where in the stack each value stands.

They are the same for every stack, and all have a default, so that one ``variables.tf`` serves a root that is applied
beside dev, staging and prod. Every name begins with ``caas_``: a file that Terraform loads by itself must not set a
``region`` that the root has for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SERVICES = "caas_services"

SERVICE: Mapping[str, tuple[str, str]] = {
    "image": ("image", "string"),
    "url": ("url", "string"),
    "port": ("port", "number"),
    "minimum": ("minimum", "number"),
    "maximum": ("maximum", "number"),
    "healthPath": ("health_path", "string"),
    "strategy": ("strategy", "string"),
    "namespace": ("namespace", "string"),
    "deployment": ("deployment", "string"),
    "cluster": ("cluster", "string"),
    "service": ("service", "string"),
    "taskDefinition": ("task_definition", "string"),
    "resourceGroup": ("resource_group", "string"),
    "nGroup": ("n_group", "string"),
    "profile": ("profile", "string"),
    "host": ("host", "string"),
}
"""What the program exports of a service -> the attribute's name and type."""


@dataclass(frozen=True)
class Variable:
    """One variable."""

    name: str
    type: str
    """A type constraint of Terraform."""
    description: str
    outputs: tuple[str, ...] = ()
    """Where it stands in the stack's outputs, ``aws.region``; the first that is there counts."""
    resources: Mapping[str, str] | None = None
    """Type of resources in the state -> their property that is told, for each by its name."""


_ALL = (
    Variable("caas_environment", "string", "Tier of the stack: dev, staging or prod.", ("environment",)),
    Variable("caas_platform", "string", "What the services run on.", ("platform",)),
    Variable("caas_account", "string", "Account on AWS.", ("aws.account",)),
    Variable("caas_project", "string", "Project on Google Cloud.", ("gke.project",)),
    Variable("caas_subscription", "string", "Subscription on Azure.", ("azure.subscription",)),
    Variable("caas_region", "string", "Region or location.", ("aws.region", "gke.region", "azure.location")),
    Variable("caas_cluster", "string", "ARN of the cluster on ECS, its name on GKE.", ("aws.cluster", "gke.cluster")),
    Variable("caas_resource_group", "string", "Resource group on Azure.", ("azure.resourceGroup",)),
    Variable("caas_kubeconfig", "string", "Path of the kubeconfig.", ("kubernetes.kubeconfig",)),
    Variable("caas_context", "string", "Context in the kubeconfig.", ("kubernetes.context",)),
    Variable(
        "caas_entry",
        "string",
        "Where requests come in: host of the load balancer, address of the front, or the ingress.",
        ("aws.loadBalancer", "gke.address", "azure.address", "kubernetes.ingressEndpoint"),
    ),
    Variable("caas_zone", "string", "Private DNS zone on Azure.", ("azure.zone",)),
    Variable("caas_prometheus", "string", "Where metrics are asked for.", ("aws.prometheus", "azure.prometheus")),
    Variable("caas_alerts", "string", "ARN of the topic of alerts on AWS.", ("aws.alerts",)),
    Variable(
        "caas_pipeline",
        "map(map(string))",
        "What lets a pipeline in, for each of its purposes.",
        ("pipeline",),
    ),
    Variable(
        "caas_networks",
        "map(string)",
        "Id of each network that the stack owns.",
        resources={
            "aws:ec2/vpc:Vpc": "id",
            "gcp:compute/network:Network": "id",
            "azure-native:network:VirtualNetwork": "id",
        },
    ),
    Variable(
        "caas_subnets",
        "map(string)",
        "Id of each subnet.",
        resources={"aws:ec2/subnet:Subnet": "id", "gcp:compute/subnetwork:Subnetwork": "id"},
    ),
    Variable(
        "caas_security_groups",
        "map(string)",
        "Id of each security group.",
        resources={"aws:ec2/securityGroup:SecurityGroup": "id"},
    ),
    Variable(
        "caas_log_groups",
        "map(string)",
        "Name of each log group.",
        resources={"aws:cloudwatch/logGroup:LogGroup": "name"},
    ),
    Variable(
        "caas_identities",
        "map(string)",
        "Who the services and their platform are: ARN of each role, address of each service account.",
        resources={"aws:iam/role:Role": "arn", "gcp:serviceaccount/account:Account": "email"},
    ),
    Variable(
        "caas_repositories",
        "map(string)",
        "Where images are pushed to.",
        resources={
            "aws:ecr/repository:Repository": "repositoryUrl",
            "gcp:artifactregistry/repository:Repository": "registryUri",
            "azure-native:containerregistry:Registry": "loginServer",
        },
    ),
)

UNTOLD: Mapping[str, str] = {
    "gke.kubeconfig": "a whole document; a root asks google_container_cluster for what it needs",
}
"""Outputs that no variable has, and why."""


def _service_type() -> str:
    attributes = ", ".join(f"{name} = optional({type_})" for name, type_ in SERVICE.values())
    return f"map(object({{ {attributes} }}))"


VARIABLES: tuple[Variable, ...] = (
    *_ALL,
    Variable(SERVICES, _service_type(), "Every service by its name; its image is a digest reference.", ("services",)),
)
"""All of them."""


def declarations() -> str:
    """The text of a ``variables.tf``."""
    head = "# Written by `caas export tfvars --variables`; the values come from `caas export tfvars --into`.\n"
    blocks = [
        f'\nvariable "{one.name}" {{\n'
        f'  description = "{one.description}"\n'
        f"  type        = {one.type}\n"
        f"  default     = {'{}' if one.type.startswith('map') else 'null'}\n"
        "}\n"
        for one in VARIABLES
    ]
    return head + "".join(blocks)
