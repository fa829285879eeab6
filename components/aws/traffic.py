"""How the load balancer's traffic reaches a service: its target groups, its rule, and the alarms that watch both.

A rolling service has one target group. Where traffic shifts there are two, one for each version, and ECS itself writes
the rule's weights, so what it has written is never declared again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import lb
from pulumi_aws.iam import Role, RolePolicy

from components.aws import load_balancer, rollout, task
from components.aws.account import BALANCER_LIMIT, GROUP_LIMIT, ROLE_LIMIT, named, place, tags
from components.aws.alarms import declare_alarms
from components.aws.iam import allow, document, shift_statements, trust
from components.aws.load_balancer import LoadBalancer
from components.aws.network import Network
from components.spec.environment import Environment
from components.spec.service import Ingress, Service

UNUSED_PORT = 80
"""A target group wants a port, for targets that bring none. ECS registers each instance with its container's own, so
that a new port of the service is no new target group."""


@dataclass(frozen=True)
class Ways:
    """What leads to a service, and what its deployment needs to know of it."""

    targets: list[lb.TargetGroup]
    rule: lb.ListenerRule
    alarms: list[pulumi.Output[str]]
    """Names of the alarms that take a version back."""
    shifter: pulumi.Output[str] | None
    """ARN of the role with which ECS moves the traffic; None for a rolling service."""
    caller: pulumi.Output[str] | None
    """ARN of the role with which ECS asks the hooks' functions; None where there are none."""
    before: list[pulumi.Resource]
    """What must be there before the service."""
    requests_label: pulumi.Output[str]
    """Balancer and target group, as the metric of requests knows them."""

    def attachment(self, service: Service) -> dict[str, Any]:
        """The service's ``load_balancers`` entry."""
        found: dict[str, Any] = {
            "container_name": service.name,
            "container_port": service.port,
            "target_group_arn": self.targets[0].arn,
        }
        if self.shifter is not None:
            found["advanced_configuration"] = {
                "alternate_target_group_arn": self.targets[1].arn,
                "production_listener_rule": self.rule.arn,
                "role_arn": self.shifter,
            }
        return found


def declare_ways(
    prefix: str,
    service: Service,
    environment: Environment,
    network: Network,
    balancer: LoadBalancer | None,
    told: Sequence[pulumi.Input[str]],
    options: pulumi.ResourceOptions,
) -> Ways | None:
    """Target groups, rule, alarms and roles; None where the service has no ingress.

    :param told: ARNs of the topics that hear of the alarms.
    """
    ingress = service.ingress
    if ingress is None or balancer is None:
        return None
    kinds = ("target-group", "alternate") if rollout.shifts(service.rollout) else ("target-group",)
    targets = [_target_group(prefix, kind, service, environment, network, options) for kind in kinds]
    own_tags = tags(environment, service)
    rule = _rule(prefix, service, ingress, balancer, targets, own_tags, options)
    called = named(environment, service.name, limit=GROUP_LIMIT - 8)
    alarms = declare_alarms(prefix, called, service, balancer.arn_suffix, targets, told, own_tags, options)
    before: list[pulumi.Resource] = [rule]
    shifter = caller = None
    if rollout.shifts(service.rollout):
        statements = shift_statements(rule.arn, [one.arn for one in targets])
        shifter = _role(prefix, "shift", service, environment, statements, before, options)
    if functions := rollout.functions(service.rollout):
        statements = [allow(["lambda:InvokeFunction"], functions)]
        caller = _role(prefix, "hook", service, environment, statements, before, options)
    label = pulumi.Output.concat(balancer.arn_suffix, "/", targets[0].arn_suffix)
    return Ways(targets, rule, alarms, shifter, caller, before, label)


def _target_group(
    prefix: str,
    kind: str,
    service: Service,
    environment: Environment,
    network: Network,
    options: pulumi.ResourceOptions,
) -> lb.TargetGroup:
    parts = () if kind == "target-group" else (kind,)
    return lb.TargetGroup(
        f"{prefix}-{kind}",
        name=named(environment, service.name, *parts, limit=BALANCER_LIMIT),
        port=UNUSED_PORT,
        protocol="HTTP",
        target_type="ip",
        vpc_id=network.vpc,
        deregistration_delay=service.rollout.drain,
        health_check=task.target_health(service),
        tags=tags(environment, service),
        opts=options,
    )


def _rule(
    prefix: str,
    service: Service,
    ingress: Ingress,
    balancer: LoadBalancer,
    targets: Sequence[lb.TargetGroup],
    own_tags: Mapping[str, str],
    options: pulumi.ResourceOptions,
) -> lb.ListenerRule:
    shifting = len(targets) > 1
    action: dict[str, Any] = {"type": "forward", "target_group_arn": targets[0].arn}
    if shifting:
        weights = [{"arn": one.arn, "weight": 0 if number else 100} for number, one in enumerate(targets)]
        action = {"type": "forward", "forward": {"target_groups": weights}}
    return lb.ListenerRule(
        f"{prefix}-shifting-rule" if shifting else f"{prefix}-rule",
        listener_arn=balancer.listener(ingress),
        priority=balancer.priorities[service.name],
        conditions=load_balancer.conditions(ingress),
        actions=[action],
        tags=own_tags,
        # The weights are ECS's from the first update on.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(ignore_changes=["actions"]))
        if shifting
        else options,
    )


def _role(
    prefix: str,
    kind: str,
    service: Service,
    environment: Environment,
    statements: Sequence[dict[str, Any]],
    before: list[pulumi.Resource],
    options: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """A role of ECS itself, for this service's deployments; its policy has to be there before they begin."""
    role = Role(
        f"{prefix}-{kind}-role",
        name=named(environment, service.name, kind, limit=ROLE_LIMIT),
        assume_role_policy=document(trust("ecs.amazonaws.com", place(environment), "ecs")),
        tags=tags(environment, service),
        opts=options,
    )
    before.append(RolePolicy(f"{prefix}-{kind}-policy", role=role.name, policy=document(*statements), opts=options))
    arn: pulumi.Output[str] = role.arn
    return arn
