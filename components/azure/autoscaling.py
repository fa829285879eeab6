"""A service's autoscaling as resources: alerts, what they call, and an identity that may change one count only."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native import logic, monitor
from pulumi_azure_native.containerinstance import NGroup

from components.azure.account import assign, group_name, named, resource_id, settings, tags
from components.azure.scaling import NAMESPACE, TRIGGER, Alert, alerts, workflow
from components.spec.environment import Environment
from components.spec.service import Service

SEVERITY = 3
"""Informational: nobody is called because a service scales."""


def declare_autoscaling(
    prefix: str,
    spec: Service,
    environment: Environment,
    group: NGroup,
    role: pulumi.Input[str],
    options: pulumi.ResourceOptions,
) -> None:
    """Declare what scales a service; nothing where its count is fixed.

    :param group: What is scaled.
    :param role: Id of the role that reads and writes its count.
    """
    if spec.scaling is None:
        return
    where: dict[str, Any] = {"resource_group_name": group_name(environment), "tags": tags(environment, spec)}
    identity = resource_id(environment, NAMESPACE, named(environment, spec.name))
    scaler = logic.Workflow(
        f"{prefix}-scaler",
        workflow_name=named(environment, spec.name, "scaler"),
        location=settings(environment).location,
        definition=workflow(identity, spec.scaling),
        identity={"type": "SystemAssigned"},
        state="Enabled",
        opts=options,
        **where,
    )
    assign(
        f"{prefix}-scaler-role",
        environment,
        role=role,
        scope=group.id,
        principal=scaler.identity.apply(lambda one: one.principal_id if one is not None else ""),
        opts=options,
    )
    called = monitor.ActionGroup(
        f"{prefix}-scaler-call",
        action_group_name=named(environment, spec.name, "scaler"),
        # Shown in messages, of which there are none; twelve characters at the most.
        group_short_name="scaler",
        location="Global",
        enabled=True,
        logic_app_receivers=[
            {
                "name": "scaler",
                "resource_id": scaler.id,
                "callback_url": _address(scaler, group_name(environment), options),
                "use_common_alert_schema": True,
            }
        ],
        opts=options,
        **where,
    )
    for alert in alerts(spec.scaling):
        _alert(prefix, alert, spec, environment, group, called, options)


def _address(scaler: logic.Workflow, group: str, options: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Where the workflow is called: whoever knows it may call it, so it is a secret."""
    found = logic.list_workflow_trigger_callback_url_output(
        resource_group_name=group,
        workflow_name=scaler.name,
        trigger_name=TRIGGER,
        opts=pulumi.InvokeOutputOptions(parent=options.parent),
    )
    return pulumi.Output.secret(found.apply(lambda one: one.value))


def _alert(
    prefix: str,
    alert: Alert,
    spec: Service,
    environment: Environment,
    group: NGroup,
    called: monitor.ActionGroup,
    options: pulumi.ResourceOptions,
) -> None:
    # Typed: a plain mapping would not be translated where the SDK leaves the kind of criteria open.
    criteria = [
        monitor.MetricCriteriaArgs(
            name=one.metric,
            criterion_type="StaticThresholdCriterion",
            metric_namespace=NAMESPACE,
            metric_name=one.metric,
            operator=one.operator,
            threshold=one.threshold,
            time_aggregation="Average",
            # A group that has never run has no figures yet, and is no reason to refuse the alert.
            skip_metric_validation=True,
        )
        for one in alert.criteria
    ]
    monitor.MetricAlert(
        f"{prefix}-{alert.name}-alert",
        rule_name=named(environment, spec.name, alert.name),
        resource_group_name=group_name(environment),
        location="global",
        description=f"Changes the count of {spec.name}",
        severity=SEVERITY,
        enabled=True,
        scopes=[group.id],
        evaluation_frequency=alert.period,
        window_size=alert.period,
        criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
            odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", all_of=criteria
        ),
        # It speaks again in each period for as long as the figure is off.
        auto_mitigate=False,
        actions=[{"action_group_id": called.id}],
        tags=tags(environment, spec),
        opts=options,
    )
