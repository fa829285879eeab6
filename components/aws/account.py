"""The account and region that everything else is declared in: the provider, and the key that encrypts.

Also what a room needs to name things there. Networks, clusters and services belong elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws
from pulumi_aws.kms import Alias, Key

from components.aws.iam import Place, Statement, document, key_policy, tell_statement
from components.base import Component, Transform
from components.naming import name as short_name
from components.spec.aws import Aws
from components.spec.checks_aws import account as account_of
from components.spec.environment import Environment
from components.spec.service import Service

ROLE_LIMIT, BALANCER_LIMIT, GROUP_LIMIT = 64, 32, 255
"""Characters of the names of roles, of load balancers and target groups, and of security groups."""

KEY_KEPT = 30
"""Days in which the deletion of a key can be taken back."""


def settings(environment: Environment) -> Aws:
    """The environment's AWS settings.

    :raises ValueError: It has none; a validated environment on this platform always has.
    """
    if environment.aws is None:
        raise ValueError("caas:aws is required where the platform is aws-ecs")
    return environment.aws


def place(environment: Environment) -> Place:
    """Account and region of an environment, known without asking AWS."""
    aws = settings(environment)
    return Place(account_of(aws, environment.registry), aws.region)


def named(environment: Environment, *parts: str, limit: int = 63) -> str:
    """``<project>-<stack>-<part>…``: the name of one thing of this environment."""
    return short_name(environment.project, environment.stack, *parts, limit=limit)


def cluster_name(environment: Environment) -> str:
    """Name of the ECS cluster: that of the one that exists, or the environment's own."""
    existing = settings(environment).cluster
    return named(environment) if existing is None else existing.rpartition("/")[2]


def log_group_name(environment: Environment, *parts: str) -> str:
    """``/caas/<project>/<stack>/<part>…``: what the key's policy admits."""
    return "/".join(["", "caas", environment.project, short_name(environment.stack), *parts])


def tags(environment: Environment, service: Service | None = None) -> dict[str, str]:
    """Whose a resource is. The provider writes the environment's on every resource, a service adds its own."""
    if service is not None:
        return {**service.labels, "caas:service": service.name}
    known = {
        "caas:project": environment.project,
        "caas:environment": environment.stack,
        "caas:tier": environment.tier,
        "caas:owner": environment.owner,
        "caas:cost-centre": environment.cost_centre,
    }
    return {key: value for key, value in known.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    """What an account is made of.

    :param environment: Region, account and key are read from its ``aws`` part.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    transforms: Sequence[Transform] = ()


class Account(Component):
    """A provider that touches one account only, and the key that encrypts what is kept there."""

    provider: pulumi_aws.Provider
    """Hand it to the other components: ``opts=ResourceOptions(providers=[account.provider])``."""
    key: pulumi.Output[str]
    """ARN of the key: the one that is named, or the environment's own."""

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:Account", name, opts, args.transforms)
        where = place(args.environment)
        self.provider = pulumi_aws.Provider(
            f"{name}-provider",
            region=where.region,
            allowed_account_ids=[where.account],
            default_tags={"tags": tags(args.environment)},
            opts=self.child(),
        )
        existing = settings(args.environment).kms_key
        made = existing is None
        self.key = self._key(name, args.environment) if made else pulumi.Output.from_input(existing or "")
        self.finish({"key": self.key})

    @staticmethod
    def _policy(environment: Environment) -> list[Statement]:
        """Who may use the key: also those who write into a topic of the environment's own."""
        watch = settings(environment).monitoring
        told = watch is not None and watch.topic is None
        return [
            *key_policy(place(environment), log_group_name(environment, "*")),
            *([tell_statement(place(environment))] if told else []),
        ]

    def _key(self, name: str, environment: Environment) -> pulumi.Output[str]:
        inside = self.child(provider=self.provider)
        key = Key(
            f"{name}-key",
            description=f"Logs, secrets, images and volumes of {named(environment)}",
            deletion_window_in_days=KEY_KEPT,
            enable_key_rotation=True,
            policy=document(*self._policy(environment)),
            opts=inside,
        )
        Alias(f"{name}-key-alias", name=f"alias/{named(environment)}", target_key_id=key.key_id, opts=inside)
        arn: pulumi.Output[str] = key.arn
        return arn
