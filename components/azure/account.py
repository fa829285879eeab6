"""The subscription and resource group that everything else is declared in: the provider, names, ids and tags.

Networks and services belong elsewhere.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_azure_native
from pulumi_azure_native.authorization import RoleAssignment
from pulumi_azure_native.resources import ResourceGroup

from components.base import Component, Transform
from components.naming import name as short_name
from components.spec.azure import Azure
from components.spec.environment import Environment
from components.spec.service import Service

GROUP_LIMIT, RESOURCE_LIMIT, PROFILE_LIMIT = 90, 63, 50
"""Characters of the names of resource groups, of most resources, and of profiles before their digest."""

ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
"""AcrPull ("Azure built-in roles")."""

VAULT_READER = "4633458b-17de-408a-b874-0445c86b69e6"
"""Key Vault Secrets User, in the same place: an Application Gateway reads a certificate as a secret."""

_FORBIDDEN = re.compile(r"[<>%&\\?/]")
"""What a tag's name may not have ("Use tags to organize your Azure resources")."""


def settings(environment: Environment) -> Azure:
    """The environment's settings on Azure.

    :raises ValueError: It has none; a validated environment on this platform always has.
    """
    if environment.azure is None:
        raise ValueError("caas:azure is required where the platform is azure-aci")
    return environment.azure


def named(environment: Environment, *parts: str, limit: int = RESOURCE_LIMIT) -> str:
    """``<project>-<stack>-<part>…``: the name of one thing of this environment."""
    return short_name(environment.project, environment.stack, *parts, limit=limit)


def group_name(environment: Environment) -> str:
    """Name of the resource group: that of the one that exists, or the environment's own."""
    return settings(environment).resource_group or named(environment, limit=GROUP_LIMIT)


def resource_id(environment: Environment, kind: str, *names: str) -> str:
    """Id of a resource of this environment, as Azure makes it from the names.

    :param kind: Such as ``Microsoft.Network/applicationGateways``; a part's name follows after each of its names.
    """
    head = f"/subscriptions/{settings(environment).subscription}/resourceGroups/{group_name(environment)}/providers"
    return "/".join([head, kind, *names])


def role_id(environment: Environment, role: str) -> str:
    """Id of a role by its UUID."""
    scope = f"/subscriptions/{settings(environment).subscription}"
    return f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def stable_uuid(*parts: str) -> str:
    """The same UUID for the same parts, for ever: what Azure calls role assignments by."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(["caas", *parts])))


def tags(environment: Environment, service: Service | None = None) -> dict[str, str]:
    """Whose a resource is; azure-native has no tags for all resources, so each names them."""
    known: Mapping[str, str | None] = {
        "caas-project": environment.project,
        "caas-environment": environment.stack,
        "caas-tier": environment.tier,
        "caas-owner": environment.owner,
        "caas-cost-centre": environment.cost_centre,
    }
    result = {key: value for key, value in known.items() if value is not None}
    if service is None:
        return result
    own = {_FORBIDDEN.sub(".", key): value for key, value in service.labels.items()}
    return {**own, **result, "caas-service": service.name}


def without_aliases(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    """Takes from a resource the names that it had in older versions of Azure's API, up to sixty each, under which
    nothing of this program ever was: working them out takes longer than everything else together."""
    if not args.type_.startswith("azure-native:") or not args.opts.aliases:
        return None
    opts = copy.copy(args.opts)
    opts.aliases = None
    return pulumi.ResourceTransformationResult(args.props, opts)


def assign(
    name: str,
    environment: Environment,
    *,
    role: pulumi.Input[str],
    scope: pulumi.Input[str],
    principal: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    condition: str | None = None,
) -> RoleAssignment:
    """Give an identity one role at one place.

    :param name: Of the resource; the assignment's own name, a UUID, is made from it.
    :param role: Id of the role.
    :param condition: What must hold besides ("What is Azure attribute-based access control").
    """
    return RoleAssignment(
        name,
        role_assignment_name=stable_uuid(environment.project, environment.stack, name),
        role_definition_id=role,
        scope=scope,
        principal_id=principal,
        # A fresh identity is not known everywhere at once; told what it is, Azure does not look for it.
        principal_type="ServicePrincipal",
        condition=condition,
        condition_version="2.0" if condition is not None else None,
        # Two assignments of one name cannot be there together.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    """What an account is made of.

    :param environment: Subscription, location and resource group are read from its ``azure`` part.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    transforms: Sequence[Transform] = ()


class Account(Component):
    """A provider that names one subscription, and the resource group that holds the environment."""

    provider: pulumi_azure_native.Provider
    """Hand it to the other components: ``opts=ResourceOptions(providers=[account.provider])``."""
    group: str
    """Name of the resource group, known before it exists."""
    made: list[pulumi.Resource]
    """What must exist before anything is put into the group: the group, where it is made here."""

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:Account", name, opts, args.transforms)
        where = settings(args.environment)
        self.group = group_name(args.environment)
        self.provider = pulumi_azure_native.Provider(
            f"{name}-provider", subscription_id=where.subscription, location=where.location, opts=self.child()
        )
        self.made = []
        if where.resource_group is None:
            group = ResourceGroup(
                f"{name}-group",
                resource_group_name=self.group,
                location=where.location,
                tags=tags(args.environment),
                opts=self.child(provider=self.provider),
            )
            self.made = [group]
        self.finish({"subscription": where.subscription, "resourceGroup": self.group})
