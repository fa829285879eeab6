"""Services that nobody would see fail: no rollback alarm, no alert on the objective, no log; or alarms that disagree.

What is asked for follows what a platform can have, and is data: the option ``platforms`` of each rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.containers import AZURE_GROUPS, TASK_DEFINITION, containers
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Setting,
    Severity,
    StackRule,
    Undecided,
    Violation,
    dotted,
    items,
    read,
)
from policies.stack import alerts
from policies.stack.burn_rates import disagreements

ECS_SERVICE, ALARM = alerts.ECS_SERVICE, "aws:cloudwatch/metricAlarm:MetricAlarm"
LOG_GROUP, GKE = "aws:cloudwatch/logGroup:LogGroup", "gcp:container/cluster:Cluster"
PROMETHEUS_RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"

OBJECTIVE = {"HTTPCode_Target_5XX_Count": "errors", "TargetResponseTime": "latency"}
"""Metrics of a load balancer -> the half of a service's objective that they measure."""

NAME = alerts.NAME

WATCHED = ("aws-ecs", "azure-aci", "gke")
"""Platforms where somebody is to be told; on the last two where the stack declares a managed Prometheus."""
EVERYWHERE = {
    "type": "boolean",
    "default": False,
    "description": "Also in a stack that declares no managed Prometheus (for stacks on gke and azure-aci alone).",
}

StackAnswers = Iterator[tuple[Resource | None, Answer]]


def _platforms(setting: Setting, *usual: str) -> tuple[str, ...]:
    """Where the rule asks for something."""
    asked = setting.options.get("platforms")
    return tuple(asked) if isinstance(asked, list | tuple) else usual


def _balanced(resources: tuple[Resource, ...]) -> Iterator[Resource]:
    """ECS services behind a load balancer, whose figures tell how they answer."""
    for one in resources:
        if one.type == ECS_SERVICE and read(one.properties, "loadBalancers") not in (None, []):
            yield one


def _alarms(resources: tuple[Resource, ...], service: Resource) -> Any:
    """The alarms of the stack that take a service's version back; UNKNOWN where a name is not known yet."""
    names = [name for _, name in items(service.properties, "alarms", "alarmNames")]
    declared = {read(one.properties, "name"): one for one in resources if _named_alarm(one)}
    if any(name is UNKNOWN for name in names):
        linked = [one for one in resources if one.type == ALARM and one.urn in service.depends.get("alarms", ())]
        return linked or UNKNOWN
    return [declared[name] for name in names if isinstance(name, str) and name in declared]


def _named_alarm(one: Resource) -> bool:
    return one.type == ALARM and isinstance(read(one.properties, "name"), str)


def _rollback(resources: tuple[Resource, ...], setting: Setting) -> StackAnswers:
    if "aws-ecs" not in _platforms(setting, "aws-ecs"):
        return
    for service in _balanced(resources):
        alarms = _alarms(resources, service)
        switches = [read(service.properties, "alarms", key) for key in ("enable", "rollback")]
        if any(switch is UNKNOWN for switch in switches) or alarms is UNKNOWN:
            yield service, Undecided("alarms")
        elif any(switch is not True for switch in switches):
            yield service, Violation("no alarm takes a bad version back", "alarms")
        elif not alarms:
            yield service, Violation("this stack declares none of the alarms that it names", "alarms.alarmNames")


def _objective(resources: tuple[Resource, ...], setting: Setting) -> StackAnswers:
    asked = _platforms(setting, *WATCHED)
    for service in _balanced(resources) if "aws-ecs" in asked else ():
        alarms = _alarms(resources, service)
        if alarms is UNKNOWN:
            yield service, Undecided("alarms.alarmNames")
            continue
        measured = {half for alarm in alarms for half in _halves(alarm)}
        for half in OBJECTIVE.values():
            if half not in measured:
                yield service, Violation(f"no alarm looks at its {half}", "alarms.alarmNames")
    if "kubernetes" in asked:
        yield from alerts.labelled(resources, PROMETHEUS_RULE, "no PrometheusRule alerts on its objective")
    yield from alerts.managed(resources, asked, everywhere=setting.options.get("everywhere") is True)


def _queries(alarm: Resource) -> Iterator[Any]:
    """The metrics that an alarm looks at: its own, or those of its queries."""
    yield alarm.properties
    for _, query in items(alarm.properties, "metricQueries"):
        yield read(query, "metric")


def _halves(alarm: Resource) -> set[str]:
    """What an alarm measures of an objective."""
    names = [read(query, "metricName") for query in _queries(alarm)]
    return {OBJECTIVE[name] for name in names if isinstance(name, str) and name in OBJECTIVE}


def _logs(resources: tuple[Resource, ...], setting: Setting) -> StackAnswers:
    asked = _platforms(setting, "aws-ecs", "azure-aci", "gke")
    for one in resources:
        if one.type == TASK_DEFINITION and "aws-ecs" in asked:
            yield from ((one, answer) for answer in _task_logs(one, resources))
        elif one.type in AZURE_GROUPS and "azure-aci" in asked:
            found = read(one.properties, "diagnostics", "logAnalytics")
            if found is None:
                yield one, Violation("its logs go nowhere", "diagnostics.logAnalytics")
        elif one.type == GKE and "gke" in asked:
            found = read(one.properties, "loggingConfig", "enableComponents")
            if found is UNKNOWN:
                yield one, Undecided("loggingConfig.enableComponents")
            elif not isinstance(found, list | tuple) or "WORKLOADS" not in found:
                yield one, Violation("the logs of its workloads go nowhere", "loggingConfig.enableComponents")


