"""The pipeline's identity on AWS: who may take its roles, and what they may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest

from components.aws.ci_identity import POLICY_SIZE, boundary_arn, packed, statements
from components.aws.rights import DELIVERY, RIGHTS
from components.declared_types import NoRights
from components.spec import Environment
from tests.components.aws.worlds import ACCOUNT, FULL, REGION, declared, environment, policy, service
from tests.components.inventory import DIRECTORY
from tests.components.recorder import Recording
from tests.policies import review

GITHUB = {"system": "github", "repository": "team/shop"}
GITLAB = {"system": "gitlab", "repository": "team/shop"}
JENKINS = {"system": "jenkins", "repository": "team/shop", "issuer": "https://jenkins.example.org/oidc"}
PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ROLE, POLICY, ATTACHMENT = (
    "aws:iam/role:Role",
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
)


def world(pipeline: dict[str, Any]) -> Environment:
    return environment({"web": service(**FULL)}, secrets=("apiKey",), pipeline=pipeline)


@cache
def made(system: str) -> Recording:
    return declared(world({"github": GITHUB, "gitlab": GITLAB, "jenkins": JENKINS}[system]))


@pytest.fixture
def recording() -> Recording:
    return made("github")


def trust(recording: Recording, purpose: str) -> dict[str, Any]:
    (found,) = json.loads(recording.one(ROLE, f"pipeline-{purpose}-role").inputs["assumeRolePolicy"])["Statement"]
    return dict(found)


def allowed(recording: Recording, purpose: str) -> Iterator[dict[str, Any]]:
    """The statements of a role, from all of its policies."""
    for one in recording.of(POLICY):
        if one.name.startswith(f"pipeline-{purpose}-"):
            yield from policy(one)


def test_nothing_is_declared_for_nobody() -> None:
    recording = declared(environment())
    assert recording.of(PROVIDER) == recording.of(POLICY) == []
    assert "pipeline" not in recording.result


def test_the_provider_takes_tokens_for_two_purposes(recording: Recording) -> None:
    provider = recording.one(PROVIDER)
    assert provider.inputs["url"] == "https://token.actions.githubusercontent.com"
    assert provider.inputs["clientIdLists"] == ["caas-apply", "caas-preview"]


def test_a_provider_that_exists_is_not_made_again() -> None:
    recording = declared(world({**GITHUB, "provider": "existing"}))
    assert recording.of(PROVIDER) == []
    known = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    assert trust(recording, "apply")["Principal"] == {"Federated": known}


@pytest.mark.parametrize(
    ("pipeline", "host", "subject"),
    [
        (GITHUB, "token.actions.githubusercontent.com", "repo:team/shop:environment:staging"),
        (GITLAB, "gitlab.com", "project_path:team/shop:ref_type:branch:ref:main"),
        (JENKINS, "jenkins.example.org/oidc", "https://jenkins.example.org/job/team/job/shop/job/main/"),
    ],
)
def test_an_apply_takes_one_subject_and_one_audience(pipeline: dict[str, Any], host: str, subject: str) -> None:
    assert trust(made(pipeline["system"]), "apply") == {
        "Effect": "Allow",
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"},
        "Condition": {"StringEquals": {f"{host}:aud": "caas-apply", f"{host}:sub": subject}},
    }


@pytest.mark.parametrize(
    ("pipeline", "condition"),
    [
        (GITHUB, {"StringEquals": {"aud": "caas-preview", "sub": "repo:team/shop:pull_request"}}),
        (
            GITLAB,
            {
                "StringEquals": {"aud": "caas-preview"},
                "StringLike": {"sub": "project_path:team/shop:ref_type:branch:ref:*"},
            },
        ),
        (
            JENKINS,
            {
                "StringEquals": {"aud": "caas-preview"},
                "StringLike": {"sub": "https://jenkins.example.org/job/team/job/shop/job/PR-*"},
            },
        ),
    ],
)
def test_a_preview_takes_merge_requests_of_the_repository(
    pipeline: dict[str, Any], condition: dict[str, dict[str, str]]
) -> None:
    found = trust(made(pipeline["system"]), "preview")["Condition"]
    short = {
        operator: {key.rpartition(":")[2]: value for key, value in tests.items()} for operator, tests in found.items()
    }
    assert short == condition


READS = ("Describe", "Get", "List", "BatchGet")


def test_a_preview_only_reads(recording: Recording) -> None:
    actions = {action for one in allowed(recording, "preview") for action in one["Action"]}
    assert len(actions) > 60
    assert [action for action in sorted(actions) if not action.partition(":")[2].startswith(READS)] == []
    assert "secretsmanager:GetSecretValue" not in actions


def test_an_apply_may_what_its_types_take_and_nothing_else(recording: Recording) -> None:
    actions = {action for one in allowed(recording, "apply") for action in one["Action"]}
    assert {"ecs:UpdateService", "ecr:PutImage", "iam:PassRole", "elasticfilesystem:CreateAccessPoint"} <= actions
    # No service here has a watch, a name or a certificate of its own.
    assert [action for action in sorted(actions) if action.startswith(("aps:", "sns:", "route53:", "acm:"))] == []


def test_no_pipeline_changes_who_may_do_what(recording: Recording) -> None:
    for one in allowed(recording, "apply"):
        writes = [action for action in one["Action"] if action.startswith("iam:") and "Get" not in action]
        writes = [action for action in writes if not action.startswith("iam:List")]
        if not writes:
            continue
        assert one["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/caas-staging-*"]
        assert not {"iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"} & set(writes)
        if {"iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"} & set(writes):
            bound = f"arn:aws:iam::{ACCOUNT}:policy/caas/caas-staging-boundary"
            assert one["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": bound}}
    for purpose in ("preview", "apply"):
        assert recording.one(ROLE, f"pipeline-{purpose}-role").inputs["path"] == "/caas/"


def test_every_other_role_is_bounded(recording: Recording) -> None:
    roles = [one for one in recording.of(ROLE) if not one.name.startswith("pipeline-")]
    assert len(roles) >= 3
    assert {one.inputs.get("permissionsBoundary") for one in roles} == {"arn:aws:pipeline-boundary"}
    boundary = recording.one(POLICY, "pipeline-boundary")
    assert boundary_arn(world(GITHUB)).endswith(f"policy{boundary.inputs['path']}{boundary.inputs['name']}")
    most = {action for one in policy(boundary) for action in one["Action"]}
    assert not [action for action in most if action.startswith(("iam:", "sts:"))]
    given = {
        action
        for one in recording.of("aws:iam/rolePolicy:RolePolicy")
        for statement in policy(one)
        for action in statement["Action"]
    }
    assert given - most == set()


def test_policies_are_as_large_as_aws_takes_them(recording: Recording) -> None:
    policies = [one for one in recording.of(POLICY) if one.name.startswith("pipeline-apply")]
    assert len(policies) > 1
    assert max(len("".join(one.inputs["policy"].split())) for one in policies) <= POLICY_SIZE
    attached = [one for one in recording.of(ATTACHMENT) if one.name.startswith("pipeline-apply")]
    assert len(attached) == len(policies) <= 10


def test_more_than_a_role_takes_is_said() -> None:
    every = [{"Effect": "Allow", "Action": ["a" * 5000], "Resource": [str(at)]} for at in range(11)]
    with pytest.raises(ValueError, match="the rights take 11 policies, and a role takes 10"):
        packed(every)


def test_the_pack_has_nothing_against_it() -> None:
    for pipeline in (GITLAB, JENKINS):
        given = world(pipeline)
        assert review.violations(review.judged(given, review.declared(given))) == []


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
STATE = {"url": f"s3://shop-states/team?region={REGION}", "key": f"awskms:///{KEY}"}


@cache
def with_state() -> Recording:
    return declared(world({**GITHUB, "state": STATE}))


def of_state(recording: Recording, purpose: str) -> dict[str, dict[str, Any]]:
    """Action -> its one statement, for those of the states and of the key of their secrets."""
    found: dict[str, dict[str, Any]] = {}
    for one in allowed(recording, purpose):
        if any("shop-states" in resource or resource == KEY for resource in one["Resource"]):
            found |= dict.fromkeys(one["Action"], one)
    return found


def test_a_preview_reads_the_states_under_their_path_and_changes_none() -> None:
    found = of_state(with_state(), "preview")
    assert set(found) == {"s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
    assert found["s3:ListBucket"]["Resource"] == ["arn:aws:s3:::shop-states"]
    assert found["s3:ListBucket"]["Condition"] == {"StringLike": {"s3:prefix": "team/*"}}
    assert found["s3:GetObject"]["Resource"] == ["arn:aws:s3:::shop-states/team/*"]
    assert found["kms:Decrypt"]["Resource"] == [KEY]


def test_an_apply_changes_the_files_of_its_stack_and_no_other() -> None:
    found = of_state(with_state(), "apply")
    assert set(found) == {
        *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
        *("kms:Decrypt", "kms:Encrypt"),
    }
    assert found["s3:PutObject"] == found["s3:DeleteObject"]
    begins = "arn:aws:s3:::shop-states/team/.pulumi"
    assert found["s3:PutObject"]["Resource"] == [
        f"{begins}/{part}{end}*"
        for project in ("caas", "caas-releases")
        for part, end in (
            (f"backups/{project}/staging", "/"),
            (f"history/{project}/staging", "/"),
            (f"locks/organization/{project}/staging", "/"),
            (f"stacks/{project}/staging", "."),
        )
    ]


def test_no_right_on_a_state_without_one_and_none_for_roles_that_an_apply_makes(recording: Recording) -> None:
    assert of_state(recording, "apply") == of_state(recording, "preview") == {}
    boundary = policy(with_state().one(POLICY, "pipeline-boundary"))
    assert [one for one in boundary if any(action.startswith("s3:") for action in one["Action"])] == []


def test_the_pack_has_nothing_against_rights_on_the_state() -> None:
    given = world({**GITHUB, "state": STATE})
    assert review.violations(review.judged(given, review.declared(given))) == []


def test_every_type_that_is_declared_has_its_rights() -> None:
    lines = [line for path in DIRECTORY.glob("aws-ecs-*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    types = {line.split()[1] for line in lines if " aws:" in line}
    assert len(types) > 40
    assert sorted(types - set(RIGHTS)) == []


def test_a_type_without_rights_is_named() -> None:
    with pytest.raises(NoRights, match="aws:sqs/queue:Queue is declared, and components/aws/rights does not say"):
        statements(world(GITHUB), ["aws:sqs/queue:Queue"], "apply")


def test_a_job_is_told_what_it_sets(recording: Recording) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/caas/caas-staging-apply"
    assert recording.result["pipeline"]["apply"]["AWS_REGION"] == REGION
    assert set(recording.result["pipeline"]) == {"preview", "apply"}
    assert recording.one(ROLE, "pipeline-apply-role").inputs["name"] == role.rpartition("/")[2]


CLIENTS = {
    "aps": "amp",
    "application-autoscaling": "application-autoscaling",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
}
"""Prefix of actions -> AWS's own name of the client, where they differ."""

OTHERWISE = {
    "ecr:BatchGetImage",
    "iam:PassRole",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketCORS",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
}
"""Actions that have no call of their name ("Actions, resources, and condition keys for Amazon S3" and "… for IAM")."""


def test_every_action_is_one_of_awss_own() -> None:
    every = [*RIGHTS.values(), DELIVERY]
    actions = {action for one in every for action in one.look}
    actions |= {action for one in every for grant in (*one.read, *one.write) for action in grant.actions}
    unknown = []
    calls: dict[str, set[str]] = {}
    for action in sorted(actions - OTHERWISE):
        prefix, _, name = action.partition(":")
        if prefix not in calls:
            client = boto3.client(CLIENTS.get(prefix, prefix), region_name=REGION)
            calls[prefix] = set(client.meta.service_model.operation_names)
        if name not in calls[prefix]:
            unknown.append(action)
    assert unknown == []
