"""What an Application Load Balancer counted for one target group: on ECS, one version of a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from components.slo import Budget
from delivery.gate import Sample
from delivery.prometheus import MetricsError

NAMESPACE = "AWS/ApplicationELB"
PERIOD, LONG = 60, 3600
"""Seconds of one datum: the load balancer reports each minute. Minutes are kept for 15 days, hours for 15 months."""
MINUTES = 25 * 3600
"""Seconds of a window up to which it is asked for by the minute: more than ``gate.bake`` can be."""


@dataclass(frozen=True)
class TargetGroup:
    """One version's targets, by the ends of the ARNs that CloudWatch knows them by."""

    load_balancer: str
    """``app/NAME/ID``."""
    name: str
    """``targetgroup/NAME/ID``."""


def questions(group: TargetGroup, budget: Budget, seconds: int = PERIOD) -> list[dict[str, Any]]:
    """What is asked about a window of so many seconds: requests, those that a target answered with 5xx or did not take,
    and the percentage of answers within the threshold."""
    asked = (
        ("requests", "RequestCount", "Sum"),
        ("failed", "HTTPCode_Target_5XX_Count", "Sum"),
        ("unreached", "TargetConnectionErrorCount", "Sum"),
        ("timed", "TargetResponseTime", "SampleCount"),
        ("fast", "TargetResponseTime", f"PR(:{budget.threshold:g})"),
    )
    dimensions = [{"Name": "LoadBalancer", "Value": group.load_balancer}, {"Name": "TargetGroup", "Value": group.name}]
    return [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions},
                "Period": PERIOD if seconds <= MINUTES else LONG,
                "Stat": statistic,
            },
        }
        for name, metric, statistic in asked
    ]


def sample(client: Any, group: TargetGroup, budget: Budget, end: datetime, seconds: int) -> Sample:
    """What a version answered in the seconds before ``end``; all zero where nothing is known of it.

    CloudWatch begins with the whole minute that a window begins in. Half of that one may be the version before, which
    may be just what a new one is to mend, so the window begins with the next. MetricsError where CloudWatch does not
    answer, or only with a part.

    :param client: boto3's, of CloudWatch in the region; it needs cloudwatch:GetMetricData.
    """
    first = _next_minute(end - timedelta(seconds=seconds))
    if first >= end:
        return Sample()
    try:
        answer = client.get_metric_data(
            MetricDataQueries=questions(group, budget, seconds),
            StartTime=first,
            EndTime=end,
            ScanBy="TimestampAscending",
        )
    except (BotoCoreError, ClientError) as error:
        raise MetricsError(f"CloudWatch does not answer: {error}") from error
    return read(answer)


def _next_minute(moment: datetime) -> datetime:
    """The beginning of the next minute, or the moment where it is one itself."""
    begun = moment.replace(second=0, microsecond=0)
    return begun if begun == moment else begun + timedelta(seconds=PERIOD)


def read(answer: Mapping[str, Any]) -> Sample:
    """The counts in an answer to ``questions``. MetricsError where it is not whole.

    The share of fast answers stands beside each datum's count: a quiet minute weighs less than a busy one.
    """
    results = {each["Id"]: each for each in answer["MetricDataResults"]}
    partial = [name for name, each in results.items() if each.get("StatusCode", "Complete") != "Complete"]
    if partial or "NextToken" in answer:
        raise MetricsError(f"CloudWatch answered with a part only ({', '.join(sorted(partial)) or 'more follows'})")
    timed, fast = _series(results, "timed"), _series(results, "fast")
    if missing := sorted(moment for moment, count in timed.items() if count > 0 and moment not in fast):
        raise MetricsError(f"CloudWatch does not say how many answers of {missing[0]} were fast")
    slow = sum(count * (1 - fast[moment] / 100) for moment, count in timed.items() if count > 0)
    requests, failed, unreached = (sum(_series(results, name).values()) for name in ("requests", "failed", "unreached"))
    return Sample(requests, failed + unreached, sum(timed.values()), slow)


def _series(results: Mapping[str, Mapping[str, Sequence[Any]]], name: str) -> dict[str, float]:
    found = results.get(name, {})
    return {str(m): float(v) for m, v in zip(found.get("Timestamps", ()), found.get("Values", ()), strict=True)}
