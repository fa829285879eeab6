"""How each priced type of resource costs: from its inputs, its neighbours and the table to money a month. Pure.

A rule answers None where it lacks a price, a region or a value: that resource is reported as not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from delivery.preview.model import Resource
from delivery.preview.values import known
from delivery.prices.table import Prices, Table

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "": 1, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
GB = 2**30


class World:
    """All resources of one side of a preview, with the prices of where they are."""

    def __init__(self, resources: Sequence[Resource], table: Table, regions: Mapping[str, str]) -> None:
        self.table = table
        self._resources = resources
        self._regions = regions

    def prices(self, cloud: str) -> Prices | None:
        """Of the stack's region."""
        return self.table.of(cloud, self._regions.get(cloud))

    def sibling(self, one: Resource, kind: str) -> Resource | None:
        """The resource of a type that belongs to the same component."""
        return next((o for o in self._resources if o.type == kind and o.parent == one.parent), None)

    def any(self, kind: str) -> Resource | None:
        """The first resource of a type."""
        return next((o for o in self._resources if o.type == kind), None)


Rule = Callable[[Resource, World], float | None]


def _each(cloud: str, name: str, *, hourly: bool = True, count: Callable[[Resource], int] = lambda _: 1) -> Rule:
    """So much for each one, by the hour or by the month."""

    def rule(one: Resource, world: World) -> float | None:
        price = (world.prices(cloud) or {}).get(name)
        if not isinstance(price, float):
            return None
        return price * count(one) * (world.table.hours if hourly else 1)

    return rule


def _nothing(_one: Resource, _world: World) -> float:
    """Another resource pays for it."""
    return 0.0


