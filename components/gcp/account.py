"""The project and region that everything else is declared in: the provider, and how things are named there.

Networks, clusters and services belong elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp

from components.base import Component, Transform
from components.naming import name as short_name
from components.spec.environment import Environment
from components.spec.gcp import Gcp

CLUSTER_LIMIT, ACCOUNT_LIMIT = 40, 30
"""Characters of the names of clusters, and of the ids of service accounts."""

LABEL_LIMIT = 63
"""Characters of a label's value ("Requirements for labels", Resource Manager)."""


def settings(environment: Environment) -> Gcp:
    """The environment's settings on Google Cloud.

    :raises ValueError: It has none; a validated environment on this platform always has.
    """
    if environment.gcp is None:
        raise ValueError("caas:gcp is required where the platform is gke")
    return environment.gcp


def named(environment: Environment, *parts: str, limit: int = 63) -> str:
    """``<project>-<stack>-<part>…``: the name of one thing of this environment."""
    return short_name(environment.project, environment.stack, *parts, limit=limit)


def cluster_name(environment: Environment) -> str:
    """Name of the cluster: that of the one that exists, or the environment's own."""
    return settings(environment).cluster or named(environment, limit=CLUSTER_LIMIT)


def labels(environment: Environment) -> dict[str, str]:
    """Whose a resource is. Labels of Google Cloud know lower-case letters, digits, ``-`` and ``_`` only."""
    known = {
        "caas-project": environment.project,
        "caas-environment": environment.stack,
        "caas-tier": environment.tier,
        "caas-owner": environment.owner,
        "caas-cost-centre": environment.cost_centre,
    }
    return {key: _label(value) for key, value in known.items() if value is not None}


def _label(value: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "-", value.lower())[:LABEL_LIMIT]


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    """What an account is made of.

    :param environment: Project and region are read from its ``gcp`` part.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    transforms: Sequence[Transform] = ()


class Account(Component):
    """A provider that names one project and one region, and labels everything as the environment's."""

    provider: pulumi_gcp.Provider
    """Hand it to the other components: ``opts=ResourceOptions(providers=[account.provider])``."""

    def __init__(self, name: str, args: AccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:Account", name, opts, args.transforms)
        where = settings(args.environment)
        self.provider = pulumi_gcp.Provider(
            f"{name}-provider",
            project=where.project,
            region=where.region,
            default_labels=labels(args.environment),
            opts=self.child(),
        )
        self.finish({"project": where.project, "region": where.region})
