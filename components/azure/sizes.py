"""The sizes that Container Instances has, and the one that a service gets. Pure; knows nothing of resources.

Figures: "Resource availability & quota limits" and "Container groups", Azure Container Instances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from components.spec.service import Service

SMALLEST_CPU, SMALLEST_MEMORY = 1.0, 1.0
"""vCPU and GB that a container group has at the least, all its containers together."""

LARGEST_CPU, LARGEST_MEMORY = 4.0, 16.0
"""vCPU and GB that a container group has at the most in every location."""


@dataclass(frozen=True)
class Size:
    """What one container asks for.

    :param cpu: vCPU, in hundredths.
    :param memory: GB, in tenths.
    """

    cpu: float
    memory: float


def asked(cpu: float, mebibytes: int) -> Size:
    """The least that holds a description: CPU is sold in hundredths, memory in tenths of a GB."""
    return Size(math.ceil(round(cpu * 100, 6)) / 100, math.ceil(round(mebibytes / 1024 * 10, 6)) / 10)


def total(service: Service) -> Size:
    """What all containers of an instance ask for together, before anything is added."""
    parts = [asked(service.cpu, service.memory), *(asked(one.cpu, one.memory) for one in service.sidecars.values())]
    return Size(round(sum(one.cpu for one in parts), 2), round(sum(one.memory for one in parts), 1))


def own(service: Service) -> Size:
    """The size of the service's own container: what it asks for, and what is missing to the smallest group."""
    mine, all_together = asked(service.cpu, service.memory), total(service)
    return Size(
        round(mine.cpu + max(0.0, SMALLEST_CPU - all_together.cpu), 2),
        round(mine.memory + max(0.0, SMALLEST_MEMORY - all_together.memory), 1),
    )
