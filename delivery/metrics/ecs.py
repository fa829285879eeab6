"""The target groups of a service on ECS, and what the load balancer counted for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from components.slo import Budget
from delivery.gate import Sample
from delivery.metrics import cloudwatch
from delivery.metrics.cloudwatch import TargetGroup
from delivery.observe.ecs import CALLS
from delivery.observe.model import Target
from delivery.prometheus import MetricsError


class Groups:
    """One region. Needs ecs:DescribeServices, elasticloadbalancing:DescribeTargetGroups and cloudwatch:GetMetricData;
    MetricsError where it may not ask, or gets no answer."""

    def __init__(self, region: str) -> None:
        """Credentials are found as AWS's own tools find them."""
        try:
            session = boto3.Session(region_name=region)
            # Any: the client's methods come from AWS's service models when it is made.
            self._ecs: Any = session.client("ecs", config=CALLS)
            self._balancers: Any = session.client("elbv2", config=CALLS)
            self._metrics: Any = session.client("cloudwatch", config=CALLS)
        except BotoCoreError as error:
            raise MetricsError(f"AWS cannot be asked: {error}") from error

    def sample(self, where: Target, budget: Budget, end: datetime, seconds: int) -> Sample:
        """What a service answered in the seconds before ``end``, by all of its versions; all zero where nothing is
        known of it."""
        groups = self._of(where)
        return sum((cloudwatch.sample(self._metrics, group, budget, end, seconds) for group in groups), Sample())

    def _of(self, where: Target) -> list[TargetGroup]:
        try:
            found = self._ecs.describe_services(cluster=where.namespace, services=[where.name])["services"]
            arns = sorted({arn for service in found for arn in _arns(service)})
            if not arns:
                raise MetricsError(f"{where.name} is behind no load balancer, so nothing counts its requests")
            described = self._balancers.describe_target_groups(TargetGroupArns=arns)["TargetGroups"]
        except (BotoCoreError, ClientError) as error:
            raise MetricsError(f"AWS does not say what {where.name} is reached by: {error}") from error
        return [
            TargetGroup(balancer.partition(":loadbalancer/")[2], group["TargetGroupArn"].rpartition(":")[2])
            for group in described
            for balancer in group["LoadBalancerArns"]
        ]


def _arns(service: Mapping[str, Any]) -> Iterator[str]:
    for one in service.get("loadBalancers") or ():
        advanced = one.get("advancedConfiguration") or {}
        yield from (arn for arn in (one.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")) if arn)
