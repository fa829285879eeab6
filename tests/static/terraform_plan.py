"""What a program declares on AWS or Google Cloud, as the plan that Terraform would write: what other people's tools
read.

Pulumi's packages for the two are made from Terraform's providers, so a resource's properties are the same under
another spelling: ``capacityProviderStrategies`` is the repeated block ``capacity_provider_strategy``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.components.recorder import Declared, Recording

CLOUDS = ("aws", "gcp")

NAMES = {
    "aws:lb/loadBalancer": "aws_lb",
    "aws:lb/targetGroup": "aws_lb_target_group",
    "aws:lb/listener": "aws_lb_listener",
    "aws:s3/bucket": "aws_s3_bucket",
    "aws:vpc/securityGroupIngressRule": "aws_vpc_security_group_ingress_rule",
    "aws:vpc/securityGroupEgressRule": "aws_vpc_security_group_egress_rule",
    "aws:cloudwatch/logGroup": "aws_cloudwatch_log_group",
    "aws:cloudwatch/metricAlarm": "aws_cloudwatch_metric_alarm",
    "aws:ec2/eip": "aws_eip",
    "aws:servicediscovery/httpNamespace": "aws_service_discovery_http_namespace",
    "gcp:serviceaccount/account": "google_service_account",
    "gcp:serviceaccount/iAMMember": "google_service_account_iam_member",
    "gcp:projects/iAMMember": "google_project_iam_member",
    "gcp:artifactregistry/repository": "google_artifact_registry_repository",
    "gcp:artifactregistry/repositoryIamMember": "google_artifact_registry_repository_iam_member",
    "gcp:binaryauthorization/policy": "google_binary_authorization_policy",
    "gcp:gkebackup/backupPlan": "google_gke_backup_backup_plan",
    "gcp:certificatemanager/certificate": "google_certificate_manager_certificate",
    "gcp:certificatemanager/certificateMap": "google_certificate_manager_certificate_map",
    "gcp:certificatemanager/certificateMapEntry": "google_certificate_manager_certificate_map_entry",
    "gcp:certificatemanager/dnsAuthorization": "google_certificate_manager_dns_authorization",
    "gcp:dns/recordSet": "google_dns_record_set",
}
"""Where Terraform's name does not follow from Pulumi's by the rule below."""

WITHOUT_MODULE = {"aws": ("ec2",), "gcp": ()}
"""Modules that Terraform's names leave out: ``aws:ec2/subnet`` is ``aws_subnet``."""

PREFIX = {"aws": "aws", "gcp": "google"}

MAPS = {"tags", "tags_all", "labels", "resource_labels", "default_tags", "annotations", "user_labels", "triggers"}
"""Properties that are maps and no blocks: their keys are the user's."""

SINGULAR = {"settings": "setting", "addresses": "address", "strategies": "strategy", "policies": "policy"}


def snake(key: str) -> str:
    """``desiredCount`` as ``desired_count``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def terraform_type(type_: str) -> str:
    """``aws:ecs/taskDefinition:TaskDefinition`` as ``aws_ecs_task_definition``."""
    place, _, _ = type_.rpartition(":")
    if place in NAMES:
        return NAMES[place]
    cloud, _, rest = place.partition(":")
    module, _, name = rest.partition("/")
    parts = [snake(name)] if module in WITHOUT_MODULE[cloud] else [module, snake(name)]
    return "_".join([PREFIX[cloud], *parts])


def plan(recording: Recording) -> dict[str, Any]:
    """A plan that creates everything of the clouds above; references stand where one resource needs another."""
    mine = [one for one in recording.resources if one.type.partition(":")[0] in CLOUDS and one.custom]
    origins = dict(_outputs(mine))
    planned, changes, configured = [], [], []
    for one in mine:
        kind, name = terraform_type(one.type), one.name.replace(".", "-")
        head = {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name}
        values = _block(one.inputs)
        planned.append({**head, "schema_version": 0, "values": values})
        changes.append({**head, "change": {"actions": ["create"], "before": None, "after": values}})
        configured.append({**head, "expressions": _expressions(values, origins)})
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }


def _outputs(resources: list[Declared]) -> Iterator[tuple[str, str]]:
    """What the recorder gives out for a resource, and the address that it came from."""
    for one in resources:
        address = f"{terraform_type(one.type)}.{one.name.replace('.', '-')}"
        yield f"{one.name}-id", f"{address}.id"
        yield f"arn:aws:{one.name}", f"{address}.arn"


def _block(values: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in values.items():
        if key.startswith("__"):
            continue  # the provider's own notes, no property
        name = snake(key)
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            name = _singular(name)
        found[name] = _value(name, value)
    return found


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value) if name in MAPS else [_block(value)]
    if isinstance(value, list):
        return [_block(one) if isinstance(one, Mapping) else one for one in value]
    return value


def _singular(name: str) -> str:
    head, _, last = name.rpartition("_")
    one = SINGULAR.get(last) or (f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s"))
    return f"{head}_{one}" if head else one


def _expressions(values: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, Any]:
    return {key: _expression(value, origins) for key, value in values.items()}


def _expression(value: Any, origins: Mapping[str, str]) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [_expressions(one, origins) for one in value]
    texts = [str(one) for one in (value if isinstance(value, list) else [value])]
    if found := [origins[text] for text in texts if text in origins]:
        return {"references": [part for one in found for part in (one, one.rpartition(".")[0])]}
    return {"constant_value": value}
