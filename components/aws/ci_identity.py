"""Who the pipeline is on AWS: roles that a token of the CI system opens, and nothing that could be stolen from it.

The role for applies may change what the environment declares, and neither itself nor the roles' boundary: what says who
may do what is applied by an administrator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws.iam import OpenIdConnectProvider, Policy, Role, RolePolicyAttachment

from components import pipeline_state
from components.aws.account import ROLE_LIMIT, cluster_name, log_group_name, named, place
from components.aws.iam import KEY_USE, PULL, SEE_TARGETS, WRITE_LOGS, Place, Statement, allow, document
from components.aws.rights import DELIVERY, RIGHTS
from components.aws.rights.model import Grant, Rights
from components.base import Component, Transform
from components.declared_types import rights_of
from components.pipeline_tokens import AUDIENCES, PURPOSES, Purpose, Token, pipeline_of, token
from components.spec.environment import Environment

PATH = "/caas/"
"""Path of the pipeline's roles and policies: outside of what the pipeline itself may change."""

POLICY_SIZE, POLICIES = 6144, 10
"""Characters of a managed policy without blanks, and how many a role takes ("IAM and AWS STS quotas")."""

TAGGED = {"aws:ResourceTag/caas:project": "project", "aws:ResourceTag/caas:environment": "stack"}
"""Condition -> the field of the environment that the tag has to have."""

BOUNDED: dict[str, tuple[str, ...]] = {
    "aps": ("aps:RemoteWrite",),
    "ecr": PULL,
    "elasticfilesystem": ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"),
    "elasticloadbalancing": (
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:ModifyRule",
        "elasticloadbalancing:RegisterTargets",
    ),
    "kms": KEY_USE,
    "logs": (*WRITE_LOGS, "logs:DescribeLogGroups", "logs:DescribeLogStreams"),
    "secretsmanager": ("secretsmanager:GetSecretValue",),
    "ssm": ("ssm:GetParameters",),
}
"""The most that a role which the pipeline makes can ever have: what ``iam.py`` gives roles, and nothing of IAM."""


def boundary_arn(environment: Environment) -> str:
    """ARN of the policy that bounds the environment's roles, known before it exists."""
    return f"arn:aws:iam::{place(environment).account}:policy{PATH}{_boundary_name(environment)}"


def _boundary_name(environment: Environment) -> str:
    return named(environment, "boundary", limit=128)


def bounded(environment: Environment, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Options whose children's roles cannot have more than the boundary; the boundary is declared first."""
    where = place(environment)
    boundary = Policy(
        "pipeline-boundary",
        name=_boundary_name(environment),
        path=PATH,
        description=f"The most that a role of {named(environment)} can have",
        policy=document(*_boundary(where)),
        opts=opts,
    )

    def bind(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != "aws:iam/role:Role":
            return None
        return pulumi.ResourceTransformationResult({**args.props, "permissions_boundary": boundary.arn}, args.opts)

    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[bind]))


def _boundary(where: Place) -> Iterator[Statement]:
    for service, actions in BOUNDED.items():
        yield allow(actions, [where.arn(service, "*")])
    # What knows no resource: the registry's login, and looking at target groups.
    yield allow(["ecr:GetAuthorizationToken", *SEE_TARGETS], ["*"])


def statements(environment: Environment, types: Sequence[str], purpose: Purpose) -> list[dict[str, Any]]:
    """What a pipeline may do so that these types can be declared: read for a preview, change besides for an apply.

    :raises NoRights: Of a type nobody has written down what it takes.
    """
    rights = [DELIVERY, *rights_of(types, RIGHTS, "components/aws/rights")]
    looks = sorted({action for one in rights for action in one.look})
    grants = [grant for one in rights for grant in (*one.read, *(one.write if purpose == "apply" else ()))]
    found = [allow(looks, ["*"]), *_merged(environment, grants)]
    if purpose == "apply":
        found += _tagging(environment, rights)
    own = f"arn:aws:iam::{place(environment).account}:"
    watched = [f"{own}role{PATH}*", f"{own}policy{PATH}*", f"{own}oidc-provider/{token(environment, purpose).host}"]
    return [*found, allow(_SEE_IDENTITY, watched), *_state(environment, purpose)]


def _state(environment: Environment, purpose: Purpose) -> Iterator[Statement]:
    """Reading the states, and changing this stack's; with the key of their secrets, where its policy leaves that to the
    account's roles."""
    where = pipeline_state.place(environment)
    if where is None:
        return
    bucket = f"arn:aws:s3:::{where.bucket}"
    yield allow(["s3:ListBucket"], [bucket], {"StringLike": {"s3:prefix": f"{where.path}*"}} if where.path else None)
    yield allow(["s3:GetObject"], [f"{bucket}/{where.path}*"])
    if where.key is not None:
        yield allow(["kms:Decrypt", *(["kms:Encrypt"] if purpose == "apply" else [])], [where.key])
    if purpose == "apply":
        yield allow(["s3:DeleteObject", "s3:PutObject"], [f"{bucket}/{one}*" for one in where.own])


_SEE_IDENTITY = (
    "iam:GetOpenIDConnectProvider",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
)
"""The pipeline's identity is part of what is declared: it is read like the rest, and changed by an administrator."""


