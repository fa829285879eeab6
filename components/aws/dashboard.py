"""The dashboard in CloudWatch: what the load balancer and Container Insights see of each service, beside the figures
above which a version is taken back. It needs no Grafana and no collector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch

from components.aws.alarms import NAMESPACE, PERIOD, limits
from components.spec.service import Service

INSIGHTS = "ECS/ContainerInsights"
WIDE, HIGH = 6, 6
"""Of a widget; a dashboard is 24 wide."""
MOST_WIDGETS = 500
"""Widgets of one dashboard (CloudWatch quotas)."""


@dataclass(frozen=True)
class Shown:
    """One service, as its figures are found.

    :param balancer: The load balancer as its metrics know it; None where it has no ingress.
    :param targets: Its target groups as their metrics know them.
    """

    spec: Service
    cluster: str
    balancer: pulumi.Output[str] | None
    targets: Sequence[pulumi.Output[str]]


def declare_dashboard(
    resource: str, name: str, region: str, services: Sequence[Shown], options: pulumi.ResourceOptions
) -> cloudwatch.Dashboard:
    """One row for each service."""
    widgets: list[dict[str, Any]] = []
    for row, shown in enumerate(services):
        for column, widget in enumerate(_widgets(shown, region)):
            widgets.append({**widget, "x": column * WIDE, "y": row * HIGH, "width": WIDE, "height": HIGH})
    body = pulumi.Output.json_dumps({"widgets": widgets})
    return cloudwatch.Dashboard(resource, dashboard_name=name, dashboard_body=body, opts=options)


def _widgets(shown: Shown, region: str) -> list[dict[str, Any]]:
    most, name = limits(shown.spec), shown.spec.name
    service = {"ClusterName": shown.cluster, "ServiceName": name}
    usage = [
        _metric(INSIGHTS, metric, service, statistic)
        for metric, statistic in (("CpuUtilized", "Average"), ("CpuReserved", "Average"))
    ]
    count = [_metric(INSIGHTS, metric, service, "Average") for metric in ("DesiredTaskCount", "RunningTaskCount")]
    widgets = [
        _graph(f"{name}: CPU units, used and reserved", usage, region),
        _graph(f"{name}: instances, wanted and running", count, region),
    ]
    if shown.balancer is None:
        return widgets
    targets = [{"LoadBalancer": shown.balancer, "TargetGroup": target} for target in shown.targets]
    answers = [
        _metric(NAMESPACE, metric, target, "Sum")
        for target in targets
        for metric in ("RequestCount", "HTTPCode_Target_5XX_Count")
    ]
    times = [_metric(NAMESPACE, "TargetResponseTime", target, most.statistic) for target in targets]
    return [
        _graph(f"{name}: requests and errors a minute", answers, region),
        _graph(f"{name}: latency, {most.statistic}", times, region, limit=most.seconds),
        *widgets,
    ]


def _metric(namespace: str, metric: str, dimensions: Mapping[str, Any], statistic: str) -> list[Any]:
    flat = [part for pair in dimensions.items() for part in pair]
    return [namespace, metric, *flat, {"stat": statistic}]


def _graph(title: str, metrics: list[list[Any]], region: str, *, limit: float | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "period": PERIOD,
        "metrics": metrics,
        "yAxis": {"left": {"min": 0}},
    }
    if limit is not None:
        properties["annotations"] = {"horizontal": [{"label": "taken back above", "value": limit}]}
    return {"type": "metric", "properties": properties}
