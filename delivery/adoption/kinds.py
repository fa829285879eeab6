"""Which resource of Terraform is which of Pulumi's, by what two of them are known to be the same, and by what id a
provider imports it. As the providers' documentation of each resource has it (its chapter *Import*).

What is not here stays with Terraform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from delivery.preview.values import known

_PART = re.compile(r"\{([a-z0-9_.]+)(:last)?\}")


@dataclass(frozen=True)
class Kind:
    """One type of resource."""

    token: str
    """Pulumi's type."""
    id: str
    """What it is imported by: attributes in braces; ``:last`` takes what follows the last slash, as of an ARN."""
    same: tuple[str, ...] = ()
    """Attributes that are equal where two are the same; ``alarm_name=name`` where Pulumi calls it otherwise. With none
    it is known by its type alone: there may be one."""

    def identified(self, attributes: Mapping[str, Any]) -> str | None:
        """The id to import it by; None where an attribute of it is missing."""
        parts = {match[0]: _text(at(attributes, match[1]), last=bool(match[2])) for match in _PART.finditer(self.id)}
        if not all(parts.values()):
            return None
        return _PART.sub(lambda match: str(parts[match[0]]), self.id)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Path in Terraform's attributes, and the path in Pulumi's inputs that is compared with it."""
        for one in self.same:
            theirs, _, ours = one.partition("=")
            yield theirs, ours or camel(theirs)


def camel(path: str) -> str:
    """``metadata.0.cluster_name`` -> ``metadata.clusterName``: of a list of one Pulumi has the one."""
    words = (one for one in path.split(".") if not one.isdigit())
    return ".".join(re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), one) for one in words)


def at(values: Any, path: str) -> Any:
    """The value at a path with dots; None where there is none. Of what is not known as a whole, no part is."""
    for key in path.split("."):
        if not known(values):
            return values
        if isinstance(values, list):
            values = values[int(key)] if key.isdigit() and int(key) < len(values) else None
        else:
            values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _text(value: Any, *, last: bool) -> str | None:
    if value is None or value == "":
        return None
    return str(value).rpartition("/")[2] if last else str(value)


_RULE = ("security_group_id", "referenced_security_group_id", "cidr_ipv4", "prefix_list_id", "from_port", "to_port")
_SCALED = "{service_namespace}/{resource_id}/{scalable_dimension}"

_OF_BUCKETS = {
    "policy": "Policy",
    "public_access_block": "PublicAccessBlock",
    "lifecycle_configuration": "LifecycleConfiguration",
    "server_side_encryption_configuration": "ServerSideEncryptionConfiguration",
}

AWS: Mapping[str, Kind] = {
    "aws_ecs_cluster": Kind("aws:ecs/cluster:Cluster", "{name}", ("name",)),
    "aws_ecs_cluster_capacity_providers": Kind(
        "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders", "{cluster_name}", ("cluster_name",)
    ),
    "aws_ecs_service": Kind("aws:ecs/service:Service", "{cluster:last}/{name}", ("name",)),
    "aws_ecs_task_definition": Kind("aws:ecs/taskDefinition:TaskDefinition", "{arn}", ("family",)),
    "aws_service_discovery_http_namespace": Kind("aws:servicediscovery/httpNamespace:HttpNamespace", "{id}", ("name",)),
    "aws_appautoscaling_target": Kind(
        "aws:appautoscaling/target:Target", _SCALED, ("resource_id", "scalable_dimension")
    ),
    "aws_appautoscaling_policy": Kind(
        "aws:appautoscaling/policy:Policy", f"{_SCALED}/{{name}}", ("name", "resource_id")
    ),
    "aws_lb": Kind("aws:lb/loadBalancer:LoadBalancer", "{arn}", ("name",)),
    "aws_alb": Kind("aws:lb/loadBalancer:LoadBalancer", "{arn}", ("name",)),
    "aws_lb_listener": Kind("aws:lb/listener:Listener", "{arn}", ("port", "load_balancer_arn")),
    "aws_lb_listener_rule": Kind("aws:lb/listenerRule:ListenerRule", "{arn}", ("priority", "listener_arn")),
    "aws_lb_target_group": Kind("aws:lb/targetGroup:TargetGroup", "{arn}", ("name",)),
    "aws_security_group": Kind("aws:ec2/securityGroup:SecurityGroup", "{id}", ("name",)),
    "aws_vpc_security_group_ingress_rule": Kind(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "{id}", _RULE
    ),
    "aws_vpc_security_group_egress_rule": Kind(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "{id}", _RULE
    ),
    "aws_cloudwatch_log_group": Kind("aws:cloudwatch/logGroup:LogGroup", "{name}", ("name",)),
    "aws_cloudwatch_metric_alarm": Kind("aws:cloudwatch/metricAlarm:MetricAlarm", "{alarm_name}", ("alarm_name=name",)),
    "aws_iam_role": Kind("aws:iam/role:Role", "{name}", ("name",)),
    "aws_iam_role_policy": Kind("aws:iam/rolePolicy:RolePolicy", "{role}:{name}", ("name",)),
    "aws_iam_role_policy_attachment": Kind(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "{role}/{policy_arn}", ("role", "policy_arn")
    ),
    "aws_ecr_repository": Kind("aws:ecr/repository:Repository", "{name}", ("name",)),
    "aws_ecr_lifecycle_policy": Kind("aws:ecr/lifecyclePolicy:LifecyclePolicy", "{repository}", ("repository",)),
    "aws_kms_key": Kind("aws:kms/key:Key", "{key_id}", ("description",)),
    "aws_kms_alias": Kind("aws:kms/alias:Alias", "{name}", ("name",)),
    **{
        f"aws_s3_bucket_{name}": Kind(f"aws:s3/bucket{token}:Bucket{token}", "{bucket}", ("bucket",))
        for name, token in _OF_BUCKETS.items()
    },
    "aws_vpc": Kind("aws:ec2/vpc:Vpc", "{id}", ("cidr_block",)),
    "aws_subnet": Kind("aws:ec2/subnet:Subnet", "{id}", ("cidr_block",)),
    "aws_route_table": Kind("aws:ec2/routeTable:RouteTable", "{id}", ("tags.Name",)),
    "aws_route": Kind(
        "aws:ec2/route:Route",
        "{route_table_id}_{destination_cidr_block}",
        ("route_table_id", "destination_cidr_block"),
    ),
    "aws_route_table_association": Kind(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "{subnet_id}/{route_table_id}",
        ("subnet_id", "route_table_id"),
    ),
    "aws_eip": Kind("aws:ec2/eip:Eip", "{allocation_id}", ("tags.Name",)),
    "aws_nat_gateway": Kind("aws:ec2/natGateway:NatGateway", "{id}", ("subnet_id",)),
    "aws_flow_log": Kind("aws:ec2/flowLog:FlowLog", "{id}", ("vpc_id",)),
    "aws_default_security_group": Kind("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "{id}", ("vpc_id",)),
    "aws_s3_bucket": Kind("aws:s3/bucket:Bucket", "{bucket}", ("bucket",)),
    "aws_internet_gateway": Kind("aws:ec2/internetGateway:InternetGateway", "{id}"),
    "aws_vpc_endpoint": Kind("aws:ec2/vpcEndpoint:VpcEndpoint", "{id}", ("service_name",)),
}

_CLUSTER = "projects/{project}/locations/{location}/clusters"

GOOGLE: Mapping[str, Kind] = {
    "google_container_cluster": Kind("gcp:container/cluster:Cluster", f"{_CLUSTER}/{{name}}", ("name", "location")),
    "google_container_node_pool": Kind(
        "gcp:container/nodePool:NodePool",
        f"{_CLUSTER}/{{cluster:last}}/nodePools/{{name}}",
        ("name", "cluster"),
    ),
    "google_artifact_registry_repository": Kind(
        "gcp:artifactregistry/repository:Repository",
        "projects/{project}/locations/{location}/repositories/{repository_id}",
        ("repository_id", "location"),
    ),
    "google_service_account": Kind(
        "gcp:serviceaccount/account:Account", "projects/{project}/serviceAccounts/{email}", ("account_id",)
    ),
    "google_compute_network": Kind(
        "gcp:compute/network:Network", "projects/{project}/global/networks/{name}", ("name",)
    ),
    "google_compute_subnetwork": Kind(
        "gcp:compute/subnetwork:Subnetwork", "projects/{project}/regions/{region}/subnetworks/{name}", ("name",)
    ),
    "google_compute_router": Kind(
        "gcp:compute/router:Router", "projects/{project}/regions/{region}/routers/{name}", ("name",)
    ),
    "google_compute_router_nat": Kind(
        "gcp:compute/routerNat:RouterNat", "{project}/{region}/{router:last}/{name}", ("name",)
    ),
}

_NAMED = ("metadata.0.name", "metadata.0.namespace")
_INSIDE = "{metadata.0.namespace}/{metadata.0.name}"

_IN_NAMESPACES = {
    "deployment": "kubernetes:apps/v1:Deployment",
    "service": "kubernetes:core/v1:Service",
    "service_account": "kubernetes:core/v1:ServiceAccount",
    "config_map": "kubernetes:core/v1:ConfigMap",
    "horizontal_pod_autoscaler": "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "pod_disruption_budget": "kubernetes:policy/v1:PodDisruptionBudget",
    "ingress": "kubernetes:networking.k8s.io/v1:Ingress",
    "network_policy": "kubernetes:networking.k8s.io/v1:NetworkPolicy",
}

_NAMESPACE = Kind("kubernetes:core/v1:Namespace", "{metadata.0.name}", ("metadata.0.name",))

KUBERNETES: Mapping[str, Kind] = {
    **{
        f"kubernetes_{name}{version}": Kind(token, _INSIDE, _NAMED)
        for name, token in _IN_NAMESPACES.items()
        for version in ("", "_v1", "_v2")
    },
    "kubernetes_namespace": _NAMESPACE,
    "kubernetes_namespace_v1": _NAMESPACE,
}

KINDS: Mapping[str, Kind] = {**AWS, **GOOGLE, **KUBERNETES}
"""Terraform's type -> what it is here."""
