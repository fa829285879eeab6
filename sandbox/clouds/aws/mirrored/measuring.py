"""What CloudWatch answers about load balancers. Nobody calls the services of a simulation, so what their load balancers
would have counted stands in a file beside the world, ``aws.traffic.json``, which a hand may write at any time:

    [{"targetGroup": "web-1", "from": "2026-11-02T09:00:00+00:00", "requests": 600, "failed": 6, "slow": 12}]

Counts are those of a minute and go on until ``until``, or for ever. ``failed`` are answers of a target with 5xx,
``unreached`` connections that it did not take, ``slow`` answers that took SLOW seconds, the others QUICK.

Like CloudWatch: no request is no datum and no zero; a minute is known once it is over; periods begin at multiples of
themselves; data by the minute is kept for 15 days. Stricter than CloudWatch: a metric, statistic or expression that is
not described here is refused, where CloudWatch would answer with nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError

NAMESPACE = "AWS/ApplicationELB"
QUICK, SLOW = 0.05, 2.0
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEPT = timedelta(days=15)
KEYS = frozenset({"targetGroup", "from", "until", "requests", "failed", "unreached", "slow"})
FIRST = "targetGroup", "from", "requests"
"""Keys without which an entry says nothing."""


@dataclass(frozen=True)
class Flow:
    """What one target group gets each minute, from one time until another."""

    group: str
    since: datetime
    until: datetime
    requests: float
    failed: float = 0
    unreached: float = 0
    slow: float = 0

    def minutes(self, begin: datetime, end: datetime) -> float:
        """How many minutes of a period it fills."""
        return max(0.0, (min(end, self.until) - max(begin, self.since)) / MINUTE)


METRICS: Mapping[str, Callable[[Flow], float]] = {
    "RequestCount": lambda flow: flow.requests,
    "HTTPCode_Target_5XX_Count": lambda flow: flow.failed,
    "TargetConnectionErrorCount": lambda flow: flow.unreached,
}
"""Metrics of which the statistic is ``Sum``."""
TIME = "TargetResponseTime"
"""Of which it is ``SampleCount``, or the percentage of answers within so many seconds: ``PR(:0.5)``."""
WITHIN = re.compile(r"PR\(:(\d+(?:\.\d+)?)\)")


def flows(file: Path, known: Iterable[str]) -> list[Flow]:
    """The file's entries; none where there is no file. ValidationError, naming what is wrong, where it cannot be read.

    :param known: The names of the target groups that exist.
    """
    names = set(known)
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return [_flow(entry, names) for entry in entries]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError) as error:
        raise ValidationError(f"{file.name}: {error}") from error


def _flow(entry: Mapping[str, Any], known: set[str]) -> Flow:
    if wrong := sorted({*entry} - KEYS) or [key for key in FIRST if key not in entry]:
        raise ValueError(f"{wrong[0]!r} is missing, or no key; there is {', '.join(sorted(KEYS))}")
    if entry["targetGroup"] not in known:
        raise ValueError(f"there is no target group {entry['targetGroup']!r}, only {', '.join(sorted(known))}")
    since, until = datetime.fromisoformat(entry["from"]), entry.get("until")
    counts = {key: float(entry[key]) for key in ("requests", "failed", "unreached", "slow") if key in entry}
    end = datetime.fromisoformat(until) if until else datetime.max.replace(tzinfo=UTC)
    return Flow(str(entry["targetGroup"]), since, end, **counts)


def answers(
    queries: Iterable[Mapping[str, Any]], start: datetime, end: datetime, seen: Iterable[Flow], now: datetime
) -> list[dict[str, Any]]:
    """``GetMetricData``, as moto gives it to its response. One of AWS's errors where a question is not known here.

    :param seen: What the load balancers of the region count.
    """
    start, end, now = (moment.astimezone(UTC) for moment in (start, end, now))
    if start >= end:
        raise ValidationError("The parameter StartTime must be less than the parameter EndTime.")
    held = list(seen)
    found = []
    for query in queries:
        figure, period = _question(query)
        groups = _groups(query["MetricStat"]["Metric"])
        mine = [flow for flow in held if flow.group in groups]
        data = list(_data(figure, period, start, min(end, _floor(now, MINUTE)), mine, now))
        found.append(
            {
                "id": query["Id"],
                "label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
                "timestamps": [moment for moment, _ in data],
                "values": [value for _, value in data],
                "status_code": "Complete",
            }
        )
    return found


Figure = Callable[[list[tuple[Flow, float]]], float | None]
"""What a statistic makes of the flows of a period and the minutes of each; None where it has no datum."""


def _question(query: Mapping[str, Any]) -> tuple[Figure, timedelta]:
    if "MetricStat" not in query:
        raise InvalidParameterValue(f"{query['Id']}: the simulated CloudWatch evaluates no expressions")
    asked = query["MetricStat"]
    namespace, metric, statistic = asked["Metric"]["Namespace"], asked["Metric"]["MetricName"], asked["Stat"]
    seconds = int(asked["Period"])
    if seconds <= 0 or seconds % 60:
        raise InvalidParameterValue(f"{query['Id']}: a load balancer reports each minute, so {seconds} is no Period")
    figure = _figure(metric, statistic) if namespace == NAMESPACE else None
    if figure is None:
        what = f"{statistic} of {namespace} {metric}"
        raise InvalidParameterValue(f"{query['Id']}: the simulated CloudWatch does not know {what}")
    return figure, timedelta(seconds=seconds)


def _figure(metric: str, statistic: str) -> Figure | None:
    if metric in METRICS and statistic == "Sum":
        per_minute = METRICS[metric]
        return lambda flows: sum(per_minute(flow) * minutes for flow, minutes in flows) or None
    if metric == TIME and statistic == "SampleCount":
        return lambda flows: sum(_answered(flow) * minutes for flow, minutes in flows) or None
    if metric == TIME and (within := WITHIN.fullmatch(statistic)):
        return lambda flows: _share(flows, float(within[1]))
    return None


def _answered(flow: Flow) -> float:
    """Answers of a minute: what no target took has no time."""
    return max(0.0, flow.requests - flow.unreached)


def _share(flows: list[tuple[Flow, float]], limit: float) -> float | None:
    answered = sum(_answered(flow) * minutes for flow, minutes in flows)
    slow = sum(min(flow.slow, _answered(flow)) * minutes for flow, minutes in flows)
    within = (answered - slow if limit >= QUICK else 0) + (slow if limit >= SLOW else 0)
    return 100 * within / answered if answered else None


def _groups(metric: Mapping[str, Any]) -> set[str]:
    """The target groups that are asked about; by its name, since the world's names are unique in a region."""
    given = {one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()}
    if {*given} != {"LoadBalancer", "TargetGroup"}:
        raise InvalidParameterValue("the simulated CloudWatch knows LoadBalancer with TargetGroup as dimensions only")
    return {given["TargetGroup"].split("/")[1]}


def _data(
    figure: Figure, period: timedelta, start: datetime, end: datetime, flows: list[Flow], now: datetime
) -> Iterator[tuple[datetime, float]]:
    moment = _floor(start, period)
    while moment < end:
        filled = [(flow, flow.minutes(moment, min(moment + period, end))) for flow in flows]
        value = figure([(flow, minutes) for flow, minutes in filled if minutes > 0])
        if value is not None and (period >= HOUR or moment >= now - KEPT):
            yield moment, value
        moment += period


def _floor(moment: datetime, period: timedelta) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // period.total_seconds() * period.total_seconds(), UTC)
