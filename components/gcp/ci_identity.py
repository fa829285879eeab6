"""Who the pipeline is on Google Cloud: service accounts without keys, which a token of the CI system may act as.

Each purpose has a pool of its own, with one provider whose condition asks for exactly one repository: whoever is in the
pool is the pipeline. A pool that is removed keeps its name for thirty days, a role of one's own for thirty-seven.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp.iam import WorkloadIdentityPool, WorkloadIdentityPoolProvider
from pulumi_gcp.kms import CryptoKeyIAMMember
from pulumi_gcp.projects import IAMCustomRole, IAMMember
from pulumi_gcp.serviceaccount import Account as ServiceAccount
from pulumi_gcp.serviceaccount import IAMMember as AccountMember
from pulumi_gcp.storage import BucketIAMMember as BucketMember

from components import pipeline_state
from components.base import Component, Transform
from components.declared_types import rights_of
from components.gcp import ci_state as gcp_state
from components.gcp.account import ACCOUNT_LIMIT, named, settings
from components.gcp.identity import ROLE
from components.gcp.rights import DELIVERY, IDENTITY, RIGHTS, SEE_STATE
from components.pipeline_tokens import PURPOSES, Purpose, Token, pipeline_of, token
from components.spec.environment import Environment

POOL_LIMIT, ROLE_LIMIT = 32, 64
"""Characters of the ids of pools and providers, and of roles of one's own."""

REPOSITORY_CLAIM = {"github": "assertion.repository", "gitlab": "assertion.project_path"}


def condition(said: Token) -> str:
    """The condition that a token has to meet, in CEL: each claim has its one value."""
    subject = f"assertion.sub == '{said.subject}'" if said.exact else f"assertion.sub.startsWith('{said.subject}')"
    return " && ".join([subject, *(f"assertion.{claim} == '{value}'" for claim, value in said.claims)])


def permissions(types: Sequence[str], purpose: Purpose, *, state: bool = False) -> list[str]:
    """What a pipeline may do so that these types can be declared: read for a preview, change besides for an apply.

    :param state: Whether it has rights on the states' backend, and sees them.
    :raises NoRights: Of a type nobody has written down what it takes.
    """
    own = [type_ for type_ in types if type_.startswith("gcp:")]
    rights = [DELIVERY, *rights_of(own, RIGHTS, "components/gcp/rights.py")]
    found = {*IDENTITY, *(SEE_STATE if state else ()), *(one for each in rights for one in each.read)}
    if purpose == "apply":
        found |= {one for each in rights for one in each.write}
    return sorted(found)


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
    """A service account for previews and one for applies, and the pools whose members may act as them."""

    variables: dict[str, dict[str, pulumi.Input[str]]]
    """Purpose -> what a job for it sets, beside its token."""
    users: Mapping[Purpose, pulumi.Output[str]]
    """Purpose -> the service account, as the cluster calls it."""

    def __init__(self, name: str, args: CiIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:CiIdentity", name, opts, args.transforms)
        self.variables, users = {}, {}
        for purpose in PURPOSES:
            provider, member = self._pool(f"{name}-{purpose}", args.environment, purpose)
            account = self._account(f"{name}-{purpose}", args, purpose, member)
            users[purpose] = account.email
            self.variables[purpose] = {"CAAS_GOOGLE_PROVIDER": provider.name, "CAAS_GOOGLE_ACCOUNT": account.email}
        self.users = users
        self.finish({"variables": self.variables})

    def _pool(
        self, name: str, environment: Environment, purpose: Purpose
    ) -> tuple[WorkloadIdentityPoolProvider, pulumi.Output[str]]:
        """The provider that takes the tokens, and whoever came in by one."""
        said, given, where = token(environment, purpose), pipeline_of(environment), settings(environment).project
        pool = WorkloadIdentityPool(
            f"{name}-pool",
            project=where,
            workload_identity_pool_id=named(environment, purpose, limit=POOL_LIMIT),
            display_name=f"Pipeline, {purpose}",
            description=f"The pipeline of {named(environment)}, to {purpose}",
            opts=self.child(),
        )
        # Jenkins' tokens name no repository: the condition has made sure of it.
        claim = REPOSITORY_CLAIM.get(given.system, f"assertion.sub != '' ? '{given.repository}' : ''")
        provider = WorkloadIdentityPoolProvider(
            f"{name}-provider",
            project=where,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=f"caas-{given.system}",
            display_name=f"{given.system}, {purpose}",
            attribute_mapping={"google.subject": "assertion.sub", "attribute.repository": claim},
            attribute_condition=condition(said),
            oidc={"issuer_uri": said.issuer, "allowed_audiences": [said.audience]},
            opts=self.child(),
        )
        member = pulumi.Output.concat(
            "principalSet://iam.googleapis.com/", pool.name, "/attribute.repository/", given.repository
        )
        return provider, member

    def _account(self, name: str, args: CiIdentityArgs, purpose: Purpose, member: pulumi.Output[str]) -> ServiceAccount:
        environment, where = args.environment, settings(args.environment).project
        account = ServiceAccount(
            f"{name}-account",
            project=where,
            account_id=named(environment, purpose, limit=ACCOUNT_LIMIT),
            display_name=f"Pipeline of {named(environment)}, to {purpose}",
            opts=self.child(),
        )
        AccountMember(f"{name}-pipeline", service_account_id=account.name, role=ROLE, member=member, opts=self.child())
        role = IAMCustomRole(
            f"{name}-role",
            project=where,
            role_id=re.sub(r"[^A-Za-z0-9_.]", "_", named(environment, purpose, limit=ROLE_LIMIT)),
            title=f"Pipeline of {named(environment)}, to {purpose}",
            permissions=permissions(args.types, purpose, state=pipeline_state.place(environment) is not None),
            stage="GA",
            opts=self.child(),
        )
        IAMMember(f"{name}-granted", project=where, role=role.name, member=account.member, opts=self.child())
        self._state(name, environment, purpose, account.member)
        return account

    def _state(self, name: str, environment: Environment, purpose: Purpose, member: pulumi.Output[str]) -> None:
        """What the account may where the states are, and with the key of their secrets."""
        state = pipeline_state.place(environment)
        if state is None:
            return
        for each, (role, when) in gcp_state.grants(state, purpose).items():
            BucketMember(
                f"{name}-state-{each}", bucket=state.bucket, role=role, member=member, condition=when, opts=self.child()
            )
        if state.key is not None:
            CryptoKeyIAMMember(
                f"{name}-state-key",
                crypto_key_id=state.key,
                role=gcp_state.KEY_ROLES[purpose],
                member=member,
                opts=self.child(),
            )
