"""Rules of the platform azure-aci: what Azure limits, and how the settings go with the services.

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
    if settings.azure is None:
        remedy = f"pulumi config set --path '{NAMESPACE}:azure.location' westeurope --stack {stack}"
        yield Finding(("azure",), Shown.ABSENT, "required where the platform is azure-aci", remedy, stack=True)
