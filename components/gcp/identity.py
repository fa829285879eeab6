"""Workload Identity: which service of the cluster may act as which service account of Google Cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp.serviceaccount import IAMMember

from components.base import Component, Transform
from components.gcp.account import settings
from components.kubernetes.network import GOOGLE_IDENTITY
from components.spec.environment import Environment
from components.spec.service import Service

ROLE = "roles/iam.workloadIdentityUser"


def identified(environment: Environment) -> list[Service]:
    """The services that name a service account of Google Cloud."""
    return [spec for spec in environment.services if GOOGLE_IDENTITY in spec.service_account_annotations]


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentitiesArgs:
    """What the bindings are made of.

    :param environment: Its services' annotations name the accounts.
    :param namespace: Where the services run.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    namespace: pulumi.Output[str]
    transforms: Sequence[Transform] = ()


class WorkloadIdentities(Component):
    """A binding for each service: its account in the cluster, and nobody else there, may act as the one it names."""

    def __init__(self, name: str, args: WorkloadIdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:WorkloadIdentities", name, opts, args.transforms)
        pool = f"{settings(args.environment).project}.svc.id.goog"
        for spec in identified(args.environment):
            email = spec.service_account_annotations[GOOGLE_IDENTITY]
            owner = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
            IAMMember(
                f"{name}-{spec.name}",
                service_account_id=f"projects/{owner}/serviceAccounts/{email}",
                role=ROLE,
                member=pulumi.Output.concat("serviceAccount:", pool, "[", args.namespace, "/", spec.name, "]"),
                opts=self.child(),
            )
        self.finish({})