def _merged(environment: Environment, grants: Sequence[Grant]) -> Iterator[Statement]:
    """One statement for all actions on the same resources under the same conditions."""
    together: dict[tuple[Any, ...], set[str]] = {}
    for grant in grants:
        together.setdefault((grant.on, grant.own, grant.when), set()).update(grant.actions)
    names = _names(environment)
    for (on, own, when), actions in sorted(together.items(), key=lambda one: str(one[0])):
        condition: dict[str, Any] = {key: getattr(environment, field) for key, field in TAGGED.items()} if own else {}
        for key, values in when:
            filled = [value.format_map(names) for value in values]
            condition[key] = filled[0] if len(filled) == 1 else filled
        resources = [arn.format_map(names) for arn in on]
        yield allow(sorted(actions), resources, {"StringEquals": condition} if condition else None)


def _tagging(environment: Environment, rights: Sequence[Rights]) -> Iterator[Statement]:
    """Tags of what EC2 makes: written while it is made, and changed where they say that it is the environment's."""
    made = sorted(
        action.removeprefix("ec2:")
        for action in {action for one in rights for grant in one.write if not grant.own for action in grant.actions}
        if action.startswith(("ec2:Create", "ec2:Allocate", "ec2:AuthorizeSecurityGroup"))
    )
    if made:
        every = [place(environment).arn("ec2", "*/*")]
        own = {key: getattr(environment, field) for key, field in TAGGED.items()}
        yield allow(["ec2:CreateTags"], every, {"StringEquals": {"ec2:CreateAction": made}})
        yield allow(["ec2:CreateTags", "ec2:DeleteTags"], every, {"StringEquals": own})


def _names(environment: Environment) -> dict[str, str]:
    where, name = place(environment), named(environment)
    path = environment.registry.address.partition("/")[2]
    return {
        "account": where.account,
        "region": where.region,
        "boundary": boundary_arn(environment),
        "cluster": cluster_name(environment),
        "logs": log_group_name(environment),
        "name": name,
        "path": f"{path}/" if path else "",
        # A longer name is cut for a role, at the same place for all.
        "role": f"{name}-"[: ROLE_LIMIT - 9],
    }


def packed(found: Sequence[Statement]) -> list[list[Statement]]:
    """Statements in as few policies as their size allows.

    :raises ValueError: They are more than one role takes.
    """
    policies: list[list[Statement]] = []
    left = 0
    for one in found:
        size = len("".join(json.dumps(one).split())) + 1
        if size > left:
            policies.append([])
            left = POLICY_SIZE - len('{"Version":"2012-10-17","Statement":[]}')
        policies[-1].append(one)
        left -= size
    if len(policies) > POLICIES:
        raise ValueError(f"the rights take {len(policies)} policies, and a role takes {POLICIES}; split the stack")
    return policies


def trusting(account: str, said: Token) -> Statement:
    """Only the holder of such a token may take the role: its issuer, its audience and its subject are compared.

    Equal, not alike; a preview's subject on GitLab and Jenkins ends in what changes with each merge request.
    """
    audience, subject = f"{said.host}:aud", f"{said.host}:sub"
    condition: dict[str, Any] = {"StringEquals": {audience: said.audience}}
    if said.exact:
        condition["StringEquals"][subject] = said.subject
    else:
        condition["StringLike"] = {subject: f"{said.subject}*"}
    return {
        "Effect": "Allow",
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{said.host}"},
        "Condition": condition,
    }


@dataclass(frozen=True, kw_only=True)
class CiIdentityArgs:
    """What the pipeline's identity is made of.

    :param environment: Its pipeline says whose tokens are taken.
    :param types: Resource types that the pipeline has to read and to apply.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    types: Sequence[str]
    transforms: Sequence[Transform] = ()


class CiIdentity(Component):
    """A role for previews and one for applies, and the provider of the tokens that open them."""

    variables: dict[str, dict[str, pulumi.Input[str]]]
    """Purpose -> what a job for it sets, beside its token."""

    def __init__(self, name: str, args: CiIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:CiIdentity", name, opts, args.transforms)
        before = self._issuer(name, args.environment)
        self.variables = {}
        for purpose in PURPOSES:
            role = self._role(name, args, purpose, before)
            self.variables[purpose] = {"AWS_ROLE_ARN": role.arn, "AWS_REGION": place(args.environment).region}
        self.finish({"variables": self.variables})

    def _issuer(self, name: str, environment: Environment) -> list[pulumi.Resource]:
        if pipeline_of(environment).provider == "existing":
            return []
        issuer = token(environment, "apply").issuer
        return [
            OpenIdConnectProvider(
                f"{name}-provider", url=issuer, client_id_lists=sorted(AUDIENCES.values()), opts=self.child()
            )
        ]

    def _role(self, name: str, args: CiIdentityArgs, purpose: Purpose, before: list[pulumi.Resource]) -> Role:
        environment = args.environment
        role = Role(
            f"{name}-{purpose}-role",
            name=named(environment, purpose, limit=ROLE_LIMIT),
            path=PATH,
            description=f"The pipeline of {named(environment)}, to {purpose}",
            assume_role_policy=document(trusting(place(environment).account, token(environment, purpose))),
            opts=self.child(depends_on=before),
        )
        for at, part in enumerate(packed(statements(environment, args.types, purpose))):
            policy = Policy(
                f"{name}-{purpose}-{at}",
                name=named(environment, purpose, str(at), limit=128),
                path=PATH,
                policy=document(*part),
                opts=self.child(),
            )
            RolePolicyAttachment(
                f"{name}-{purpose}-{at}-attached", role=role.name, policy_arn=policy.arn, opts=self.child()
            )
        return role
