"""Which observer looks at which platform."""

from __future__ import annotations

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.kubernetes import KubernetesObserver
from delivery.observe.model import Observer


def observer_for(platform: str, *, kubeconfig: str | None = None, context: str | None = None) -> Observer:
    """The eyes for a platform. NOT_PROVEN where there are none yet: a deployment is not called good unseen."""
    if platform == "kubernetes":
        return KubernetesObserver(kubeconfig, context)
    raise DeliveryError(
        f"What runs on {platform} cannot be observed yet, so it cannot be proven.",
        Exit.NOT_PROVEN,
        remedy="`pulumi up` applies without a proof.",
    )
