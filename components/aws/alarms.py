"""The alarms that take a new version back by themselves: too many errors, or answers that come too late.

They look at the load balancer's own figures of the service's target groups, the worse of the two where there are two:
of a version with a tenth of the traffic little would be seen in the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, lb

from components import slo
from components.monitoring import burn_rates, objectives
from components.spec.service import Service

PERIOD = 60
"""Seconds of one figure: the finest that load balancers give."""

LOOKS, BAD = 3, 2
"""An alarm is raised when so many of the last figures are bad: one bad minute is no bad version."""

FASTEST = burn_rates.BURN_RATES[0].factor
"""Times as fast as its budget lasts: what calls somebody within minutes also takes a version back."""

FEWEST = 100
"""Requests in a minute below which the share of errors decides nothing."""

NAMESPACE = "AWS/ApplicationELB"


@dataclass(frozen=True)
class Limits:
    """Above which figures a version is taken back: they follow from the service's objective."""

    errors: float
    """Percent of the requests that are answered with 5xx."""
    seconds: float
    """Within which the objective's share of the requests is answered."""
    percentile: float

    @property
    def statistic(self) -> str:
        """As CloudWatch calls the percentile."""
        return f"p{self.percentile:g}"


def limits(service: Service) -> Limits:
    """Of a service: errors at the pace of its fastest alert, latency where its promise ends."""
    allowed = slo.budget(service)
    errors = min(FASTEST * allowed.failed, objectives.HIGHEST)
    return Limits(round(100 * errors, 6), allowed.threshold, service.slo.latency.percentile)


def declare_alarms(
    prefix: str,
    name: str,
    service: Service,
    balancer: pulumi.Output[str],
    targets: Sequence[lb.TargetGroup],
    told: Sequence[pulumi.Input[str]],
    own_tags: Mapping[str, str],
    options: pulumi.ResourceOptions,
) -> list[pulumi.Output[str]]:
    """The two alarms of a service; their names.

    :param name: What the alarms' names begin with.
    :param service: Whose objective it is.
    :param balancer: The load balancer as its metrics know it (``arn_suffix``).
    :param told: ARNs of the topics that hear of an alarm, and of its end.
    """
    most = limits(service)
    errors, latency = _errors(balancer, targets), _latency(balancer, targets, most.statistic)
    late = f"seconds, {most.statistic}"
    made = [
        _alarm(f"{prefix}-errors", f"{name}-errors", errors, most.errors, "percent of 5xx", told, own_tags, options),
        _alarm(f"{prefix}-latency", f"{name}-latency", latency, most.seconds, late, told, own_tags, options),
    ]
    return [one.name for one in made]


def _alarm(
    resource: str,
    name: str,
    queries: list[dict[str, Any]],
    threshold: float,
    what: str,
    told: Sequence[pulumi.Input[str]],
    own_tags: Mapping[str, str],
    options: pulumi.ResourceOptions,
) -> cloudwatch.MetricAlarm:
    return cloudwatch.MetricAlarm(
        resource,
        name=name,
        alarm_description=f"A deployment is taken back above {threshold:g} {what}",
        comparison_operator="GreaterThanThreshold",
        threshold=threshold,
        evaluation_periods=LOOKS,
        datapoints_to_alarm=BAD,
        # No traffic is no failure of the version; the load balancer's health checks see one that does not answer.
        treat_missing_data="notBreaching",
        metric_queries=queries,
        alarm_actions=list(told) or None,
        ok_actions=list(told) or None,
        tags=own_tags,
        opts=options,
    )


def _errors(balancer: pulumi.Output[str], targets: Sequence[lb.TargetGroup]) -> list[dict[str, Any]]:
    queries, shares = [], []
    for number, target in enumerate(targets):
        queries.append(_metric(f"bad{number}", "HTTPCode_Target_5XX_Count", "Sum", balancer, target))
        queries.append(_metric(f"all{number}", "RequestCount", "Sum", balancer, target))
        shares.append(f"IF(all{number} >= {FEWEST}, 100 * FILL(bad{number}, 0) / all{number}, 0)")
    return [*queries, _worst("errors", shares)]


def _latency(balancer: pulumi.Output[str], targets: Sequence[lb.TargetGroup], statistic: str) -> list[dict[str, Any]]:
    queries, figures = [], []
    for number, target in enumerate(targets):
        queries.append(_metric(f"time{number}", "TargetResponseTime", statistic, balancer, target))
        queries.append(_metric(f"all{number}", "RequestCount", "Sum", balancer, target))
        figures.append(f"IF(all{number} >= {FEWEST}, time{number}, 0)")
    return [*queries, _worst("latency", figures)]


def _worst(label: str, expressions: Sequence[str]) -> dict[str, Any]:
    whole = expressions[0] if len(expressions) == 1 else f"MAX([{', '.join(expressions)}])"
    return {"id": "worst", "expression": whole, "label": label, "return_data": True}


def _metric(
    identity: str, metric: str, statistic: str, balancer: pulumi.Output[str], target: lb.TargetGroup
) -> dict[str, Any]:
    dimensions = {"LoadBalancer": balancer, "TargetGroup": target.arn_suffix}
    described = {"metric_name": metric, "namespace": NAMESPACE, "period": PERIOD, "stat": statistic}
    return {"id": identity, "metric": {**described, "dimensions": dimensions}}
