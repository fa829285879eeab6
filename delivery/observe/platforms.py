"""Which observer looks at which platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.spec import Environment
from components.spec.checks_aws import account as account_of
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.kubernetes import KubernetesObserver
from delivery.observe.model import Observer

if TYPE_CHECKING:
    from delivery.declared import Declared

OBSERVED = frozenset({"kubernetes", "aws-ecs", "gke", "azure-aci"})


def refuse_unseen(platform: str) -> None:
    """NOT_PROVEN where there are no eyes for a platform yet: a deployment is not called good unseen."""
    if platform not in OBSERVED:
        raise DeliveryError(
            f"What runs on {platform} cannot be observed yet, so it cannot be proven.",
            Exit.NOT_PROVEN,
            remedy="`pulumi up` applies without a proof.",
        )


def observer_for(
    platform: str,
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    region: str | None = None,
    account: str | None = None,
    subscription: str | None = None,
) -> Observer:
    """The eyes for a platform; refused as above where there are none."""
    refuse_unseen(platform)
    if platform == "aws-ecs":
        # Imported here: AWS's client is slow to import, and a cluster needs none of it.
        from delivery.observe.ecs import EcsObserver

        return EcsObserver(region or "", account)
    if platform == "azure-aci":
        from delivery.observe.aci import AciObserver  # for the same reason

        return AciObserver(subscription or "")
    return KubernetesObserver(kubeconfig, context)


def observer_of(truth: Declared) -> Observer:
    """The eyes for what a stack's last apply declared."""
    return observer_for(
        truth.platform,
        kubeconfig=truth.kubeconfig,
        context=truth.context,
        region=truth.region,
        account=truth.account,
        subscription=truth.subscription,
    )


def observer_in(environment: Environment) -> Observer:
    """The eyes for where an environment is declared to run."""
    aws, cluster = environment.aws, environment.kubernetes
    return observer_for(
        environment.platform,
        kubeconfig=cluster.kubeconfig,
        context=cluster.context,
        region=aws.region if aws is not None else None,
        account=account_of(aws, environment.registry) if aws is not None else None,
        subscription=environment.azure.subscription if environment.azure is not None else None,
    )
