"""Rules of the platform gke: what Google Cloud limits, and how the settings go with the services.

Pure generators of findings. What the platform cannot do at all stands in the capability table.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.spec.environment import Registry, Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Shown
from components.spec.merge import Placed


def environment(
    placed: list[Placed],  # noqa: ARG001
    settings: Settings,
    stack: str,
    level: Tier | None,  # noqa: ARG001
    registry: Registry | None,  # noqa: ARG001
) -> Iterator[Finding]:
    """Every rule of this module. `registry` is None where it is wrong already."""
    if settings.gcp is None:
        remedy = f"pulumi config set --path '{NAMESPACE}:gcp.project' shop-prod-1234 --stack {stack}"
        yield Finding(("gcp",), Shown.ABSENT, "required where the platform is gke", remedy, stack=True)
