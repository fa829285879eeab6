"""What Azure itself sees of a service and tells somebody: nobody answers its load balancer, or its instances are full.

They need no collector and no metrics of the service, so they also speak where those are silent. Pure but for
``declare_alerts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from components.azure.account import group_name, named, tags
from components.azure.scaling import METRICS, NAMESPACE
from components.monitoring.objectives import runbooks
from components.spec.environment import Environment
from components.spec.monitoring import Severity
from components.spec.service import Service

BALANCERS = "Microsoft.Network/loadBalancers"
EVERY = "PT1M"
"""Between two looks: the shortest that metric alerts have."""
SEVERITIES: Mapping[Severity, int] = {"page": 1, "ticket": 3}
"""Azure's severities: error, and informational."""
FULL = 90.0
"""Percent of what an instance has, above which somebody is told."""


@dataclass(frozen=True)
class PlatformAlert:
    """One alert on a figure of Azure's own.

    :param name: What follows after the service's name.
    :param namespace: Kind of the resource that has the figure: the NGroup's, or the load balancer's.
    :param threshold: Percent, of the average over the window.
    :param window: As Azure writes it.
    :param meaning: For whoever is told; the service's name stands before it.
    :param runbook: The page that says what to do.
    """

    name: str
    namespace: str
    metric: str
    operator: str
    threshold: float
    window: str
    severity: Severity
    meaning: str
    runbook: str


ALERTS = (
    PlatformAlert(
        "down",
        BALANCERS,
        # "Health Probe Status": the share of the probes that were answered.
        "DipAvailability",
        "LessThan",
        1.0,
        "PT5M",
        "page",
        "no instance answers its readiness probe",
        "ServiceDown",
    ),
    PlatformAlert(
        "memory-full",
        NAMESPACE,
        METRICS["memory"],
        "GreaterThan",
        FULL,
        "PT15M",
        "ticket",
        f"its instances use more than {FULL:g} % of their memory; beyond all of it they are ended",
        "ServiceSaturated",
    ),
    PlatformAlert(
        "cpu-full",
        NAMESPACE,
        METRICS["cpu"],
        "GreaterThan",
        FULL,
        "PT30M",
        "ticket",
        f"its instances use more than {FULL:g} % of their CPU, and no scaling has brought that down",
        "ServiceSaturated",
    ),
)


def declare_alerts(
    prefix: str,
    spec: Service,
    environment: Environment,
    scopes: Mapping[str, pulumi.Input[str]],
    told: Mapping[Severity, pulumi.Input[str]],
    options: pulumi.ResourceOptions,
) -> None:
    """Declare the alerts of a service.

    :param scopes: Namespace -> id of the service's resource of that kind.
    :param told: Severity -> id of the action group that it calls.
    """
    pages = runbooks(environment)
    for alert in ALERTS:
        criterion = monitor.MetricCriteriaArgs(
            name=alert.metric,
            criterion_type="StaticThresholdCriterion",
            metric_namespace=alert.namespace,
            metric_name=alert.metric,
            operator=alert.operator,
            threshold=alert.threshold,
            time_aggregation="Average",
            # What has never run has no figures yet, and is no reason to refuse the alert.
            skip_metric_validation=True,
        )
        monitor.MetricAlert(
            f"{prefix}-{alert.name}-alert",
            rule_name=named(environment, spec.name, alert.name),
            resource_group_name=group_name(environment),
            location="global",
            description=f"{spec.name}: {alert.meaning}. {pages}/{alert.runbook}.md",
            severity=SEVERITIES[alert.severity],
            enabled=True,
            scopes=[scopes[alert.namespace]],
            evaluation_frequency=EVERY,
            window_size=alert.window,
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", all_of=[criterion]
            ),
            # Whoever is told is told of the end as well.
            auto_mitigate=True,
            actions=[{"action_group_id": told[alert.severity]}],
            tags=tags(environment, spec),
            opts=options,
        )
