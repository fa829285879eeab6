"""Documents of IAM: trust, permissions, key and bucket policies. Pure.

No action and no resource is ``*``, but where the service has none finer; the comment then names the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

Statement = dict[str, Any]
Resources = Sequence[pulumi.Input[str]]

KEY_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What the account's own IAM policies may grant. Without PutKeyPolicy nobody could ever change the key again."""

KEY_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True)
class Place:
    """An account and a region; gives the ARNs of what is named there."""

    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """``arn:aws:<service>:<region>:<account>:<resource>``."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def log_streams(self, group: str) -> str:
        """The streams of a log group; their names are drawn when an instance starts."""
        return self.arn("logs", f"log-group:{group}:log-stream:*")


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy as JSON; what is unknown in it keeps it unknown."""
    rendered: pulumi.Output[str] = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return rendered


def allow(actions: Sequence[str], resources: Resources, condition: dict[str, Any] | None = None) -> Statement:
    """A statement that allows some actions on some resources."""
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if condition is not None:
        statement["Condition"] = condition
    return statement


def trust(service: str, place: Place, source: str | None = None) -> Statement:
    """Only that service of AWS may take the role, and only on behalf of this account ("The confused deputy
    problem", IAM User Guide).

    :param source: Part of the ARNs on whose behalf it may, such as ``ecs``. Default: the account alone counts.
    """
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": place.account}}
    if source is not None:
        condition["ArnLike"] = {"aws:SourceArn": place.arn(source, "*")}
    return {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": service},
        "Condition": condition,
    }


def key_policy(place: Place, log_groups: str) -> list[Statement]:
    """Who may use the environment's key: the account's own policies, and CloudWatch for these log groups only.

    In the policy of a key ``*`` stands for that key and for nothing else ("Key policies", KMS Developer Guide).
    """
    logs = place.arn("logs", f"log-group:{log_groups}")
    return [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{place.account}:root"},
            "Action": list(KEY_ADMINISTRATION),
            "Resource": ["*"],
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{place.region}.amazonaws.com"},
            "Action": list(KEY_USE),
            "Resource": ["*"],
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
        },
    ]


TELLS = ("aps.amazonaws.com", "cloudwatch.amazonaws.com")
"""Who writes into a topic of alerts: the managed Prometheus, and CloudWatch's alarms."""


def tell_statement(place: Place) -> Statement:
    """Those who write into an encrypted topic may use its key, for this account only ("Encryption at rest", SNS
    Developer Guide)."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": list(TELLS)},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": place.account}},
    }


def topic_policy(place: Place, topic: pulumi.Input[str], workspace: pulumi.Input[str]) -> list[Statement]:
    """This workspace and this account's alarms may write into the topic, and nobody else."""
    prometheus, alarms = TELLS
    sources: tuple[tuple[str, pulumi.Input[str]], ...] = (
        (prometheus, workspace),
        (alarms, place.arn("cloudwatch", "alarm:*")),
    )
    return [
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": ["sns:Publish"] if service == alarms else ["sns:GetTopicAttributes", "sns:Publish"],
            "Resource": [topic],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": place.account},
                "ArnLike": {"aws:SourceArn": source},
            },
        }
        for service, source in sources
    ]


def access_log_bucket_policy(place: Place, bucket: str) -> list[Statement]:
    """Load balancers of this account may write their logs; nobody may speak to the bucket without TLS."""
    arn = f"arn:aws:s3:::{bucket}"
    return [
        {
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": ["s3:PutObject"],
            "Resource": [f"{arn}/AWSLogs/{place.account}/*"],
            "Condition": {"ArnLike": {"aws:SourceArn": place.arn("elasticloadbalancing", "loadbalancer/*")}},
        },
        # What is denied is denied to everybody: here the stars take away.
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def execution_statements(
    place: Place,
    log_group: str,
    repositories: Sequence[str],
    secrets: Resources,
    parameters: Resources,
    key: pulumi.Input[str],
) -> list[Statement]:
    """What ECS does before a container starts: pull these images, read these secrets, write this log."""
    statements = [allow(WRITE_LOGS, [place.log_streams(log_group)])]
    if repositories:
        statements.append(allow(PULL, repositories))
        # The token is the account's, not a repository's: the action knows no resource ("Actions, resources, and
        # condition keys for Amazon Elastic Container Registry", Service Authorization Reference).
        statements.append(allow(["ecr:GetAuthorizationToken"], ["*"]))
    if secrets:
        statements.append(allow(["secretsmanager:GetSecretValue"], secrets))
    if parameters:
        statements.append(allow(["ssm:GetParameters"], parameters))
    if secrets or parameters:
        via = [f"secretsmanager.{place.region}.amazonaws.com", f"ssm.{place.region}.amazonaws.com"]
        statements.append(allow(["kms:Decrypt"], [key], {"StringEquals": {"kms:ViaService": via}}))
    return statements


SEE_TARGETS = (
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)


def shift_statements(rule: pulumi.Input[str], targets: Resources) -> list[Statement]:
    """What ECS does to move a service's traffic: change this rule's weights, fill and empty these target groups."""
    return [
        allow(["elasticloadbalancing:ModifyRule"], [rule]),
        allow(["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"], targets),
        # Looking knows no resource ("Actions, resources, and condition keys for AWS Elastic Load Balancing V2",
        # Service Authorization Reference).
        allow(SEE_TARGETS, ["*"]),
    ]


def file_statements(system: pulumi.Input[str], points: Resources, writable: bool) -> list[Statement]:
    """What a task may do with its files: mount them through its own access points."""
    actions = ["elasticfilesystem:ClientMount", *(["elasticfilesystem:ClientWrite"] if writable else [])]
    condition = {"StringEquals": {"elasticfilesystem:AccessPointArn": list(points)}}
    return [allow(actions, [system], condition)]


def file_system_policy(role: pulumi.Input[str], statements: Sequence[Statement]) -> list[Statement]:
    """A file system that only one role may mount, encrypted on its way."""
    granted = [{**one, "Principal": {"AWS": role}} for one in statements]
    refused = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return [*granted, refused]
