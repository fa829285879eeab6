"""The seam between what is described and what runs it.

Every platform offers one function, `declare`, in its own room; only the room of the platform that a stack names
is imported, and with it that platform's SDK. What a platform cannot do was refused before, while the configuration
was validated (see ``capabilities.py``).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from components.spec.environment import Environment

if TYPE_CHECKING:
    import pulumi

ROOMS = {
    "kubernetes": "components.kubernetes.environment",
    "aws-ecs": "components.aws.environment",
    "gke": "components.gcp.environment",
    "azure-aci": "components.azure.environment",
}
"""Platform -> the module that declares an environment on it."""


class Platform(Protocol):
    """What every platform's room offers."""

    def declare(self, environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
        """Declare the whole environment.

        :param environment: Validated; it asks for nothing that the platform refuses.
        :param secrets: Values of ``caas:secrets``, secret Outputs.
        :return: The program's exports: ``environment`` (the tier), ``platform``, ``services`` (name -> image,
            url, namespace, deployment, port, minimum, maximum, healthPath) and a part named as the platform.
        """
        ...


def declare(environment: Environment, secrets: Mapping[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Declare the environment on the platform that it names."""
    room = cast(Platform, importlib.import_module(ROOMS[environment.platform]))
    return room.declare(environment, secrets)