def _task_logs(task: Resource, resources: tuple[Resource, ...]) -> Iterator[Answer]:
    """A container that writes to a group which this stack declares; other drivers are taken at their word."""
    groups = [read(one.properties, "name") for one in resources if one.type == LOG_GROUP]
    for container in containers(task):
        at = dotted(*container.path, "logConfiguration")
        found, group = (
            read(container.body, "logConfiguration"),
            read(container.body, "logConfiguration", "options", "awslogs-group"),
        )
        if found is UNKNOWN or group is UNKNOWN:
            yield Undecided(at)
        elif found is None:
            yield Violation(f"the log of container {container.called} goes nowhere", at)
        elif isinstance(group, str) and group not in groups:
            if UNKNOWN in groups:
                yield Undecided(at)
            else:
                yield Violation(f"container {container.called} logs to {group}, which this stack does not declare", at)


def _agreement(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    for one in resources:
        if one.type == PROMETHEUS_RULE:
            yield from ((one, answer) for answer in disagreements(one))
    for service in _balanced(resources):
        alarms = _alarms(resources, service)
        if alarms is UNKNOWN:
            yield service, Undecided("alarms.alarmNames")
            continue
        yield from ((service, answer) for alarm in alarms for answer in _in_time(service, alarm))
        yield from _thresholds(service, alarms, resources)


def _in_time(service: Resource, alarm: Resource) -> Iterator[Answer]:
    """An alarm that needs longer than the old version is kept cannot take the new one back."""
    kept = read(service.properties, "deploymentConfiguration", "bakeTimeInMinutes")
    needed = _seconds(alarm)
    if kept is UNKNOWN or needed is UNKNOWN:
        yield Undecided("deploymentConfiguration.bakeTimeInMinutes")
    elif str(kept).isdigit() and needed > 60 * int(str(kept)):
        message = f"the old version is kept for {kept} minutes, and the alarm {alarm.name} needs {needed} seconds"
        yield Violation(message, "deploymentConfiguration.bakeTimeInMinutes")


def _seconds(alarm: Resource) -> Any:
    """Seconds of bad figures after which an alarm is raised."""
    periods = [read(query, "period") for query in _queries(alarm)]
    looks = read(alarm.properties, "datapointsToAlarm")
    looks = read(alarm.properties, "evaluationPeriods") if looks is None else looks
    if looks is UNKNOWN or any(period is UNKNOWN for period in periods):
        return UNKNOWN
    known = [period for period in periods if isinstance(period, int)]
    return looks * max(known) if known and isinstance(looks, int) else 0


def _thresholds(service: Resource, alarms: list[Resource], resources: tuple[Resource, ...]) -> StackAnswers:
    """Whatever looks at the same target groups judges the same half of the objective by the same figure."""
    for alarm in alarms:
        for other in resources:
            if other.type != ALARM or other is alarm or not _halves(alarm) & _halves(other):
                continue
            if not _targets(alarm) & _targets(other):
                continue
            mine, others = read(alarm.properties, "threshold"), read(other.properties, "threshold")
            if mine is UNKNOWN or others is UNKNOWN:
                yield service, Undecided("threshold")
            elif mine != others:
                half = " and ".join(sorted(_halves(alarm) & _halves(other)))
                message = f"{alarm.name} and {other.name} look at the same {half}, above {mine} and above {others}"
                yield service, Violation(message, "alarms.alarmNames")


def _targets(alarm: Resource) -> set[str]:
    """The target groups that an alarm looks at, as far as they are known."""
    found = [read(query, "dimensions", "TargetGroup") for query in _queries(alarm)]
    return {one for one in found if isinstance(one, str)}


def _schema(*usual: str) -> Mapping[str, Any]:
    known = ["aws-ecs", "azure-aci", "gke", "kubernetes"]
    kind = {"type": "array", "items": {"type": "string", "enum": known}}
    return {"platforms": {**kind, "default": list(usual), "description": "Platforms on which the rule asks for it."}}


STACK_RULES: tuple[StackRule, ...] = (
    StackRule(
        id="service-rollback-alarm",
        title="A service behind a load balancer has an alarm that takes a bad version back.",
        severity=Severity.HIGH,
        reason="Instances that start and answer with errors look healthy to the platform, which then goes on.",
        remedy="Declare alarms on errors and latency, and name them in the service with enable and rollback.",
        check=_rollback,
        references=("AWS Well-Architected: OPS06-BP04",),
        schema=_schema("aws-ecs"),
    ),
    StackRule(
        id="service-slo-alert",
        title="Somebody is told when a service misses its objective.",
        severity=Severity.HIGH,
        reason="Users notice first, and nobody can say since when.",
        remedy="Declare one alarm on errors and one on latency, and where a managed Prometheus watches, rules for each "
        "service (on Kubernetes a PrometheusRule).",
        check=_objective,
        references=("AWS Well-Architected: REL11-BP06",),
        schema={**_schema(*WATCHED), "everywhere": EVERYWHERE},
    ),
    StackRule(
        id="service-log-shipping",
        title="The log of a service leaves the machine that it runs on.",
        severity=Severity.HIGH,
        reason="With the instance its log goes, and with it the reason why the instance went.",
        remedy="Send it to a log group, a workspace or the platform's logging that this stack declares.",
        check=_logs,
        references=("ECS.9", "CKV_GCP_1"),
        schema=_schema("aws-ecs", "azure-aci", "gke"),
    ),
    StackRule(
        id="slo-agreement",
        title="Alarms, alerts and rollback judge a service by the same figures.",
        severity=Severity.MEDIUM,
        reason="A version that the alert calls bad would be kept, or one taken back that nobody complains about.",
        remedy="Derive all thresholds from one objective, and keep the old version for longer than an alarm needs.",
        check=_agreement,
        references=("SRE Workbook: Alerting on SLOs",),
    ),
)
