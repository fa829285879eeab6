"""The sizes that Fargate sells, and the cheapest one that holds a service. Pure; knows nothing of resources.

Pairs of CPU and memory: "Task CPU and memory" in the ECS Developer Guide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from components.spec.service import Service

UNITS = 1024
"""CPU units of one vCPU."""

PROXY_CPU, PROXY_MEMORY = 256, 64
"""Units and MiB that AWS recommends to add for the proxy through which services of an environment call each other
("Service Connect", ECS Developer Guide)."""

LARGEST_STORAGE, FREE_STORAGE = 200, 20
"""GiB of task storage: the most there is, and what each task has without asking."""

_GIB_PER_VCPU_PRICE = 0.04048 / 0.004445
"""GiB of memory that cost what one vCPU costs. The ratio of the list prices is the same in every region to within
a few percent, which never decides between two sizes."""


@dataclass(frozen=True, order=True)
class Size:
    """A size that is sold.

    :param cpu: CPU units, 1024 to a vCPU.
    :param memory: MiB.
    """

    cpu: int
    memory: int

    def __str__(self) -> str:
        return f"{self.cpu / UNITS:g} vCPU with {self.memory} MiB"

    @property
    def price(self) -> float:
        """What it costs, in units of one GiB of memory."""
        return self.cpu / UNITS * _GIB_PER_VCPU_PRICE + self.memory / 1024


def _row(cpu: int, low: int, high: int, step: int) -> list[Size]:
    return [Size(cpu, gib * 1024) for gib in range(low, high + 1, step)]


SIZES: tuple[Size, ...] = (
    Size(256, 512),
    *_row(256, 1, 2, 1),
    *_row(512, 1, 4, 1),
    *_row(1024, 2, 8, 1),
    *_row(2048, 4, 16, 1),
    *_row(4096, 8, 30, 1),
    *_row(8192, 16, 60, 4),
    *_row(16384, 32, 120, 8),
)
"""Every size that is sold."""


class NoSizeError(ValueError):
    """Nothing that is sold is large enough."""


def cheapest(cpu: int, memory: int) -> Size:
    """The cheapest size with at least this many CPU units and MiB.

    :raises NoSizeError: There is none; the message names the nearest sizes that are sold.
    """
    fitting = [size for size in SIZES if size.cpu >= cpu and size.memory >= memory]
    if not fitting:
        near = " or ".join(map(str, nearest(cpu, memory)))
        raise NoSizeError(f"no size has {cpu / UNITS:g} vCPU with {memory} MiB; the nearest are {near}")
    return min(fitting, key=lambda size: (size.price, size))


def nearest(cpu: int, memory: int) -> tuple[Size, Size]:
    """The two sizes that come nearest to what is asked, in proportion; the nearest first. What is missing counts ten
    times what is too much: who asks for much memory is not helped by a small size."""

    def distance(size: Size) -> tuple[float, Size]:
        ratios = math.log(size.cpu / max(cpu, 1)), math.log(size.memory / max(memory, 1))
        return sum(ratio if ratio > 0 else -10 * ratio for ratio in ratios), size

    first, second, *_ = sorted(SIZES, key=distance)
    return first, second


def total(service: Service) -> tuple[int, int]:
    """(CPU units, MiB) of all containers of one instance, the proxy included."""
    containers = [(service.cpu, service.memory), *((one.cpu, one.memory) for one in service.sidecars.values())]
    cpu = sum(units(vcpu) for vcpu, _ in containers)
    return cpu + PROXY_CPU, sum(memory for _, memory in containers) + PROXY_MEMORY


def units(vcpu: float) -> int:
    """CPU units of a container; never fewer than asked for."""
    return math.ceil(round(vcpu * UNITS, 6))


def storage(service: Service) -> int:
    """GiB of task storage that the scratch volumes of one instance need."""
    return math.ceil(sum(one.size for one in service.volumes.values() if one.kind == "scratch") / 1024)
