"""Environments on different platforms: their resources have nothing in common, their descriptions must. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components import capabilities
from components.spec import Environment
from delivery.parity.graph import Graph, graph

SPEC = "spec"
"""The type under which a service's own description is compared."""


def described(environment: Environment) -> Graph:
    """The services as the environment describes them, as a graph: one node for each."""
    resources = [
        {"type": SPEC, "name": service.name, "inputs": service.model_dump(exclude={"name"}, mode="json")}
        for service in environment.services
    ]
    return graph(environment, resources)


def notes(environments: Sequence[Environment]) -> tuple[str, ...]:
    """Features that the services use and that the platforms have by different means."""
    return tuple(_told(feature, environments) for feature in _used(environments))


def _told(feature: capabilities.Feature, environments: Sequence[Environment]) -> str:
    ways = {one.platform: capabilities.capability(one.platform, feature.key) for one in environments}
    said = "; ".join(f"{platform}: {answer.support} ({answer.by})" for platform, answer in sorted(ways.items()))
    return f"{feature.title}: {said}"


def _used(environments: Sequence[Environment]) -> Iterator[capabilities.Feature]:
    """What one of the services asks for, where the platforms do not answer alike."""
    for feature in capabilities.FEATURES:
        answers = {capabilities.capability(one.platform, feature.key) for one in environments}
        asked = any(feature.asked(service) for one in environments for service in one.services)
        if asked and len(answers) > 1:
            yield feature
