"""Where images are pushed to and pulled from on Azure: one container registry for the environment.

Who builds and what runs does not belong here. A token for pushing is no part of a plan: Docker's own configuration
(``az acr login``) holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native.authorization import RoleAssignment
from pulumi_azure_native.containerregistry import Registry
from pulumi_azure_native.resources import ResourceGroup

from components.azure.account import ACR_PULL, GROUP_LIMIT, Account, assign, named, role_id, settings, tags
from components.base import Component, Transform
from components.spec.checks_azure import CONTAINER_REGISTRY
from components.spec.environment import Environment

UNTAGGED_KEPT = 7
"""Days, after which a manifest without a tag goes. Every image that was ever declared has a tag: none that an
environment runs is removed."""


@dataclass(frozen=True, kw_only=True)
class ContainerRegistryArgs:
    """What a registry is made of.

    :param environment: The registry's address, and whether it exists.
    :param account: The resource group that it stands in.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    account: Account
    transforms: Sequence[Transform] = ()


class ContainerRegistry(Component):
    """A registry without passwords: no admin user, nobody anonymous, roles alone."""

    address: pulumi.Output[str]
    """``<name>.azurecr.io[/path]``."""
    server: str
    """``<name>.azurecr.io``."""

    def __init__(self, name: str, args: ContainerRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:ContainerRegistry", name, opts, args.transforms)
        self._prefix, self._environment = name, args.environment
        self._address = args.environment.registry.address
        match = CONTAINER_REGISTRY.match(self._address)
        if match is None:
            raise ValueError(f"registry {self._address}: not an address of a container registry on Azure")
        self.server = f"{match[1]}.azurecr.io"
        existing = settings(args.environment).registry
        self._made = self._registry(match[1], args) if existing is None else None
        self._id: pulumi.Input[str] = existing or "" if self._made is None else self._made.id
        self.address = pulumi.Output.from_input(self._address)
        self.finish({"address": self.address})

    def repository(self, name: str) -> str:
        """``address/name``: where the images of one service live. Known before the registry exists."""
        return f"{self._address}/{name}"

    @property
    def before_push(self) -> list[pulumi.Resource]:
        """What must exist before an image can be pushed."""
        return [] if self._made is None else [self._made]

    def readable_by(self, name: str, principal: pulumi.Input[str]) -> RoleAssignment:
        """Let the identity of what has this name pull, from this registry and no other."""
        return assign(
            f"{self._prefix}-reader-{name}",
            self._environment,
            role=role_id(self._environment, ACR_PULL),
            scope=self._id,
            principal=principal,
            opts=self.child(),
        )

    def _home(self, args: ContainerRegistryArgs, kept: bool) -> tuple[str, list[pulumi.Resource]]:
        """The resource group of a registry. One that is to stay has its own, since a group that goes takes with it what
        is inside."""
        if not kept or not args.account.made:
            return args.account.group, args.account.made
        group = ResourceGroup(
            f"{self._prefix}-group",
            resource_group_name=named(args.environment, "images", limit=GROUP_LIMIT),
            location=settings(args.environment).location,
            tags=tags(args.environment),
            opts=self.child(retain_on_delete=True),
        )
        return named(args.environment, "images", limit=GROUP_LIMIT), [group]

    def _registry(self, own: str, args: ContainerRegistryArgs) -> Registry:
        environment = args.environment
        kept = environment.tier != "dev"
        group, before = self._home(args, kept)
        # Retention, quarantine and zones are the premium tier's.
        premium = environment.tier != "dev" or settings(environment).quarantine
        policies = {
            "retention_policy": {"status": "enabled", "days": UNTAGGED_KEPT},
            "quarantine_policy": {"status": "enabled" if settings(environment).quarantine else "disabled"},
        }
        return Registry(
            f"{self._prefix}-registry",
            registry_name=own,
            resource_group_name=group,
            location=settings(environment).location,
            sku={"name": "Premium" if premium else "Standard"},
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            # Whoever builds stands outside; who may do what is decided by roles.
            public_network_access="Enabled",
            network_rule_bypass_options="AzureServices",
            zone_redundancy="Enabled" if premium and settings(environment).zones else "Disabled",
            policies=policies if premium else None,
            tags=tags(environment),
            # Where images matter, the registry stays when the stack goes.
            opts=self.child(depends_on=before, retain_on_delete=kept),
        )
