"""Who is told by a managed Prometheus: for each service that runs, the rules that follow from its objective.

A stack that declares such a Prometheus is watched; a service that is left out there is one that somebody forgot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.containers import AZURE_GROUPS, containers
from policies.pods import DEPLOYMENT, STATEFUL_SET, labels
from policies.rule import UNKNOWN, Answer, Resource, Undecided, Violation, items, read

NAME = "app.kubernetes.io/name"

ECS_SERVICE = "aws:ecs/service:Service"
AMAZON, AMAZON_RULES = "aws:amp/workspace:Workspace", "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
GOOGLE_RULES = "kubernetes:monitoring.googleapis.com/v1:Rules"
AZURE = "azure-native:monitor:AzureMonitorWorkspace"
AZURE_RULES = "azure-native:alertsmanagement:PrometheusRuleGroup"

Answers = Iterator[tuple[Resource | None, Answer]]


def managed(resources: tuple[Resource, ...], asked: tuple[str, ...], everywhere: bool) -> Answers:
    """What is missing of the managed Prometheus' rules.

    :param asked: The platforms whose services need them.
    :param everywhere: Also in a stack that declares no managed Prometheus.
    """
    declared = {one.type for one in resources}
    if "aws-ecs" in asked and AMAZON in declared:
        yield from _amazon(resources)
    if "gke" in asked and (everywhere or GOOGLE_RULES in declared):
        yield from labelled(resources, GOOGLE_RULES, "no Rules alert on its objective")
    if "azure-aci" in asked and (everywhere or AZURE in declared):
        yield from _azure(resources)


def labelled(resources: tuple[Resource, ...], rules: str, missing: str) -> Answers:
    """Workloads of Kubernetes without rules of their name."""
    told = [read(one.properties, "metadata", "labels", NAME) for one in resources if one.type == rules]
    for workload in resources:
        if workload.type in (DEPLOYMENT, STATEFUL_SET):
            answer = _found(read(labels(workload), NAME), told, f"metadata.labels.{NAME}", missing)
            if answer is not None:
                yield workload, answer


def _amazon(resources: tuple[Resource, ...]) -> Answers:
    """A namespace of rules has the name of its service."""
    told = [read(one.properties, "name") for one in resources if one.type == AMAZON_RULES]
    for service in resources:
        if service.type == ECS_SERVICE:
            answer = _found(read(service.properties, "name"), told, "name", "no rules alert on its objective")
            if answer is not None:
                yield service, answer


def _azure(resources: tuple[Resource, ...]) -> Answers:
    """An alert's label names the service, as its container does. A group that has no address answers nobody, and has
    no objective."""
    told = [
        read(rule, "labels", "service")
        for one in resources
        if one.type == AZURE_RULES
        for _, rule in items(one.properties, "rules")
        if read(rule, "alert") is not None
    ]
    for group in resources:
        if group.type in AZURE_GROUPS and read(group.properties, "ipAddress") is not None:
            names = [read(container.body, "name") for container in containers(group)]
            if any(isinstance(name, str) and name in told for name in names):
                continue
            if UNKNOWN in told or UNKNOWN in names:
                yield group, Undecided("containers")
            else:
                yield group, Violation("no rules alert on its objective", "containers")


def _found(name: Any, told: list[Any], at: str, missing: str) -> Answer | None:
    """What is said of a service of that name; None where somebody is told of it."""
    if name is UNKNOWN or (UNKNOWN in told and name not in told):
        return Undecided(at)
    return Violation(missing) if name is None or name not in told else None
