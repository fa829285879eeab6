"""Who the pipeline is on Azure: identities without keys, each of which believes exactly one token of the CI system.

Azure compares a token's subject as a whole and knows no pattern: what previews merge requests gets an identity where
all of them have one subject, as on GitHub, and none on GitLab and Jenkins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native.authorization import RoleAssignment, RoleDefinition
from pulumi_azure_native.managedidentity import FederatedIdentityCredential, UserAssignedIdentity

from components import pipeline_state
from components.azure import ci_state as azure_state
from components.azure.account import (
    ACR_PULL,
    GROUP_LIMIT,
    VAULT_READER,
    Account,
    assign,
    named,
    settings,
    stable_uuid,
    tags,
)
from components.azure.conditions import matches, unless
from components.azure.monitoring import PUBLISHER
from components.azure.rights import PUSHES, READS, RIGHTS
from components.base import Component, Transform
from components.declared_types import rights_of
from components.pipeline_tokens import PURPOSES, Purpose, token
from components.spec.environment import Environment
from components.spec.logging import FORWARDER

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"


def actions(types: Sequence[str], purpose: Purpose) -> list[str]:
    """What a pipeline may do so that these types can be declared: read for a preview, change besides for an apply.

    :raises NoRights: Of a type nobody has written down what it takes.
    """
    own = [type_ for type_ in types if type_.startswith("azure-native:")]
    rights = rights_of(own, RIGHTS, "components/azure/rights.py")
    found = {*READS, *(f"{one.kind}/read" for one in rights), *(look for one in rights for look in one.looks)}
    if purpose == "apply":
        changed = [one for one in rights if one.changed]
        found |= {f"{one.kind}/{change}" for one in changed for change in ("delete", "write", *one.more)}
        found |= set(PUSHES)
    return sorted(found)


def condition(environment: Environment) -> str:
    """Who assigns roles could have every role there is: these alone may be given and taken, and only to identities
    ("Delegate Azure role assignment management using conditions")."""
    own = [stable_uuid(environment.project, environment.stack, "scaler")]
    if environment.logging is not None:
        own.append(stable_uuid(environment.project, environment.stack, FORWARDER))
    roles = ", ".join([ACR_PULL, PUBLISHER, VAULT_READER, *own])

    def limited(action: str, source: str) -> str:
        role = f"@{source}[{ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}}"
        kind = f"@{source}[{ASSIGNMENTS}:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal'"
        return unless(matches(f"{ASSIGNMENTS}/{action}"), f"{role} AND {kind}")

    return f"{limited('write', 'Request')} AND {limited('delete', 'Resource')}"


@dataclass(frozen=True, kw_only=True)
class CiIdentityArgs:
    """What the pipeline's identity is made of.

    :param environment: Its pipeline says whose tokens are taken.
    :param account: The resource group in which the identities lie and count.
    :param types: Resource types that the pipeline has to read and to apply.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    account: Account
    types: Sequence[str]
    transforms: Sequence[Transform] = ()


