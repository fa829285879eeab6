"""An import finds a resource by the id that the provider documents, and of it what the cloud knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi.runtime.proto import provider_pb2

from sandbox.clouds.aws import tokens
from sandbox.clouds.core.provider import Provider
from sandbox.clouds.core.wire import message, within
from tests.sandbox.clouds.desk import SCOPE, SDK, Desk

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def found(desk: Desk, token: str, id_: str) -> dict[str, Any] | None:
    """The state that an import by this id finds; None where there is nothing."""
    return desk.cloud.read(desk.cloud.definition.kinds[token], "it", SCOPE, id_, {})


def service(desk: Desk) -> dict[str, Any]:
    """A service that its provider waits for."""
    cluster = desk.create(tokens.CLUSTER, name="shop")
    vpc = desk.vpc()
    network = {"subnets": [one["id"] for one in desk.subnets(vpc)]}
    return desk.create(
        tokens.SERVICE,
        name="web",
        cluster=cluster["arn"],
        taskDefinition=desk.task()["arn"],
        launchType="FARGATE",
        networkConfiguration=network,
        waitForSteadyState=True,
    )


def test_a_service_is_found_by_cluster_and_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    made = service(desk)
    seen = found(desk, tokens.SERVICE, "shop/web")
    assert seen is not None
    assert seen["id"] == made["id"]
    # How long the provider waits is nothing that AWS could tell.
    assert (made["waitForSteadyState"], seen["waitForSteadyState"]) == (True, False)
    assert {**seen, "waitForSteadyState": True} == made
    assert found(desk, tokens.SERVICE, "shop/other") is None
    assert found(desk, tokens.CLUSTER, "shop") is not None


def test_scaling_is_found_by_what_it_scales(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    service(desk)
    where = {
        "serviceNamespace": "ecs",
        "resourceId": "service/shop/web",
        "scalableDimension": "ecs:service:DesiredCount",
    }
    desk.create(tokens.SCALABLE_TARGET, **where, minCapacity=1.0, maxCapacity=3.0)
    long = "ecs/service/shop/web/ecs:service:DesiredCount"
    seen = found(desk, tokens.SCALABLE_TARGET, long)
    assert seen is not None
    assert seen["resourceId"] == "service/shop/web"
    assert found(desk, tokens.SCALABLE_TARGET, f"{long}/x") is None


def test_an_argument_without_a_default_is_not_found_at_all(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.create(tokens.KEY, deletionWindowInDays=7.0)
    seen = found(desk, tokens.KEY, key["keyId"])
    assert seen is not None
    assert "deletionWindowInDays" not in seen


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({"name": "shop", "region": "eu-central-1"}, {"name": "shop"}, []),
        ({"name": "shop", "tags": {"a": "b"}}, {"name": "shop"}, ["tags"]),
        ({"name": "web", "schedulingStrategy": "REPLICA"}, {"name": "web"}, []),
        ({"name": "web", "schedulingStrategy": "DAEMON"}, {"name": "web"}, ["schedulingStrategy"]),
        ({"name": "web", "desiredCount": 2.0}, {"name": "web", "desiredCount": 3.0}, ["desiredCount"]),
    ],
)
def test_what_nobody_gave_is_no_difference(
    tmp_path: Path, old: dict[str, Any], new: dict[str, Any], changed: list[str]
) -> None:
    provider = Provider(Desk(tmp_path).cloud, SDK, "7.51.1")
    urn = f"urn:pulumi:dev::shop::{tokens.SERVICE}::web"
    request = provider_pb2.DiffRequest(urn=urn, old_inputs=message(old), news=message(new))
    answer = provider.Diff(request, None)
    assert list(json_format.MessageToDict(answer).get("diffs", [])) == changed


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}, True),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, False),
        ({"a": 1}, {}, False),
        ({"a": UNKNOWN}, {"a": UNKNOWN}, False),
        ([1], [1, 2], False),
    ],
)
def test_within(one: Any, other: Any, holds: bool) -> None:
    assert within(one, other) is holds