def _fargate(one: Resource, world: World) -> float | None:
    """A service on ECS: its tasks, at the count that is declared or at which scaling begins."""
    task = world.sibling(one, "aws:ecs/taskDefinition:TaskDefinition")
    scaling = world.sibling(one, "aws:appautoscaling/target:Target")
    count = _number(scaling.inputs.get("minCapacity") if scaling else one.inputs.get("desiredCount"))
    if task is None or count is None:
        return None
    architecture = (task.inputs.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"
    prices = world.prices("aws") or {}
    each = _compute(
        _variant(prices.get("fargateCpu"), architecture),
        _variant(prices.get("fargateMemory"), architecture),
        _scaled(task.inputs.get("cpu"), 1024),
        _scaled(task.inputs.get("memory"), 1024),
    )
    if each is None:
        return None
    spot, total = _spot(one.inputs.get("capacityProviderStrategies") or [], count)
    return each * (total - spot + spot * world.table.spot) * world.table.hours


def _spot(strategies: Sequence[Mapping[str, Any]], count: float) -> tuple[float, float]:
    """How many of so many tasks run on Spot."""
    based = sum(float(one.get("base") or 0) for one in strategies)
    weights = sum(float(one.get("weight") or 0) for one in strategies)
    rest = max(0.0, count - based)
    spot = 0.0
    for one in strategies:
        if one.get("capacityProvider") == "FARGATE_SPOT":
            share = float(one.get("weight") or 0) / weights if weights else 0.0
            spot += min(float(one.get("base") or 0), count) + rest * share
    return min(spot, count), count


def _group(one: Resource, world: World) -> float | None:
    """An NGroup on Azure: its groups, at the count that is declared."""
    profile = world.sibling(one, "azure-native:containerinstance:ContainerGroupProfile")
    count = _number((one.inputs.get("elasticProfile") or {}).get("desiredCount"))
    each = None if profile is None else _containers(profile, world)
    return None if each is None or count is None else each * count


def _containers(one: Resource, world: World) -> float | None:
    """One container group on Azure, by what its containers ask for."""
    requests = [(each.get("resources") or {}).get("requests") or {} for each in one.inputs.get("containers") or []]
    cpus, memories = [_number(r.get("cpu")) for r in requests], [_number(r.get("memoryInGB")) for r in requests]
    if not requests or None in cpus or None in memories:
        return None
    prices = world.prices("azure") or {}
    each = _compute(
        prices.get("groupCpu"), prices.get("groupMemory"), sum(c or 0.0 for c in cpus), sum(m or 0.0 for m in memories)
    )
    return None if each is None else each * world.table.hours


def _pods(one: Resource, world: World) -> float | None:
    """A Deployment on an Autopilot cluster of the same stack; what other clusters' nodes cost is not known."""
    cluster = world.any("gcp:container/cluster:Cluster")
    if cluster is None or not cluster.inputs.get("enableAutopilot"):
        return None
    spec = one.inputs.get("spec") or {}
    scaler = world.sibling(one, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
    count = _number((scaler.inputs.get("spec") or {}).get("minReplicas") if scaler else spec.get("replicas", 1))
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or []
    requests = [(each.get("resources") or {}).get("requests") or {} for each in containers]
    cpus, memories = [_quantity(r.get("cpu")) for r in requests], [_quantity(r.get("memory")) for r in requests]
    if count is None or not requests or None in cpus or None in memories:
        return None
    prices = world.prices("gcp") or {}
    memory = sum(m or 0.0 for m in memories) / GB
    each = _compute(prices.get("podCpu"), prices.get("podMemory"), sum(c or 0.0 for c in cpus), memory)
    return None if each is None else each * count * world.table.hours


def _gateway(one: Resource, world: World) -> float | None:
    """An Application Gateway, by its size."""
    size = str((one.inputs.get("sku") or {}).get("name"))
    price = _variant((world.prices("azure") or {}).get("gateway"), size)
    return price * world.table.hours if isinstance(price, float) else None


def _web_acl(one: Resource, world: World) -> float | None:
    """A web ACL and its rules, without requests."""
    prices = world.prices("aws") or {}
    acl, rule = prices.get("webAcl"), prices.get("webAclRule")
    if not isinstance(acl, float) or not isinstance(rule, float):
        return None
    return acl + rule * len(one.inputs.get("rules") or [])


def _endpoint_zones(one: Resource) -> int:
    """An endpoint costs in each subnet; one of type Gateway costs nothing."""
    return len(one.inputs.get("subnetIds") or []) if one.inputs.get("vpcEndpointType") == "Interface" else 0


def _compute(cpu_price: Any, memory_price: Any, cpu: float | None, memory: float | None) -> float | None:
    """Money an hour."""
    if not isinstance(cpu_price, float) or not isinstance(memory_price, float) or cpu is None or memory is None:
        return None
    return cpu_price * cpu + memory_price * memory


def _variant(price: Any, name: str) -> float | None:
    found = price.get(name) if isinstance(price, Mapping) else None
    return found if isinstance(found, float) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None or not known(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _scaled(value: Any, by: float) -> float | None:
    found = _number(value)
    return None if found is None else found / by


def _quantity(value: Any) -> float | None:
    """A quantity of Kubernetes: ``250m``, ``1``, ``64Mi``."""
    found = re.fullmatch(r"([0-9.]+)(m|[KMGT]i?|)", str(value))
    if found is None:
        return None
    number, unit = float(found.group(1)), found.group(2)
    return number / 1000 if unit == "m" else number * _BINARY[unit]


RULES: Mapping[str, Rule] = {
    "aws:ecs/service:Service": _fargate,
    "aws:ecs/taskDefinition:TaskDefinition": _nothing,  # its service pays
    "aws:ec2/natGateway:NatGateway": _each("aws", "natGateway"),
    "aws:ec2/eip:Eip": _each("aws", "address"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _each("aws", "endpoint", count=_endpoint_zones),
    "aws:lb/loadBalancer:LoadBalancer": _each("aws", "loadBalancer"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _each("aws", "alarm", hourly=False),
    "aws:kms/key:Key": _each("aws", "key", hourly=False),
    "aws:secretsmanager/secret:Secret": _each("aws", "secret", hourly=False),
    "aws:wafv2/webAcl:WebAcl": _web_acl,
    "azure-native:containerinstance:ContainerGroup": _containers,
    "azure-native:containerinstance:NGroup": _group,
    "azure-native:containerinstance:ContainerGroupProfile": _nothing,  # its NGroup pays
    "azure-native:network:NatGateway": _each("azure", "natGateway"),
    "azure-native:network:PublicIPAddress": _each("azure", "address"),
    "azure-native:network:LoadBalancer": _each("azure", "balancer"),
    "azure-native:network:ApplicationGateway": _gateway,
    "gcp:container/cluster:Cluster": _each("gcp", "cluster"),
    "gcp:compute/globalAddress:GlobalAddress": _each("gcp", "forwarding"),
    "kubernetes:apps/v1:Deployment": _pods,
}
"""Type -> what it costs a month."""