class CiIdentity(Component):
    """An identity for each purpose whose tokens can be told, a role of what is declared, and the trust in one token."""

    variables: dict[str, dict[str, pulumi.Input[str]]]
    """Purpose -> what a job for it sets, beside its token."""

    def __init__(self, name: str, args: CiIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:CiIdentity", name, opts, args.transforms)
        self.variables = {}
        for purpose in PURPOSES:
            if token(args.environment, purpose).exact:
                identity = self._identity(f"{name}-{purpose}", args, purpose)
                self._role(f"{name}-{purpose}", args, purpose, identity)
                self._state(f"{name}-{purpose}", args, purpose, identity)
                self.variables[purpose] = {
                    "ARM_CLIENT_ID": identity.client_id,
                    "ARM_TENANT_ID": identity.tenant_id,
                    "ARM_SUBSCRIPTION_ID": settings(args.environment).subscription,
                }
        self.finish({"variables": self.variables})

    def _identity(self, name: str, args: CiIdentityArgs, purpose: Purpose) -> UserAssignedIdentity:
        environment, said = args.environment, token(args.environment, purpose)
        identity = UserAssignedIdentity(
            f"{name}-identity",
            resource_name_=named(environment, "pipeline", purpose),
            resource_group_name=args.account.group,
            location=settings(environment).location,
            tags=tags(environment),
            opts=self.child(depends_on=args.account.made),
        )
        FederatedIdentityCredential(
            f"{name}-trust",
            federated_identity_credential_resource_name=named(environment, "pipeline", purpose),
            resource_group_name=args.account.group,
            resource_name_=identity.name,
            issuer=said.issuer,
            subject=said.subject,
            audiences=[said.audience],
            opts=self.child(),
        )
        return identity

    def _role(self, name: str, args: CiIdentityArgs, purpose: Purpose, identity: UserAssignedIdentity) -> None:
        """A role of what the types take, in the environment's own groups and nowhere else."""
        environment, scopes = args.environment, _scopes(args)
        role = RoleDefinition(
            f"{name}-role",
            role_definition_id=stable_uuid(environment.project, environment.stack, f"pipeline-{purpose}"),
            role_name=f"{named(environment)} pipeline, {purpose}",
            description=f"The pipeline of {named(environment)}, to {purpose}",
            scope=scopes[0],
            assignable_scopes=scopes,
            permissions=[{"actions": actions(args.types, purpose), "not_actions": []}],
            role_type="CustomRole",
            opts=self.child(depends_on=args.account.made),
        )
        limited = purpose == "apply" and f"{ASSIGNMENTS}/write" in actions(args.types, purpose)
        for at, scope in enumerate(scopes):
            RoleAssignment(
                f"{name}-granted" if at == 0 else f"{name}-granted-{at}",
                role_assignment_name=stable_uuid(environment.project, environment.stack, f"{name}-{at}"),
                role_definition_id=role.id,
                scope=scope,
                principal_id=identity.principal_id,
                principal_type="ServicePrincipal",
                condition=condition(environment) if limited else None,
                condition_version="2.0" if limited else None,
                # Two assignments of one name cannot be there together.
                opts=self.child(delete_before_replace=True),
            )

    def _state(self, name: str, args: CiIdentityArgs, purpose: Purpose, identity: UserAssignedIdentity) -> None:
        """What the identity may where the states are, and with the key of their secrets."""
        environment, state = args.environment, pipeline_state.place(args.environment)
        if state is None:
            return
        subscription = settings(environment).subscription
        own, there = _scopes(args)[0], f"/subscriptions/{subscription}/resourceGroups/{state.group}"
        data = azure_state.actions(purpose, key=state.key is not None)
        role = RoleDefinition(
            f"{name}-state-role",
            role_definition_id=stable_uuid(environment.project, environment.stack, f"pipeline-state-{purpose}"),
            role_name=f"{named(environment)} pipeline, states, {purpose}",
            description=f"The states and the key of their secrets, to {purpose}",
            scope=own,
            assignable_scopes=sorted({own, there}),
            permissions=[{"actions": [f"{ASSIGNMENTS}/read"], "data_actions": data}],
            role_type="CustomRole",
            opts=self.child(depends_on=args.account.made),
        )
        for part, (scope, when) in azure_state.scopes(subscription, state, purpose).items():
            assign(
                f"{name}-{part}",
                environment,
                role=role.id,
                scope=scope,
                principal=identity.principal_id,
                opts=self.child(),
                condition=when,
            )


def _scopes(args: CiIdentityArgs) -> list[str]:
    """Ids of the groups: the environment's, and that of its images where they have one of their own."""
    environment, where = args.environment, settings(args.environment)
    groups = [args.account.group]
    if where.registry is None and environment.tier != "dev" and args.account.made:
        groups.append(named(environment, "images", limit=GROUP_LIMIT))
    return [f"/subscriptions/{where.subscription}/resourceGroups/{group}" for group in groups]
