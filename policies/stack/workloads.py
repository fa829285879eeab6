"""Workloads and what surrounds them: how many instances, who decides, and how many may go at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from policies.pod_selectors import of_pods
from policies.pods import DEPLOYMENT, STATEFUL_SET, namespace, object_name
from policies.rule import UNKNOWN, Answer, Resource, Setting, Severity, StackRule, Undecided, Violation, read

AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SCALING_TARGET, ECS_SERVICE = "aws:appautoscaling/target:Target", "aws:ecs/service:Service"
AZURE_GROUP = "azure-native:containerinstance:NGroup"

KINDS = {DEPLOYMENT: "Deployment", STATEFUL_SET: "StatefulSet"}

CANDIDATE = "caas:kubernetes:Candidate"
"""Component of a second version that is tried for some minutes beside the first, with a part of its instances."""

StackAnswers = Iterator[tuple[Resource | None, Answer]]


def of_type(resources: tuple[Resource, ...], *types: str) -> tuple[Resource, ...]:
    """The resources of these types."""
    return tuple(one for one in resources if one.type in types)


def _workloads(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    return of_type(resources, *KINDS)


def _scales(autoscaler: Resource, workload: Resource) -> Any:
    """Whether the autoscaler is this workload's; UNKNOWN where a name is."""
    target = read(autoscaler.properties, "spec", "scaleTargetRef")
    kind = (read(target, "kind"), KINDS[workload.type])
    name = (read(target, "name"), object_name(workload))
    return _same((kind, name, (namespace(autoscaler), namespace(workload))))


def _same(pairs: tuple[tuple[Any, Any], ...]) -> Any:
    """Whether each pair is of equals: False where one is not, else UNKNOWN where one is unknown."""
    if any(left is not UNKNOWN and right is not UNKNOWN and left != right for left, right in pairs):
        return False
    return UNKNOWN if any(left is UNKNOWN or right is UNKNOWN for left, right in pairs) else True


def _autoscaler(resources: tuple[Resource, ...], workload: Resource) -> Any:
    """The autoscaler of a workload, None, or UNKNOWN where one may be."""
    perhaps = None
    for autoscaler in of_type(resources, AUTOSCALER):
        scales = _scales(autoscaler, workload)
        if scales is True:
            return autoscaler
        perhaps = UNKNOWN if scales is UNKNOWN else perhaps
    return perhaps


def _least(resources: tuple[Resource, ...], workload: Resource) -> Any:
    """Instances of a workload at the least; UNKNOWN where that is not known yet."""
    autoscaler = _autoscaler(resources, workload)
    if autoscaler is UNKNOWN:
        return UNKNOWN
    owner, key = (workload, "replicas") if autoscaler is None else (autoscaler, "minReplicas")
    found = read(owner.properties, "spec", key)
    return found if isinstance(found, int) or found is UNKNOWN else 1


