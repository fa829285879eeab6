"""The error-budget freeze: what is left, what is refused, and what never is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from components import slo
from components.slo import Budget, Queries
from components.spec import Environment, Source, load_environment
from components.spec.defaults import Freeze, freeze
from components.spec.environment import Gate, Tier
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.freeze import Finding, State, check, decide, judge
from delivery.gate import Sample
from delivery.notify import FrozenError
from delivery.observe.model import Target
from delivery.output import Output
from delivery.prometheus import MetricsError
from delivery.purpose import Purpose
from tests.spec.wrong_case import SERVICE, SETTINGS

BUDGET = Budget(failed=0.001, slow=0.01, threshold=0.5)
PROMETHEUS = "http://prometheus.example.org:9090"
WELL = Sample(requests=100000, failed=50, timed=100000, slow=100)
SPENT = Sample(requests=100000, failed=101, timed=100000, slow=100)


@pytest.mark.parametrize(
    ("sample", "state", "text"),
    [
        (WELL, State.LEFT, "availability 50%, latency 90% of the budget of 30 days left"),
        (SPENT, State.SPENT, "availability -1%"),
        (Sample(100000, 100, 100000, 0), State.SPENT, "100 failed, 0 slow of 100000 requests"),
        (Sample(100000, 0, 100000, 1001), State.SPENT, "latency -0%"),
        (Sample(99, 99, 99, 0), State.LEFT, "99 failed"),
        (Sample(100, 1, 100, 0), State.SPENT, "1 failed"),
        (Sample(100000, 0, 0, 0), State.LEFT, "latency 100%"),
        (Sample(), State.UNKNOWN, "no request of the last 30 days is known"),
    ],
    ids=["half", "overdrawn", "exactly spent", "slow", "too few to tell", "few", "not timed", "no data"],
)
def test_a_budget_is_judged_by_what_failed_and_what_was_slow(sample: Sample, state: State, text: str) -> None:
    found = judge("hello", sample, BUDGET, 100, 30)
    assert found.state is state, found.text
    assert text in found.text


def test_what_is_left_of_a_budget() -> None:
    assert slo.left(0, 1000, 0.001) == 1
    assert slo.left(1, 1000, 0.001) == pytest.approx(0)
    assert slo.left(3, 1000, 0.001) == pytest.approx(-2)
    assert slo.left(0, 0, 0.001) == 1


def finding(state: State) -> Finding:
    return Finding("hello", state, "with figures")


@pytest.mark.parametrize("state", [State.SPENT, State.UNKNOWN])
def test_a_refusal_says_why_and_the_way_out(state: State) -> None:
    with pytest.raises(FrozenError) as refused:
        decide("refuse", [finding(State.LEFT), finding(state)], Purpose(), "prod", Output())
    what = "is spent" if state is State.SPENT else "cannot be read"
    assert refused.value.message == f"The error budget of hello in prod {what}, so up is refused."
    assert "--reason TEXT" in (refused.value.remedy or "")
    assert refused.value.code is Exit.POLICY
    assert refused.value.details == ("hello: with figures",)


@pytest.mark.parametrize("state", [State.SPENT, State.UNKNOWN])
@pytest.mark.parametrize(
    ("mode", "reason", "said"),
    [
        ("refuse", "mends the outage", "up goes on, its reason: mends the outage."),
        ("warn", None, "up goes on, gate.freeze is warn."),
        ("off", None, ""),
    ],
)
def test_what_goes_on_says_so_unless_it_is_off(
    state: State, mode: Freeze, reason: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(mode, [finding(state)], Purpose(reason=reason), "prod", Output())
    shown = capsys.readouterr().err
    assert said in shown
    assert ("hello: with figures" in shown) == bool(said)


def test_with_budget_left_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    decide("refuse", [finding(State.LEFT)], Purpose(), "prod", Output())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("tier", "prometheus", "given", "mode"),
    [
        ("dev", PROMETHEUS, None, "off"),
        ("staging", PROMETHEUS, None, "warn"),
        ("prod", PROMETHEUS, None, "refuse"),
        ("dev", None, None, "off"),
        ("staging", None, None, "off"),
        ("prod", None, None, "warn"),
        ("dev", PROMETHEUS, "refuse", "refuse"),
        ("prod", PROMETHEUS, "warn", "warn"),
    ],
)
def test_the_tier_decides_unless_the_stack_does(
    tier: Tier, prometheus: str | None, given: Freeze | None, mode: Freeze
) -> None:
    assert freeze(Gate(prometheus=prometheus, freeze=given), tier) == mode


@dataclass
class Stack:
    """A stack that runs hello."""

    services: dict[str, Any] = field(
        default_factory=lambda: {"hello": {"namespace": "shop-prod", "deployment": "hello"}}
    )

    def outputs(self) -> dict[str, Any]:
        return {"services": self.services} if self.services else {}


@dataclass
class Metrics:
    """A source that always answers the same."""

    answer: Sample | MetricsError
    asked: list[Queries] = field(default_factory=list)

    def sample(self, queries: Queries) -> Sample:
        self.asked.append(queries)
        if isinstance(self.answer, MetricsError):
            raise self.answer
        return self.answer


def prod(*, prometheus: str | None = PROMETHEUS, stack: str = "prod", **service: Any) -> Environment:
    build = {key: value for key, value in SERVICE.items() if key != "build"}
    described = {**build, "image": "registry.example.org/hello@sha256:" + "1" * 64, **service}
    gate = {"gate": {"prometheus": prometheus}} if prometheus else {}
    return load_environment(
        {"services": {"hello": described}, **SETTINGS, **gate},
        project="shop",
        stack=stack,
        source=Source("Pulumi.yaml", f"Pulumi.{stack}.yaml"),
    )


@pytest.mark.parametrize("answer", [SPENT, Sample(), MetricsError("it does not answer")])
def test_prod_is_refused_where_the_budget_is_spent_or_nobody_knows(answer: Sample | MetricsError) -> None:
    with pytest.raises(DeliveryError) as refused:
        check(Stack(), prod(), Output(), Purpose(), Metrics(answer))
    assert refused.value.code is Exit.POLICY


def test_with_budget_left_the_source_is_asked_once_about_the_whole_period() -> None:
    metrics = Metrics(WELL)
    check(Stack(), prod(), Output(), Purpose(), metrics)
    (asked,) = metrics.asked
    where = 'namespace="shop-prod",pod=~"hello(-candidate)?-[a-z0-9]+-?[a-z0-9]{5}",path!~"/metrics|/readyz"'
    assert asked.requests == f"sum(increase(http_requests_total{{{where}}}[30d]))"
    assert asked.failed == f'sum(increase(http_requests_total{{{where},code=~"5.."}}[30d]))'
    assert asked.timed == f"sum(increase(http_request_duration_seconds_count{{{where}}}[30d]))"
    assert asked.fast == f'sum(increase(http_request_duration_seconds_bucket{{{where},le=~"0\\\\.5"}}[30d]))'


def test_going_back_is_never_held_up() -> None:
    metrics = Metrics(SPENT)
    check(Stack(), prod(), Output(), Purpose(operation="rollback", recovery=True), metrics)
    assert metrics.asked == []


def test_what_was_never_applied_has_spent_nothing() -> None:
    metrics = Metrics(MetricsError("it does not answer"))
    check(Stack({}), prod(), Output(), Purpose(), metrics)
    assert metrics.asked == []


def test_dev_asks_nobody() -> None:
    metrics = Metrics(SPENT)
    check(Stack(), prod(stack="dev"), Output(), Purpose(), metrics)
    assert metrics.asked == []


def test_prod_without_a_source_says_so_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    check(Stack(), prod(prometheus=None), Output(), Purpose())
    assert "The error budget of prod is not known: gate.prometheus names no source." in capsys.readouterr().err


def test_a_service_without_metrics_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics(SPENT)
    check(Stack(), prod(metricsPath=None), Output(), Purpose(), metrics)
    assert "The error budget of hello is not known: it has no metrics." in capsys.readouterr().err
    assert metrics.asked == []


def on_ecs(**service: Any) -> Environment:
    """prod on ECS, which has no Prometheus and refuses all the same."""
    spec = prod(prometheus=None, **service)
    gate = spec.gate.model_copy(update={"freeze": "refuse"})
    return spec.model_copy(update={"platform": "aws-ecs", "aws": SimpleNamespace(region="eu-central-1"), "gate": gate})


class Groups:
    """AWS, with one answer about everything."""

    answer: Sample | MetricsError = WELL

    def __init__(self, region: str) -> None:
        assert region == "eu-central-1"

    def sample(self, where: Target, budget: Budget, end: datetime, seconds: int) -> Sample:
        assert (where, seconds) == (Target("shop-prod", "hello-service"), 30 * 24 * 3600)
        if isinstance(self.answer, MetricsError):
            raise self.answer
        return self.answer


RUNS = {"hello": {"cluster": "shop-prod", "service": "hello-service"}}


@pytest.mark.parametrize("answer", [SPENT, MetricsError("CloudWatch does not answer")])
def test_on_ecs_the_load_balancer_is_asked(answer: Sample | MetricsError, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delivery.metrics.ecs.Groups", Groups)
    check(Stack(RUNS), on_ecs(ingress={"path": "/", "host": "hello.example.org"}), Output(), Purpose())
    monkeypatch.setattr(Groups, "answer", answer)
    with pytest.raises(FrozenError):
        check(Stack(RUNS), on_ecs(ingress={"path": "/", "host": "hello.example.org"}), Output(), Purpose())


def test_on_ecs_an_internal_service_is_not_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("delivery.metrics.ecs.Groups", Groups)
    check(Stack(RUNS), on_ecs(ingress=None), Output(), Purpose())
    assert "The error budget of hello is not known: it has no metrics." in capsys.readouterr().err


def test_on_container_instances_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    check(Stack(RUNS), prod().model_copy(update={"platform": "azure-aci"}), Output(), Purpose())
    assert "The error budget of prod is not known: on azure-aci nothing counts" in capsys.readouterr().err
