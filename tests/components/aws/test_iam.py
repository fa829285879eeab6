"""Every document of IAM: no star that the service has something finer for, and each role of one thing only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.aws.registry import repository_arns
from tests.components.aws.worlds import (
    ACCOUNT,
    EXISTING_SECRET,
    GIVEN,
    PARAMETER,
    REGION,
    SIDECAR,
    declared,
    full,
    policy,
    web,
)
from tests.components.recorder import Recording

ROLE, ROLE_POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"

WITHOUT_FINER_RESOURCE = {"ecr:GetAuthorizationToken"}
"""Actions that know no resource; ``components/aws/iam.py`` names the document for each."""


@pytest.fixture(scope="module")
def world() -> Recording:
    return declared(full())


def documents(recording: Recording) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """(type, name, statements) of every policy that is declared."""
    for one in recording.resources:
        for key in ("policy", "assumeRolePolicy"):
            text = one.inputs.get(key)
            if isinstance(text, str) and '"Statement"' in text:
                yield one.type, one.name, json.loads(text)["Statement"]


def test_no_action_is_a_star(world: Recording) -> None:
    seen = 0
    for _, name, statements in documents(world):
        for statement in statements:
            if statement["Effect"] == "Allow":
                seen += 1
                assert not [action for action in statement["Action"] if "*" in action], name
    assert seen > 15


def test_no_resource_is_a_star_but_where_nothing_is_finer(world: Recording) -> None:
    for type_, name, statements in documents(world):
        for statement in statements:
            if statement["Effect"] == "Allow" and "*" in statement.get("Resource", []):
                # In a key's own policy the star is that key.
                assert type_ == "aws:kms/key:Key" or set(statement["Action"]) <= WITHOUT_FINER_RESOURCE, name


def test_nobody_unknown_is_allowed_anything(world: Recording) -> None:
    for _, name, statements in documents(world):
        for statement in statements:
            if statement["Effect"] == "Allow" and "Principal" in statement:
                assert statement["Principal"] not in ("*", {"AWS": "*"}), name


def test_roles_can_be_taken_only_for_this_account(world: Recording) -> None:
    for role in world.of(ROLE):
        (statement,) = policy(role, "assumeRolePolicy")
        assert statement["Action"] == ["sts:AssumeRole"]
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}, role.urn
        assert statement["Condition"]["ArnLike"]["aws:SourceArn"].endswith(f":{REGION}:{ACCOUNT}:*"), role.urn


def test_each_role_is_of_one_thing(world: Recording) -> None:
    definitions = [one.inputs for one in world.of("aws:ecs/taskDefinition:TaskDefinition")]
    used = [one[key] for one in definitions for key in ("executionRoleArn", "taskRoleArn")]
    assert len(used) == len(set(used)) == 4
    assert len(world.of(ROLE)) == 5, "and the flow log's"


def statements(world: Recording, name: str) -> dict[str, Any]:
    """Action -> resources of a role's policy."""
    found = policy(world.one(ROLE_POLICY, name))
    return {action: statement["Resource"] for statement in found for action in statement["Action"]}


def test_the_execution_role_reads_the_service_s_own_secrets_and_no_others(world: Recording) -> None:
    allowed = statements(world, "web-execution-policy")
    assert allowed["secretsmanager:GetSecretValue"] == ["arn:aws:web-secret", EXISTING_SECRET]
    assert allowed["ssm:GetParameters"] == [PARAMETER]
    assert allowed["kms:Decrypt"] == ["arn:aws:account-key"]
    (decrypt,) = (one for one in policy(world.one(ROLE_POLICY, "web-execution-policy")) if "kms:" in str(one["Action"]))
    assert decrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": [f"secretsmanager.{REGION}.amazonaws.com", f"ssm.{REGION}.amazonaws.com"]}
    }


def test_a_service_without_secrets_reads_none() -> None:
    allowed = statements(web(), "web-execution-policy")
    assert not [action for action in allowed if action.startswith(("secretsmanager:", "ssm:", "kms:"))]


def test_the_execution_role_pulls_its_own_images_and_writes_its_own_log(world: Recording) -> None:
    allowed = statements(world, "web-execution-policy")
    repositories = [f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/{name}" for name in ("helper", "thing")]
    for action in ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"):
        assert allowed[action] == repositories
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/caas/caas/staging/services/web:log-stream:*"
    assert allowed["logs:CreateLogStream"] == allowed["logs:PutLogEvents"] == [log]


def test_the_task_role_may_do_nothing_but_use_its_files(world: Recording) -> None:
    (statement,) = policy(world.one(ROLE_POLICY, "web-task-policy"))
    assert statement["Action"] == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert statement["Resource"] == ["arn:aws:web-files"]
    assert statement["Condition"] == {"StringEquals": {"elasticfilesystem:AccessPointArn": ["arn:aws:web-files-data"]}}
    assert not [one for one in world.of(ROLE_POLICY) if one.name == "api-task-policy"]


def test_files_that_are_only_read_are_not_written() -> None:
    recording = web(volumes={"data": {"path": "/data", "kind": "persistent", "readOnly": True}})
    (statement,) = policy(recording.one(ROLE_POLICY, "web-task-policy"))
    assert statement["Action"] == ["elasticfilesystem:ClientMount"]


def test_the_file_system_admits_its_service_and_never_without_tls(world: Recording) -> None:
    allowed, refused = policy(world.one("aws:efs/fileSystemPolicy:FileSystemPolicy"))
    assert allowed["Principal"] == {"AWS": "arn:aws:web-task-role"}
    assert refused["Effect"] == "Deny"
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_log_bucket_admits_load_balancers_of_the_account(world: Recording) -> None:
    allowed, refused = policy(world.one("aws:s3/bucketPolicy:BucketPolicy"))
    bucket = f"arn:aws:s3:::caas-staging-access-logs-{ACCOUNT}-{REGION}"
    assert allowed["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == (["s3:PutObject"], [f"{bucket}/AWSLogs/{ACCOUNT}/*"])
    assert (refused["Effect"], refused["Resource"]) == ("Deny", [bucket, f"{bucket}/*"])
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_images_in_ecr_need_a_permission() -> None:
    assert repository_arns([GIVEN, SIDECAR, GIVEN, "registry.example.com/x@sha256:1"]) == [
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/helper",
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/thing",
    ]