def _budget(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    budgets = of_type(resources, BUDGET)
    for workload in _workloads(resources):
        least = _least(resources, workload)
        found = [selected for _, selected in of_pods(workload, budgets, "spec", "selector")]
        if True in found or (least is not UNKNOWN and least < 2):
            continue
        if least is UNKNOWN:
            yield workload, Undecided("spec.replicas")
        elif UNKNOWN in found:
            yield workload, Undecided("spec.template.metadata.labels")
        else:
            yield workload, Violation("no disruption budget holds for its pods: a drain may take all of them at once")


def _budget_minimum(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    for workload in _workloads(resources):
        for budget, selected in of_pods(workload, of_type(resources, BUDGET), "spec", "selector"):
            kept = read(budget.properties, "spec", "minAvailable")
            if selected is False or kept is None:
                continue
            least = _least(resources, workload)
            if selected is UNKNOWN or kept is UNKNOWN or least is UNKNOWN:
                yield budget, Undecided("spec.minAvailable")
            elif _count(kept, least) >= least:
                message = f"it keeps {kept} available, and there are {least} instances when load is low: none may go"
                yield budget, Violation(message, "spec.minAvailable")


def _count(kept: Any, least: int) -> int:
    """The instances that a number or a percentage keeps; Kubernetes rounds up."""
    if isinstance(kept, str) and kept.endswith("%") and kept[:-1].isdigit():
        return math.ceil(int(kept[:-1]) * least / 100)
    return kept if isinstance(kept, int) else 0


def _replicas(resources: tuple[Resource, ...], setting: Setting) -> StackAnswers:
    if setting.tier == "dev":
        return
    for workload in _workloads(resources):
        if f"{CANDIDATE}::" not in (workload.parent or ""):
            yield from _judged(workload, _least(resources, workload), "spec.replicas")
    for service in of_type(resources, ECS_SERVICE):
        if read(service.properties, "schedulingStrategy") != "DAEMON":
            yield from _judged(service, _ecs_least(resources, service), "desiredCount")
    for group in of_type(resources, AZURE_GROUP):
        found = read(group.properties, "elasticProfile", "desiredCount")
        yield from _judged(group, 1 if found is None else found, "elasticProfile.desiredCount")


def _judged(about: Resource, least: Any, path: str) -> StackAnswers:
    if least is UNKNOWN:
        yield about, Undecided(path)
    elif not isinstance(least, int) or least < 2:
        yield about, Violation("it may run as fewer than 2 instances: while one is replaced, nobody answers", path)


def _ecs_least(resources: tuple[Resource, ...], service: Resource) -> Any:
    for target in of_type(resources, SCALING_TARGET):
        scales = _ecs_scales(target, service)
        if scales is UNKNOWN:
            return UNKNOWN
        if scales:
            return read(target.properties, "minCapacity")
    found = read(service.properties, "desiredCount")
    return 1 if found is None else found


def _ecs_scales(target: Resource, service: Resource) -> Any:
    """Whether a target is this service's: ``service/<cluster>/<service>``."""
    subject, name = read(target.properties, "resourceId"), read(service.properties, "name")
    if service.urn in target.depends.get("resourceId", ()):
        return True
    if subject is UNKNOWN or name is UNKNOWN:
        return UNKNOWN
    return isinstance(subject, str) and subject.rpartition("/")[2] == name


def _owner(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    for workload in _workloads(resources):
        autoscaler = _autoscaler(resources, workload)
        if read(workload.properties, "spec", "replicas") is None or autoscaler is None:
            continue
        if autoscaler is UNKNOWN:
            yield workload, Undecided("spec.replicas")
        else:
            message = f"it declares its count, which the autoscaler {autoscaler.name} decides"
            yield workload, Violation(message, "spec.replicas")


def _target(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    for autoscaler in of_type(resources, AUTOSCALER):
        found = [_scales(autoscaler, workload) for workload in _workloads(resources)]
        yield from _led(autoscaler, found, "spec.scaleTargetRef.name")
    services = of_type(resources, ECS_SERVICE)
    for target in of_type(resources, SCALING_TARGET):
        if read(target.properties, "serviceNamespace") == "ecs":
            yield from _led(target, [_ecs_scales(target, service) for service in services], "resourceId")


def _led(autoscaler: Resource, found: list[Any], path: str) -> StackAnswers:
    if True in found:
        return
    if UNKNOWN in found or read(autoscaler.properties, *path.split(".")) is UNKNOWN:
        yield autoscaler, Undecided(path)
    else:
        yield autoscaler, Violation("nothing in this stack is what it scales", path)


STACK_RULES: tuple[StackRule, ...] = (
    StackRule(
        id="k8s-disruption-budget",
        title="A workload of several instances has a disruption budget.",
        severity=Severity.HIGH,
        reason="An upgrade of the nodes drains one after the other and may stop all instances at the same time.",
        remedy="Declare a PodDisruptionBudget with maxUnavailable 1 that selects the pods.",
        check=_budget,
        references=("kube-score: deployment-has-poddisruptionbudget", "polaris: missingPodDisruptionBudget"),
    ),
    StackRule(
        id="k8s-disruption-budget-minimum",
        title="A disruption budget leaves room below the least number of instances.",
        severity=Severity.HIGH,
        reason="With as many kept as there are, no node with such a pod can be drained while load is low.",
        remedy="Lower minAvailable below the autoscaler's minimum, or set maxUnavailable to 1 in its place.",
        check=_budget_minimum,
        references=("polaris: pdbMinAvailableGreaterThanHPAMinReplicas",),
    ),
    StackRule(
        id="several-instances",
        title="Outside dev a service has two instances at the least.",
        severity=Severity.MEDIUM,
        reason="A node that goes, or an instance that hangs, is an outage.",
        remedy="Raise the count, or the minimum of the autoscaler, to 2 or more.",
        check=_replicas,
        references=("kube-score: deployment-replicas", "polaris: deploymentMissingReplicas"),
    ),
    StackRule(
        id="k8s-autoscaler-owns-replicas",
        title="Where an autoscaler decides, no count is declared.",
        severity=Severity.MEDIUM,
        reason="Each update would set the count back to what is declared, in the middle of the day's load.",
        remedy="Remove spec.replicas.",
        check=_owner,
        references=("kube-score: deployment-targeted-by-hpa-does-not-have-replicas-configured",),
    ),
    StackRule(
        id="autoscaler-target",
        title="An autoscaler has something to scale.",
        severity=Severity.HIGH,
        reason="It looks as if the service scaled with load, and it does not.",
        remedy="Name the Deployment, or the ECS service, that this stack declares.",
        check=_target,
        references=("kube-score: horizontalpodautoscaler-has-target",),
    ),
)
