"""ResourceQuotas and LimitRanges of the services' namespace: what its owner lets pods there have. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kubernetes.utils import quantity as quantities

from components.kubernetes.pod import resources
from components.spec import Environment
from components.spec.service import Service
from delivery.checks import Check, State
from delivery.quotas.model import NAME, Need, Quota, instances, times, total

Object = Mapping[str, Any]

SAME = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}
SAME["ephemeral-storage"] = "requests.ephemeral-storage"
"""Other names that a quota has for the same."""

UNSTATED = "limits.cpu"
"""What the services' pods do not state by themselves."""

OURS = frozenset({"NotTerminating", "NotBestEffort"})
"""Scopes of a quota that the services' pods are in."""


def checks(environment: Environment, namespace: str, quotas: Sequence[Object], ranges: Sequence[Object]) -> list[Check]:
    """One check for each limit that can stop the services.

    :param quotas: The namespace's ResourceQuotas, as the API has them.
    :param ranges: Its LimitRanges.
    """
    found = [*_within(environment, namespace, ranges)]
    injected = _injected(ranges)
    for quota in quotas:
        if not _applies(quota["spec"]):
            continue
        name, hard = quota["metadata"]["name"], quota["spec"].get("hard") or {}
        if UNSTATED in hard and injected is None:
            found.append(_unstated(name, namespace))
        wanted = needs(environment, injected)
        for resource, amount in sorted(hard.items()):
            need = wanted.get(SAME.get(resource, resource))
            if need is not None:
                what = f"{resource} of ResourceQuota {namespace}/{name}"
                found.append(Quota(what, _number(amount), need, _more(namespace, name, resource)).check())
    return found or [Check(NAME, State.OK, f"nothing limits namespace {namespace}")]


def needs(environment: Environment, injected: float | None = None) -> dict[str, Need]:
    """Resource, as a quota calls it -> vCPU, bytes or pods, for all instances of all services.

    :param injected: vCPU that a LimitRange gives each container as its limit. None: none is.
    """
    found: dict[str, list[Need]] = {}
    for service in environment.services:
        count = instances(service)
        for resource, each in pod(service, injected).items():
            found.setdefault(resource, []).append(times(count, each))
    return {resource: total(*each) for resource, each in found.items()}


def pod(service: Service, injected: float | None = None) -> dict[str, float]:
    """Resource -> what one pod of a service counts as."""
    found = {"pods": 1.0}
    for container in _containers(service):
        for part, stated in container.items():
            for resource, amount in stated.items():
                key = f"{part}.{resource}"
                found[key] = found.get(key, 0.0) + _number(amount)
        if injected is not None:
            found[UNSTATED] = found.get(UNSTATED, 0.0) + injected
    return found


def _applies(spec: Object) -> bool:
    """Does a quota count the services' pods?"""
    chosen = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    scopes = {*(spec.get("scopes") or ()), *(one["scopeName"] for one in chosen)}
    return scopes <= OURS


def _injected(ranges: Iterable[Object]) -> float | None:
    """vCPU that a container without a limit is given: the default, or else the maximum."""
    for limit in _limits(ranges, "Container"):
        given = (limit.get("default") or {}).get("cpu") or (limit.get("max") or {}).get("cpu")
        if given is not None:
            return _number(given)
    return None


def _limits(ranges: Iterable[Object], kind: str) -> Iterator[Object]:
    for one in ranges:
        yield from (limit for limit in one["spec"]["limits"] if limit["type"] == kind)


def _within(environment: Environment, namespace: str, ranges: Sequence[Object]) -> Iterator[Check]:
    """What a LimitRange refuses: a pod or a container that is larger or smaller than it admits."""
    for one in ranges:
        where = f"LimitRange {namespace}/{one['metadata']['name']}"
        for service in environment.services:
            containers = [_stated(each) for each in _containers(service)]
            whole = {key: sum(each.get(key, 0.0) for each in containers) for key in _keys(containers)}
            for kind, sizes in (("Container", containers), ("Pod", [whole])):
                for limit in _limits([one], kind):
                    for size in sizes:
                        yield from _outside(where, service.name, kind, limit, size)


def _containers(service: Service) -> list[Any]:
    # Any: the SDK's type of it knows no items.
    return [*resources(service)]


def _number(amount: str) -> float:
    """A quantity as the API writes it: vCPU, bytes or a count."""
    parse: Any = quantities.parse_quantity  # Any: the client has no types
    return float(parse(amount))


def _stated(container: Object) -> dict[str, float]:
    return {resource: _number(amount) for resource, amount in container["requests"].items()}


def _keys(containers: Sequence[Mapping[str, float]]) -> list[str]:
    return sorted({key for each in containers for key in each})


def _outside(where: str, service: str, kind: str, limit: Object, size: Mapping[str, float]) -> Iterator[Check]:
    remedy = f"Have {where} changed, or the service's cpu and memory: no {kind.lower()} outside of it is admitted."
    for bound in ("max", "min"):
        for resource, amount in sorted((limit.get(bound) or {}).items()):
            has, may = size.get(resource), _number(amount)
            if has is not None and (has > may if bound == "max" else has < may):
                what = f"{service}: {resource} {has:g} of a {kind.lower()}, and {where} has {bound} {may:g}"
                yield Check(NAME, State.FAILING, what, remedy)


def _unstated(name: str, namespace: str) -> Check:
    what = f"ResourceQuota {namespace}/{name} asks each container for a limit of CPU, and the services state none"
    remedy = f"Give namespace {namespace} a LimitRange with default.cpu for type Container, or take {UNSTATED} away."
    return Check(NAME, State.FAILING, what, remedy)


def _more(namespace: str, name: str, resource: str) -> Callable[[int], str]:
    def remedy(wanted: int) -> str:
        return (
            f"`kubectl --namespace {namespace} patch resourcequota {name} --type merge "
            f"""--patch '{{"spec": {{"hard": {{"{resource}": "{wanted}"}}}}}}'` by who owns the cluster."""
        )

    return remedy
