"""What a service on ECS has answered: found by its target groups, with AWS's own client checking every question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from components.slo import Budget
from delivery.gate import Sample
from delivery.metrics import cloudwatch
from delivery.metrics.cloudwatch import TargetGroup
from delivery.metrics.ecs import Groups
from delivery.observe.model import Target
from delivery.prometheus import MetricsError

PLACE = "eu-central-1:123456789012"
BUDGET = Budget(failed=0.001, slow=0.01, threshold=0.5)
END = datetime(2026, 11, 2, 9, 5, tzinfo=UTC)
WHERE = Target("shop-prod", "web")
BALANCER = f"arn:aws:elasticloadbalancing:{PLACE}:loadbalancer/app/shop/50dc6c495c0c9188"
BLUE, GREEN = (f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup/web-{n}/73e2d6bc24d8a06{n}" for n in (1, 2))
KNOWN = [TargetGroup("app/shop/50dc6c495c0c9188", f"targetgroup/web-{n}/73e2d6bc24d8a06{n}") for n in (1, 2)]


class World:
    """What AWS will be asked, and answers."""

    def __init__(self, groups: Groups, stack: ExitStack) -> None:
        self.groups = groups
        self.ecs, self.balancers, self.metrics = (
            stack.enter_context(Stubber(client)) for client in (groups._ecs, groups._balancers, groups._metrics)
        )

    def service(self, *balancers: dict[str, Any]) -> None:
        asked = {"cluster": "shop-prod", "services": ["web"]}
        self.ecs.add_response("describe_services", {"services": [{"loadBalancers": list(balancers)}]}, asked)

    def found(self, *arns: str) -> None:
        groups = [{"TargetGroupArn": arn, "LoadBalancerArns": [BALANCER]} for arn in arns]
        self.balancers.add_response(
            "describe_target_groups", {"TargetGroups": groups}, {"TargetGroupArns": sorted(arns)}
        )

    def counted(self, group: TargetGroup, seconds: int, **values: float) -> None:
        results = [
            {"Id": name, "Timestamps": [END], "Values": [value], "StatusCode": "Complete"}
            for name, value in values.items()
        ]
        asked = {
            "MetricDataQueries": cloudwatch.questions(group, BUDGET, seconds),
            "StartTime": END - timedelta(seconds=seconds),
            "EndTime": END,
            "ScanBy": "TimestampAscending",
        }
        self.metrics.add_response("get_metric_data", {"MetricDataResults": results}, asked)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with ExitStack() as stack:
        yield World(Groups("eu-central-1"), stack)


def test_a_service_is_counted_by_its_target_group(world: World) -> None:
    world.service({"targetGroupArn": BLUE})
    world.found(BLUE)
    world.counted(KNOWN[0], 300, requests=1000, failed=3, timed=900, fast=99)
    found = world.groups.sample(WHERE, BUDGET, END, 300)
    assert (found.requests, found.failed, found.timed) == (1000, 3, 900)
    assert found.slow == pytest.approx(9)


def test_both_target_groups_of_a_strategy_are_counted(world: World) -> None:
    world.service({"targetGroupArn": BLUE, "advancedConfiguration": {"alternateTargetGroupArn": GREEN}})
    world.found(BLUE, GREEN)
    world.counted(KNOWN[0], 300, requests=900, failed=1)
    world.counted(KNOWN[1], 300, requests=100, failed=2)
    assert world.groups.sample(WHERE, BUDGET, END, 300) == Sample(1000, 3, 0, 0)


def test_a_whole_period_is_asked_for_by_the_hour() -> None:
    periods = {each["MetricStat"]["Period"] for each in cloudwatch.questions(KNOWN[0], BUDGET, 30 * 24 * 3600)}
    assert periods == {3600}
    assert {each["MetricStat"]["Period"] for each in cloudwatch.questions(KNOWN[0], BUDGET, 600)} == {60}


def test_a_minute_that_began_before_the_version_is_not_its_own() -> None:
    asked: list[datetime] = []

    class Client:
        def get_metric_data(self, **given: Any) -> dict[str, Any]:
            asked.append(given["StartTime"])
            return {"MetricDataResults": []}

    late = END + timedelta(seconds=20)
    assert cloudwatch.sample(Client(), KNOWN[0], BUDGET, late, 20) == Sample()
    assert asked == [END]
    assert cloudwatch.sample(Client(), KNOWN[0], BUDGET, late, 10) == Sample()
    assert asked == [END], "no whole minute has begun"
    cloudwatch.sample(Client(), KNOWN[0], BUDGET, late, 60)
    assert asked[1:] == [END]


@pytest.mark.parametrize("services", [[], [{"loadBalancers": []}]], ids=["no-service", "no-balancer"])
def test_what_is_behind_no_load_balancer_is_not_counted(services: list[Any], world: World) -> None:
    world.ecs.add_response("describe_services", {"services": services})
    with pytest.raises(MetricsError, match="web is behind no load balancer, so nothing counts its requests"):
        world.groups.sample(WHERE, BUDGET, END, 300)


def test_a_refusal_is_an_error_and_no_zero(world: World) -> None:
    world.ecs.add_client_error("describe_services", "AccessDeniedException", "not you", 400)
    with pytest.raises(MetricsError, match=r"AWS does not say what web is reached by: .*not you"):
        world.groups.sample(WHERE, BUDGET, END, 300)


def test_a_profile_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(MetricsError, match=r"AWS cannot be asked: .*nobody"):
        Groups("eu-central-1")
