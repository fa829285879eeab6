"""Tags and labels, however a platform spells them, and which resources can carry them. No rules here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from policies.pods import POD_TYPES
from policies.rule import UNKNOWN, Resource, read

AWS: Final = frozenset(
    f"aws:{token}"
    for token in (
        "acm/certificate:Certificate",
        "cloudwatch/logGroup:LogGroup",
        "cloudwatch/metricAlarm:MetricAlarm",
        "dynamodb/table:Table",
        "ec2/eip:Eip",
        "ec2/instance:Instance",
        "ec2/internetGateway:InternetGateway",
        "ec2/natGateway:NatGateway",
        "ec2/routeTable:RouteTable",
        "ec2/securityGroup:SecurityGroup",
        "ec2/subnet:Subnet",
        "ec2/vpc:Vpc",
        "ec2/vpcEndpoint:VpcEndpoint",
        "ecr/repository:Repository",
        "ecs/cluster:Cluster",
        "ecs/service:Service",
        "ecs/taskDefinition:TaskDefinition",
        "efs/fileSystem:FileSystem",
        "iam/role:Role",
        "kms/key:Key",
        "lambda/function:Function",
        "lb/loadBalancer:LoadBalancer",
        "lb/targetGroup:TargetGroup",
        "rds/cluster:Cluster",
        "rds/instance:Instance",
        "s3/bucket:Bucket",
        "secretsmanager/secret:Secret",
        "sns/topic:Topic",
        "sqs/queue:Queue",
        "wafv2/webAcl:WebAcl",
    )
)

AZURE: Final = frozenset(
    f"azure-native:{token}"
    for token in (
        "containerinstance:ContainerGroup",
        "containerinstance:ContainerGroupProfile",
        "containerinstance:NGroup",
        "containerregistry:Registry",
        "keyvault:Vault",
        "logic:Workflow",
        "managedidentity:UserAssignedIdentity",
        "monitor:ActionGroup",
        "monitor:MetricAlert",
        "network:ApplicationGateway",
        "network:LoadBalancer",
        "network:NatGateway",
        "network:NetworkSecurityGroup",
        "network:PublicIPAddress",
        "network:VirtualNetwork",
        "network:WebApplicationFirewallPolicy",
        "operationalinsights:Workspace",
        "privatedns:PrivateZone",
        "resources:ResourceGroup",
        "storage:StorageAccount",
    )
)

GOOGLE: Final = frozenset(
    f"gcp:{token}"
    for token in (
        "artifactregistry/repository:Repository",
        "certificatemanager/certificate:Certificate",
        "certificatemanager/certificateMap:CertificateMap",
        "compute/globalAddress:GlobalAddress",
        "compute/instance:Instance",
        "container/cluster:Cluster",
        "gkebackup/backupPlan:BackupPlan",
        "secretmanager/secret:Secret",
        "sql/databaseInstance:DatabaseInstance",
        "storage/bucket:Bucket",
    )
)

KUBERNETES: Final = POD_TYPES | frozenset(
    f"kubernetes:{token}"
    for token in (
        "autoscaling/v2:HorizontalPodAutoscaler",
        "core/v1:ConfigMap",
        "core/v1:Namespace",
        "core/v1:PersistentVolumeClaim",
        "core/v1:Secret",
        "core/v1:Service",
        "core/v1:ServiceAccount",
        "networking.k8s.io/v1:Ingress",
        "networking.k8s.io/v1:NetworkPolicy",
        "policy/v1:PodDisruptionBudget",
    )
)

TAGGABLE: Final = AWS | AZURE | GOOGLE | KUBERNETES

OF_A_SERVICE: Final = POD_TYPES | {
    "aws:ecs/service:Service",
    "aws:ecs/taskDefinition:TaskDefinition",
    "azure-native:containerinstance:ContainerGroup",
    "azure-native:containerinstance:ContainerGroupProfile",
    "azure-native:containerinstance:NGroup",
}
"""What runs, and is paid for, for one service."""

_BELOW_A_SERVICE = re.compile(r"caas:[a-z]+:Service\$")
"""Of a URN: below the component of a service."""

PLACES: Final = (("tags",), ("tagsAll",), ("labels",), ("resourceLabels",), ("metadata", "labels"))

DEFAULTS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "pulumi:providers:aws": (("defaultTags", "tags"),),
    "pulumi:providers:gcp": (("defaultLabels",),),
}
"""Providers that write tags of their own on all that they make, and where those stand."""

SPELLINGS: Final[Mapping[str, frozenset[str]]] = {
    "owner": frozenset({"owner", "team"}),
    "environment": frozenset({"environment", "env"}),
    "cost-centre": frozenset({"costcentre", "costcenter"}),
    "service": frozenset({"service", "appkubernetesioname"}),
}
"""What must be known of a resource -> the keys that tell it, without prefix, case and separators."""


def key(tag: str) -> str:
    """``caas:cost-centre``, ``caas.cost-centre`` and ``CostCentre`` are one key."""
    return re.sub(r"^caas[:.\-_]|[^a-z]", "", tag.lower())


def of_a_service(resource: Resource) -> bool:
    """Whether it is there for one service, by what it is, or by the component that it stands in."""
    return resource.type in OF_A_SERVICE or _BELOW_A_SERVICE.search(resource.urn) is not None


def own(resource: Resource) -> dict[str, Any] | Any:
    """The tags of a resource; UNKNOWN where a whole set of them is."""
    found: dict[str, Any] = {}
    for place in PLACES:
        here = read(resource.properties, *place)
        if here is UNKNOWN:
            return UNKNOWN
        found.update(here if isinstance(here, Mapping) else {})
    return found


def defaults(resources: Iterable[Resource]) -> dict[str, dict[str, Any]]:
    """Package -> the tags that each of its providers in the stack writes on everything."""
    found: dict[str, dict[str, Any]] = {}
    for resource in resources:
        for place in DEFAULTS.get(resource.type, ()):
            given = _parsed(read(resource.properties, place[0]))
            tags = read(given, *place[1:])
            written = dict(tags) if isinstance(tags, Mapping) else {}
            package = resource.type.rpartition(":")[2]
            common = found.get(package, written)
            found[package] = {tag: value for tag, value in written.items() if tag in common}
    return found


def _parsed(given: Any) -> Any:
    """What a provider is given for a list or mapping: JSON."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        return None
