"""Cores and container groups of a subscription in a location, as Container Instances counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from components.azure import monitoring, sizes
from components.spec import Environment
from components.spec.azure import Azure
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.quotas.model import Need, Quota, instances, times, total

CORES, GROUPS = "StandardCores", "ContainerGroups"
"""As Azure calls them among a location's usages."""


def needs(environment: Environment) -> dict[str, Need]:
    """What is needed of each, for all instances of all services and what carries their lines."""
    count = {one.name: instances(one) for one in environment.services}
    beside = [monitoring.with_collector(one, environment) for one in environment.services]
    cores = {one.name: max(sizes.total(one).cpu, sizes.SMALLEST_CPU) for one in beside}
    carrier = Need(1, 1) if environment.logging is not None else Need(0, 0)
    return {
        CORES: total(*(times(count[name], cores[name]) for name in count), times(carrier, sizes.SMALLEST_CPU)),
        GROUPS: total(*count.values(), carrier),
    }


def quotas(environment: Environment, azure: Azure, usages: Sequence[Mapping[str, Any]]) -> Iterator[Quota]:
    """Each limit with what is needed of it.

    :param usages: Azure's list for the location. DeliveryError where it lacks one of the two.
    """
    said = {one["name"]["value"]: one for one in usages}
    for name, need in needs(environment).items():
        if name not in said:
            raise DeliveryError(
                f"Azure does not say how many {name} there may be in {azure.location}.", Exit.NOT_PROVEN
            )
        found = said[name]
        what = f"{name} of Container Instances in {azure.location}"
        yield Quota(what, float(found["limit"]), need, _more(name, azure.location), float(found["currentValue"]))


def _more(name: str, location: str) -> Callable[[int], str]:
    def remedy(wanted: int) -> str:
        return (
            f"Ask for {wanted} {name} in {location}: Azure portal, Help + support, Create a support request, "
            "Service and subscription limits (quotas), Container Instances."
        )

    return remedy
