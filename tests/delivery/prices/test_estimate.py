"""What a change costs a month: the table's prices times what is declared, and what is left out by type and count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from delivery.preview import events
from delivery.preview.model import Change, Operation, Preview, Resource
from delivery.prices.estimate import Estimate, estimate
from delivery.prices.rules import RULES
from delivery.prices.table import FILE, load
from tests.delivery.recorded import events as recorded

TABLE = load()
HOURS = 730


def created(*resources: tuple[str, dict[str, Any]]) -> Preview:
    """A preview that makes these, all of one component."""
    found = tuple(Resource(f"urn:{n}", kind, "urn:parent", inputs) for n, (kind, inputs) in enumerate(resources))
    changes = tuple(Change(Operation.CREATE, one.urn, one.type, (), None, one.inputs) for one in found)
    return Preview(changes, 0, after=found)


def cost(*resources: tuple[str, dict[str, Any]], **regions: str) -> Estimate:
    return estimate(created(*resources), TABLE, regions or {"aws": "us-east-1"})


TASK = ("aws:ecs/taskDefinition:TaskDefinition", {"cpu": "512", "memory": "1024"})


def test_tasks_times_size() -> None:
    found = cost(TASK, ("aws:ecs/service:Service", {"desiredCount": 2}))
    assert found.difference == pytest.approx(2 * HOURS * (0.5 * 0.04048 + 1 * 0.004445))
    assert (found.unknown, found.usage) == ({}, {})


def test_a_scaled_service_is_counted_where_its_scaling_begins() -> None:
    scaled = ("aws:appautoscaling/target:Target", {"minCapacity": 4, "maxCapacity": 12})
    found = cost(TASK, ("aws:ecs/service:Service", {"desiredCount": 2}), scaled)
    assert found.difference == pytest.approx(4 * HOURS * (0.5 * 0.04048 + 1 * 0.004445))


def test_spot_costs_its_share() -> None:
    strategies = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 50},
        {"capacityProvider": "FARGATE_SPOT", "weight": 50},
    ]
    found = cost(TASK, ("aws:ecs/service:Service", {"desiredCount": 3, "capacityProviderStrategies": strategies}))
    assert found.difference == pytest.approx((2 + 0.3) * HOURS * (0.5 * 0.04048 + 1 * 0.004445))


def test_the_difference_of_an_update_is_that_of_before_and_after() -> None:
    found = estimate(events.preview(recorded("update")), TABLE, {"aws": "eu-central-1"})
    each = HOURS * (0.5 * 0.03725 + 1 * 0.00409)
    assert found.difference == pytest.approx((5 - 3 + 4 - 3) * each)
    assert found.by_type == {"aws:ecs/service:Service": pytest.approx(found.difference)}
    assert found.document()["pricesOf"] == TABLE.date.isoformat()


def test_endpoints_cost_in_each_zone_and_gateways_nothing() -> None:
    kind = "aws:ec2/vpcEndpoint:VpcEndpoint"
    found = cost(
        (kind, {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]}), (kind, {"vpcEndpointType": "Gateway"})
    )
    assert found.difference == pytest.approx(3 * 0.01 * HOURS)


def test_groups_on_azure_and_pods_on_autopilot() -> None:
    request = {"resources": {"requests": {"cpu": 1, "memoryInGB": 2}}}
    profile = ("azure-native:containerinstance:ContainerGroupProfile", {"containers": [request]})
    group = ("azure-native:containerinstance:NGroup", {"elasticProfile": {"desiredCount": 3}})
    assert cost(profile, group, azure="westeurope").difference == pytest.approx(3 * HOURS * (0.0405 + 2 * 0.00445))
    alone = ("azure-native:containerinstance:ContainerGroup", {"containers": [request, request]})
    assert cost(alone, azure="westeurope").difference == pytest.approx(HOURS * 2 * (0.0405 + 2 * 0.00445))
    pod = {"containers": [{"resources": {"requests": {"cpu": "250m", "memory": "512Mi"}}}]}
    deployment = ("kubernetes:apps/v1:Deployment", {"spec": {"replicas": 2, "template": {"spec": pod}}})
    cluster = ("gcp:container/cluster:Cluster", {"enableAutopilot": True})
    found = cost(deployment, cluster, gcp="us-central1")
    assert found.difference == pytest.approx(HOURS * (0.10 + 2 * (0.25 * 0.0445 + 0.5 * 0.0049225)))


def test_what_is_not_known_is_said_by_type_and_number() -> None:
    found = cost(
        ("aws:rds/instance:Instance", {}),
        ("aws:rds/instance:Instance", {}),
        ("kubernetes:apps/v1:Deployment", {"spec": {}}),
        ("aws:s3/bucket:Bucket", {}),
        ("aws:iam/role:Role", {}),
    )
    assert found.unknown == {"aws:rds/instance:Instance": 2, "kubernetes:apps/v1:Deployment": 1}
    assert found.usage == {"aws:s3/bucket:Bucket": 1}
    assert found.difference == 0


def test_a_region_without_prices_and_a_value_that_is_not_known_yet_are_not_guessed() -> None:
    service = ("aws:ecs/service:Service", {"desiredCount": 2})
    assert cost(TASK, service, aws="mars-1").unknown == {"aws:ecs/service:Service": 1}
    later = {"desiredCount": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}
    assert cost(TASK, ("aws:ecs/service:Service", later)).unknown == {"aws:ecs/service:Service": 1}


INVENTORIES = sorted((Path(__file__).parents[2] / "components" / "inventories").glob("*.txt"))
NOT_KNOWN = {
    "azure-native:containerregistry:Registry",
    "azure-native:monitor:MetricAlert",
    "azure-native:privatedns:PrivateZone",
    "gcp:container/nodePool:NodePool",
}
"""Types of a cloud that cost something which the table does not say."""


@pytest.mark.parametrize("file", INVENTORIES, ids=lambda file: file.stem)
def test_every_type_of_a_cloud_is_priced_free_or_by_use(file: Path) -> None:
    types = [line.split()[1] for line in file.read_text(encoding="utf-8").splitlines() if ":" in line]
    assert len(types) > 10
    clouds = [kind for kind in types if kind.startswith(("aws:", "azure-native:", "gcp:"))]
    neither = {kind for kind in clouds if not (kind in RULES or TABLE.is_free(kind) or TABLE.is_usage(kind))}
    assert neither <= NOT_KNOWN, "price it, or list it under `free` or `usage` in delivery/prices/prices.yaml"


def test_no_priced_type_is_also_free() -> None:
    assert [kind for kind in RULES if TABLE.is_free(kind) or TABLE.is_usage(kind)] == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("natGateway: 0.045", "natGateway: cheap", "'cheap' is no price"),
        ("natGateway: 0.045", "natGateway: -1", "-1 is no price"),
        ('date: "2025-06-01"', 'date: "lately"', "Invalid isoformat"),
        ("currency:", "currencies:", "KeyError"),
    ],
)
def test_a_table_that_cannot_be_relied_on_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace(old, new))
    with pytest.raises(ValueError, match=words):
        load(file)
