"""The simulated CloudWatch: the counts of a traffic file by minute and hour, as the gate asks for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError

from components.slo import Budget
from delivery.gate import Sample
from delivery.metrics import cloudwatch
from delivery.metrics.cloudwatch import TargetGroup
from delivery.prometheus import MetricsError
from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.mirror import serving
from sandbox.clouds.aws.mirrored.measuring import KEPT, QUICK, SLOW, answers, flows
from tests.sandbox.clouds.desk import Desk

NOW = datetime(2026, 11, 2, 9, 30, 20, tzinfo=UTC)
NINE = "2026-11-02T09:00:00+00:00"
GROUP = TargetGroup("app/shop/50dc6c495c0c9188", "targetgroup/web/73e2d6bc24d8a067")
BUDGET = Budget(failed=0.001, slow=0.01, threshold=0.5)


def entry(**changes: Any) -> dict[str, Any]:
    return {"targetGroup": "web", "from": NINE, "requests": 600, **changes}


def written(directory: Path, *entries: Any) -> Path:
    file = directory / "aws.traffic.json"
    file.write_text(json.dumps(entries))
    return file


class Client:
    """CloudWatch as boto3 gives it, over these entries."""

    def __init__(self, directory: Path, *entries: Any) -> None:
        self.flows = flows(written(directory, *entries), ["web", "other"])

    def get_metric_data(self, **asked: Any) -> dict[str, Any]:
        found = answers(asked["MetricDataQueries"], asked["StartTime"], asked["EndTime"], self.flows, NOW)
        names = {"id": "Id", "timestamps": "Timestamps", "values": "Values", "status_code": "StatusCode"}
        return {"MetricDataResults": [{names[k]: v for k, v in one.items() if k in names} for one in found]}


def counted(directory: Path, seconds: int, *entries: Any) -> Sample:
    return cloudwatch.sample(Client(directory, *entries), GROUP, BUDGET, NOW, seconds)


def test_what_a_minute_brings_is_known_once_it_is_over(tmp_path: Path) -> None:
    bad = entry(failed=30, unreached=6, slow=12)
    assert counted(tmp_path, 60, bad) == Sample(0, 0, 0, 0)
    found = counted(tmp_path, 120, bad)
    assert (found.requests, found.failed, found.timed) == (600, 36, 594)
    assert found.slow == pytest.approx(12)


def test_a_flow_has_a_beginning_and_an_end_and_another_group_its_own(tmp_path: Path) -> None:
    early = entry(until="2026-11-02T09:10:30+00:00")
    assert counted(tmp_path, 3600, early, entry(targetGroup="other")).requests == 600 * 10.5
    assert counted(tmp_path, 3600) == Sample(0, 0, 0, 0)


def test_a_period_is_asked_for_by_the_hour_and_minutes_are_not_kept_so_long(tmp_path: Path) -> None:
    ages = entry(**{"from": "2026-10-01T00:00:00+00:00", "requests": 1})
    days = 16
    assert counted(tmp_path, days * 86400, ages).requests == pytest.approx(days * 1440, abs=60)
    client = Client(tmp_path, ages)
    minutes = cloudwatch.questions(GROUP, BUDGET, 60)
    (requests, *_) = answers(minutes, NOW - timedelta(days=days), NOW, client.flows, NOW)
    assert requests["timestamps"][0] == NOW.replace(second=0) - KEPT + timedelta(minutes=1)


@pytest.mark.parametrize(("limit", "share"), [(QUICK / 2, 0), (0.5, 98), (SLOW, 100)])
def test_answers_are_quick_or_slow(limit: float, share: float, tmp_path: Path) -> None:
    queries = cloudwatch.questions(GROUP, Budget(0.001, 0.01, limit))
    fast = answers(queries, NOW - timedelta(minutes=2), NOW, flows(written(tmp_path, entry(slow=12)), ["web"]), NOW)[-1]
    assert (fast["id"], set(fast["values"])) == ("fast", {share})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (entry(slwo=1), "'slwo' is missing, or no key"),
        ({"targetGroup": "web", "requests": 1}, "'from' is missing, or no key"),
        (entry(targetGroup="wbe"), "there is no target group 'wbe', only other, web"),
        (entry(requests="many"), "aws.traffic.json: could not convert"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused(wrong: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        flows(written(tmp_path, wrong), ["web", "other"])
    assert message in str(refused.value.message)


def question(**changes: Any) -> dict[str, Any]:
    (asked, *_) = cloudwatch.questions(GROUP, BUDGET)
    metric = {**asked["MetricStat"]["Metric"], **changes.pop("metric", {})}
    return {**asked, "MetricStat": {**asked["MetricStat"], "Metric": metric, **changes}}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"Id": "e1", "Expression": "failed / requests"}, "evaluates no expressions"),
        (question(metric={"MetricName": "ActiveConnectionCount"}), "does not know Sum of AWS/ApplicationELB Active"),
        (question(metric={"Namespace": "AWS/NetworkELB"}), "does not know Sum of AWS/NetworkELB RequestCount"),
        (question(Stat="Average"), "does not know Average of AWS/ApplicationELB RequestCount"),
        (question(Period=10), "10 is no Period"),
        (question(metric={"Dimensions": []}), "LoadBalancer with TargetGroup as dimensions only"),
    ],
)
def test_what_is_not_described_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterValue) as refused:
        answers([asked], NOW - timedelta(minutes=2), NOW, [], NOW)
    assert message in str(refused.value.message)


def test_no_time_at_all_is_refused_as_aws_refuses_it() -> None:
    with pytest.raises(ValidationError):
        answers([question()], NOW, NOW, [], NOW)


def test_aws_s_own_client_is_answered_from_the_file_beside_the_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "simulated")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    desk = Desk(tmp_path)
    group = desk.create(
        tokens.TARGET_GROUP, name="web", port=80.0, protocol="HTTP", targetType="ip", vpcId=desk.vpc()["id"]
    )
    since = (datetime.now(UTC) - timedelta(minutes=9)).isoformat()
    world = desk.cloud.world
    with serving(world, "eu-central-1") as address:
        client = boto3.client("cloudwatch", region_name="eu-central-1", endpoint_url=address)
        where = TargetGroup(GROUP.load_balancer, group["arn"].rpartition(":")[2])
        assert cloudwatch.sample(client, where, BUDGET, datetime.now(UTC), 300) == Sample(0, 0, 0, 0)
        file = written(world.file.parent, entry(**{"from": since, "failed": 30}))
        assert file == world.file.with_suffix(".traffic.json")
        found = cloudwatch.sample(client, where, BUDGET, datetime.now(UTC), 300)
        assert (found.requests >= 4 * 600, found.failed / found.requests, found.slow) == (True, 0.05, 0)
        written(world.file.parent, entry(faild=30))
        with pytest.raises(MetricsError, match=r"CloudWatch does not answer: .*aws\.traffic\.json: 'faild'"):
            cloudwatch.sample(client, where, BUDGET, datetime.now(UTC), 300)
