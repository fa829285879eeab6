"""Fargate's vCPU, asked through AWS's own client: its answers are checked by AWS's service models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from delivery.checks import Check, State
from delivery.observe.ecs import CALLS
from delivery.quotas import aws, platforms
from delivery.quotas.model import Need
from tests.components.aws.worlds import REGION, environment, service

USAGE = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {"Class": "Standard/OnDemand", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"},
}


class Asked:
    """AWS's clients, which know what they will be asked and refuse everything else."""

    def __init__(self) -> None:
        made = boto3.Session("key", "secret", region_name=REGION)
        self.clients: dict[str, Any] = {
            name: made.client(name, config=CALLS) for name in ("service-quotas", "cloudwatch")
        }
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}

    def session(self, *, region_name: str) -> Asked:
        assert region_name == REGION
        return self

    def client(self, name: str, config: Any) -> Any:
        assert config is CALLS
        self.stubs[name].activate()
        return self.clients[name]

    def limit(self, code: str, value: float, *used: float, metric: bool = True) -> None:
        answer = {"Quota": {"QuotaCode": code, "Value": value, **({"UsageMetric": USAGE} if metric else {})}}
        self.stubs["service-quotas"].add_response(
            "get_service_quota", answer, {"ServiceCode": "fargate", "QuotaCode": code}
        )
        if metric:
            asked = {
                "Namespace": "AWS/Usage",
                "MetricName": "ResourceCount",
                "Dimensions": [{"Name": key, "Value": value} for key, value in USAGE["MetricDimensions"].items()],  # type: ignore[attr-defined]
                "StartTime": ANY,
                "EndTime": ANY,
                "Period": 300,
                "Statistics": ["Maximum"],
            }
            points = {"Datapoints": [{"Maximum": one} for one in used]}
            self.stubs["cloudwatch"].add_response("get_metric_statistics", points, asked)

    def done(self) -> None:
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr("delivery.quotas.aws.boto3.Session", made.session)
    return made


def test_a_task_counts_with_all_that_stands_in_it() -> None:
    # 0.25 vCPU and as much for the proxy; 3 to 6 instances, 4 and 12 with what an update adds.
    assert aws.need(environment()) == Need(2, 6)
    assert aws.need(environment({"web": service(cpu=0.5, memory=2048), "api": service()})) == Need(6, 18)


def test_the_account_s_vcpu_and_what_is_in_use_of_it(asked: Asked) -> None:
    asked.limit(aws.ON_DEMAND, 20, 3.5, 4)
    said = f"Fargate vCPU in {REGION}: 20, 4 in use; the services need 6 at their maximum"
    assert list(platforms.checks_in(environment())) == [Check("quota", State.OK, said)]
    asked.done()


def test_too_little_says_what_to_type(asked: Asked) -> None:
    asked.limit(aws.ON_DEMAND, 6, 1)
    (found,) = platforms.checks_in(environment())
    assert found.state is State.WARNING
    assert found.remedy == (
        "`aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 "
        f"--desired-value 7 --region {REGION}` asks for more."
    )


def test_a_new_account_s_limit_below_one_update_fails(asked: Asked) -> None:
    asked.limit(aws.ON_DEMAND, 1, metric=False)
    (found,) = platforms.checks_in(environment())
    assert (found.state, found.what) == (
        State.FAILING,
        f"Fargate vCPU in {REGION}: 1; an update needs 2, the services at their maximum 6",
    )


def test_spot_has_a_limit_of_its_own(asked: Asked) -> None:
    asked.limit(aws.ON_DEMAND, 2)
    asked.limit(aws.SPOT, 4)
    found = list(platforms.checks_in(environment(aws={"spot": 75})))
    # Of 12 tasks one stands on Fargate whatever happens, and of the others every fourth.
    assert [(one.state, one.what) for one in found] == [
        (State.OK, f"Fargate vCPU in {REGION}: 2; the services need 2 at their maximum"),
        (State.WARNING, f"Fargate Spot vCPU in {REGION}: 4; the services need 4.5 at their maximum"),
    ]
    asked.done()


@pytest.mark.parametrize(
    ("prepare", "said", "remedy"),
    [
        (
            lambda stub: stub.add_client_error("get_service_quota", "AccessDeniedException"),
            f"cannot be asked: AWS refused GetServiceQuota in {REGION}: AccessDeniedException.",
            "The role needs servicequotas:GetServiceQuota and cloudwatch:GetMetricStatistics.",
        ),
        (
            lambda stub: stub.add_response("get_service_quota", {"Quota": {}}),
            "cannot be asked: AWS gives quota L-3032A538 no value.",
            None,
        ),
    ],
)
def test_what_cannot_be_asked_is_a_warning(
    asked: Asked, prepare: Callable[[Stubber], None], said: str, remedy: str | None
) -> None:
    prepare(asked.stubs["service-quotas"])
    assert list(platforms.checks_in(environment())) == [Check("quota", State.WARNING, said, remedy)]
