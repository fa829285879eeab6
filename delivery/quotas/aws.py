"""Fargate's vCPU of an account and region, by Service Quotas; what is in use of it, by CloudWatch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from components.aws import logging, monitoring, sizes
from components.aws.account import settings
from components.spec import Environment
from components.spec.service import Service
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.ecs import CALLS, asking
from delivery.quotas.model import Need, Quota, instances, total

SERVICE = "fargate"
ON_DEMAND, SPOT = "L-3032A538", "L-36FBB829"
"""Codes of "Fargate On-Demand vCPU resource count" and "Fargate Spot vCPU resource count" (Service Quotas)."""

LATELY = timedelta(minutes=15)
PERIOD = 300
"""Use is reported every five minutes."""

ACTIONS = "servicequotas:GetServiceQuota and cloudwatch:GetMetricStatistics"


def quotas(environment: Environment) -> Iterator[Quota]:
    """Each limit with what is needed of it. DeliveryError where AWS does not say."""
    region, spot = settings(environment).region, settings(environment).spot
    session = boto3.Session(region_name=region)
    # Any: the client's methods come from AWS's service models when it is made.
    limits: Any = session.client("service-quotas", config=CALLS)
    metrics: Any = session.client("cloudwatch", config=CALLS)
    shares = [(ON_DEMAND, "Fargate vCPU", 100 - spot, 1), *([(SPOT, "Fargate Spot vCPU", spot, 0)] if spot else [])]
    for code, what, share, base in shares:
        with asking(region, ACTIONS):
            found = limits.get_service_quota(ServiceCode=SERVICE, QuotaCode=code)["Quota"]
            used = _used(metrics, found.get("UsageMetric") or {})
        yield Quota(
            f"{what} in {region}", _value(found, code), need(environment, share, base), _more(code, region), used
        )


def need(environment: Environment, share: int = 100, base: int = 1) -> Need:
    """vCPU of all tasks.

    :param share: Percent of the tasks after the first ``base`` ones of each service.
    """
    return total(*(_of(service, environment, share, base) for service in environment.services))


def _of(service: Service, environment: Environment, share: int, base: int) -> Need:
    beside = logging.with_router(monitoring.with_collector(service, environment), environment)
    vcpu = sizes.cheapest(*sizes.total(beside)).cpu / sizes.UNITS
    count = instances(service)
    return Need(*(vcpu * _tasks(int(one), share, base) for one in (count.least, count.most)))


def _tasks(count: int, share: int, base: int) -> int:
    first = min(count, base)
    return first + math.ceil((count - 1 if count else 0) * share / 100)


def _value(found: dict[str, Any], code: str) -> float:
    if "Value" not in found:
        raise DeliveryError(f"AWS gives quota {code} no value.", Exit.NOT_PROVEN)
    return float(found["Value"])


def _used(metrics: Any, metric: dict[str, Any]) -> float | None:
    """The most that was in use in the last minutes; None where nobody reports it."""
    if not metric:
        return None
    now = datetime.now(UTC)
    points = metrics.get_metric_statistics(
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in sorted(metric["MetricDimensions"].items())],
        StartTime=now - LATELY,
        EndTime=now,
        Period=PERIOD,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((float(one["Maximum"]) for one in points), default=None)


def _more(code: str, region: str) -> Any:
    def remedy(wanted: int) -> str:
        return (
            f"`aws service-quotas request-service-quota-increase --service-code {SERVICE} --quota-code {code} "
            f"--desired-value {wanted} --region {region}` asks for more."
        )

    return remedy
