"""The autoscaler of a service: what ``scaling.py`` says, as resources."""

from __future__ import annotations

import pulumi
from pulumi_aws import appautoscaling

from components.aws import scaling
from components.aws.account import GROUP_LIMIT, cluster_name, named, tags
from components.spec.environment import Environment
from components.spec.service import Service


def declare_autoscaling(
    prefix: str,
    service: Service,
    environment: Environment,
    ecs_service: pulumi.Output[str],
    requests_label: pulumi.Output[str] | None,
    child: pulumi.ResourceOptions,
) -> None:
    """A policy for each target and an action for each schedule; nothing where the count is fixed.

    :param ecs_service: Name of the ECS service, once it exists.
    :param requests_label: Balancer and target group, as the metric of requests knows them.
    """
    wanted = service.scaling
    if wanted is None:
        return
    subject = appautoscaling.Target(
        f"{prefix}-scaling",
        min_capacity=wanted.minimum,
        max_capacity=wanted.maximum,
        resource_id=pulumi.Output.concat("service/", cluster_name(environment), "/", ecs_service),
        scalable_dimension=scaling.DIMENSION,
        service_namespace=scaling.NAMESPACE,
        tags=tags(environment, service),
        opts=child,
    )
    of = {
        "resource_id": subject.resource_id,
        "scalable_dimension": subject.scalable_dimension,
        "service_namespace": subject.service_namespace,
    }
    for kind, metric in scaling.targets(service, wanted).items():
        label = requests_label if kind == "requests" else None
        appautoscaling.Policy(
            f"{prefix}-scaling-{kind}",
            name=named(environment, service.name, kind, limit=GROUP_LIMIT),
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration=scaling.tracking(wanted, metric, label),
            opts=child,
            **of,
        )
    for index, schedule in enumerate(wanted.schedules):
        appautoscaling.ScheduledAction(
            f"{prefix}-schedule-{index}",
            name=named(environment, service.name, f"schedule-{index}", limit=GROUP_LIMIT),
            opts=child,
            **of,
            **scaling.scheduled(schedule),
        )
