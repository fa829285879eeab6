"""What a stack's state says about new versions that run beside those that serve. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.spec.checks_kubernetes import CANDIDATE, PREVIEW
from delivery import apply
from delivery.declared import DeclaredService
from delivery.observe.model import Target

COMPONENT = "caas:kubernetes:Candidate"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"

State = Mapping[str, Any]
"""The deployment as it is stored."""


def urns(state: State) -> list[str]:
    """The resources of new versions, the components themselves included."""
    return [urn for urn in map(str, _all(state, "urn")) if COMPONENT in urn.split("::")[2]]


def services(state: State) -> list[str]:
    """The services that have a new version."""
    return sorted({urn.rpartition("::")[2].partition(CANDIDATE)[0] for urn in urns(state)})


def patterns(service: str, *, built: bool) -> list[str]:
    """The only resources that may change while a new version starts, as the engine's patterns of URNs.

    Its own, its image, the route that is to lead to it, and the persistent volumes that it is the first to need.
    """
    names = [f"{service}{CANDIDATE}*", service, f"{service}-route", f"{service}-*-claim"]
    if built:
        names.append(f"{service}-image")
    return [f"**::{name}" for name in names]


def routes(state: State, names: list[str]) -> list[str]:
    """The resources that are these services' own routes."""
    wanted = {f"{name}-route" for name in names}
    return [urn for urn in map(str, _all(state, "urn")) if urn.rpartition("::")[2] in wanted]


def routed(state: State) -> list[str]:
    """The services that have a route of their own, which a release can have taken."""
    found = [
        urn for urn, type_ in zip(map(str, _all(state, "urn")), _all(state, "type"), strict=True) if type_ == ROUTE
    ]
    own = [urn for urn in found if COMPONENT not in urn.split("::")[2]]
    return sorted(urn.rpartition("::")[2].removesuffix("-route") for urn in own)


def minimum(state: State, service: str) -> int | None:
    """The least instances that the autoscaler of a service is declared with; None where it has none."""
    for resource in state.get("resources") or []:
        if resource["type"] == AUTOSCALER and resource["inputs"]["metadata"]["name"] == service:
            return int(resource["inputs"]["spec"]["minReplicas"])
    return None


def stable(state: State, service: str) -> Target | None:
    """Where the version that serves runs; None before the first apply."""
    found = (target for target, _ in apply.deployments(list(state.get("resources") or [])))
    return next((target for target in found if target.name == service), None)


def images(state: State) -> dict[str, str]:
    """Deployment -> the image of its first container, as it was declared."""
    found = {}
    for resource in state.get("resources") or []:
        if resource["type"] == apply.DEPLOYMENT:
            template = resource["inputs"]["spec"]["template"]
            found[resource["inputs"]["metadata"]["name"]] = template["spec"]["containers"][0]["image"]
    return found


def declared(service: DeclaredService, state: State, count: int) -> DeclaredService:
    """A service's new version, as it is proven before it gets any traffic: at its preview host."""
    name = f"{service.deployment}{CANDIDATE}"
    url = service.url
    if url is not None:
        scheme, _, rest = url.partition("://")
        url = f"{scheme}://{PREVIEW}{rest}"
    return DeclaredService(
        name=f"{service.name} (new version)",
        image=images(state)[name],
        url=url,
        namespace=service.namespace,
        deployment=name,
        port=service.port,
        minimum=count,
        maximum=count,
        health_path=service.health_path,
    )


def _all(state: State, key: str) -> Iterator[Any]:
    return (resource[key] for resource in state.get("resources") or [])
