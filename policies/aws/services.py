"""ECS services and clusters: how a bad version is taken back, who can reach an instance, what is seen and logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.reading import filled, number, unknown
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    Violation,
    dotted,
    items,
    judged,
    read,
)

SERVICES = frozenset({"aws:ecs/service:Service"})
TASK_SETS = frozenset({"aws:ecs/taskSet:TaskSet"})
CLUSTERS = frozenset({"aws:ecs/cluster:Cluster"})

WHOLE = 100
"""Percent of the wanted instances that keep serving while a new version starts."""


def _public_address(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("networkConfiguration", "assignPublicIp"),
        lambda found: found not in (None, False),
        "every instance has a public address; set assignPublicIp to false and give the subnets a NAT gateway",
    )


def _insights(resource: Resource, _: Setting) -> Iterator[Answer]:
    unknown = None
    for path, setting in items(resource.properties, "settings"):
        name, value = read(setting, "name"), read(setting, "value")
        if name == "containerInsights" and value in ("enabled", "enhanced"):
            return
        if name is UNKNOWN or (name == "containerInsights" and value is UNKNOWN):
            unknown = path
    if unknown is not None:
        yield Undecided(dotted(*unknown))
    else:
        yield Violation(
            "Container Insights is off; add the setting containerInsights with the value enhanced", "settings"
        )


def _latest(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("platformVersion",),
        lambda found: found not in (None, "LATEST"),
        lambda found: f"platform version {found} gets no fixes any more once a newer one is out; write LATEST",
    )


def _sessions(resource: Resource, _: Setting) -> Iterator[Answer]:
    of = ("configuration", "executeCommandConfiguration")
    yield from judged(
        resource.properties,
        (*of, "logging"),
        lambda found: found != "OVERRIDE",
        lambda found: (
            f"what is typed in a container is kept nowhere of its own (logging is {found}); write OVERRIDE "
            "and name a log group or a bucket"
        ),
    )
    yield from judged(
        resource.properties,
        (*of, "kmsKeyId"),
        lambda found: not filled(found),
        "sessions with a container are not encrypted by a key of your own; set kmsKeyId",
    )
    log = (*of, "logConfiguration")
    group = read(resource.properties, *log, "cloudWatchLogGroupName")
    encrypted = "s3BucketEncryptionEnabled" if group is None else "cloudWatchEncryptionEnabled"
    yield from judged(
        resource.properties,
        (*log, encrypted),
        lambda found: found is not True,
        f"the log of sessions is kept in plain text; set {encrypted} to true",
    )


def _rollback(resource: Resource, _: Setting) -> Iterator[Answer]:
    """A rolling service has its circuit breaker; one that shifts traffic has none and needs alarms and time."""
    controller = read(resource.properties, "deploymentController", "type")
    strategy = read(resource.properties, "deploymentConfiguration", "strategy")
    if controller is UNKNOWN or strategy is UNKNOWN:
        yield from unknown(
            resource.properties, ("deploymentController", "type"), ("deploymentConfiguration", "strategy")
        )
    elif controller not in (None, "ECS"):
        return
    elif strategy in (None, "ROLLING"):
        for key in ("enable", "rollback"):
            message = f"a version that does not start stays; set deploymentCircuitBreaker.{key} to true"
            yield from judged(
                resource.properties, ("deploymentCircuitBreaker", key), lambda found: found is not True, message
            )
    else:
        yield from _alarms(resource, strategy)


def _alarms(resource: Resource, strategy: Any) -> Iterator[Answer]:
    for key in ("enable", "rollback"):
        message = f"{strategy}: no alarm takes a bad version back; set alarms.{key} to true"
        yield from judged(resource.properties, ("alarms", key), lambda found: found is not True, message)
    yield from judged(
        resource.properties,
        ("alarms", "alarmNames"),
        lambda found: not filled(found),
        f"{strategy}: no alarm takes a bad version back; name at least one",
    )
    yield from judged(
        resource.properties,
        ("deploymentConfiguration", "bakeTimeInMinutes"),
        lambda found: not (number(found) or 0) > 0,
        f"{strategy}: the old version is gone before an alarm can rise; give it minutes to bake",
    )


def _healthy(resource: Resource, _: Setting) -> Iterator[Answer]:
    kind = read(resource.properties, "schedulingStrategy")
    if kind is UNKNOWN:
        yield Undecided("schedulingStrategy")
    elif kind != "DAEMON":
        yield from judged(
            resource.properties,
            ("deploymentMinimumHealthyPercent",),
            lambda found: found is not None and (number(found) or 0) < WHOLE,
            lambda found: f"while a new version starts only {found} % of the instances serve; write {WHOLE} or more",
        )


RULES = (
    Rule(
        id="ecs-no-public-ip",
        title="No ECS instance has a public address.",
        severity=Severity.HIGH,
        reason="It can be reached past the load balancer, its firewall and its logs.",
        remedy="Set networkConfiguration.assignPublicIp to false and use private subnets.",
        types=SERVICES | TASK_SETS,
        check=_public_address,
        references=("CKV_AWS_333", "ECS.2", "ECS.16"),
    ),
    Rule(
        id="ecs-container-insights",
        title="An ECS cluster keeps figures of its containers.",
        severity=Severity.MEDIUM,
        reason="Without them nobody sees how much memory and CPU an instance had when it ended.",
        remedy="Add the setting containerInsights with the value enhanced (or enabled).",
        types=CLUSTERS,
        check=_insights,
        references=("CKV_AWS_65", "ECS.12"),
    ),
    Rule(
        id="ecs-fargate-latest",
        title="An ECS service runs on the newest platform of Fargate.",
        severity=Severity.MEDIUM,
        reason="A platform that is named stays when fixes to its kernel and runtime come with a newer one.",
        remedy="Leave platformVersion out, or write LATEST.",
        types=SERVICES | TASK_SETS,
        check=_latest,
        references=("CKV_AWS_332", "ECS.10"),
    ),
    Rule(
        id="ecs-exec-logged",
        title="Sessions with ECS containers are encrypted and logged.",
        severity=Severity.MEDIUM,
        reason="Whoever opens a shell in a container can do what the service can; what was typed has to be known.",
        remedy="Set executeCommandConfiguration: logging OVERRIDE, an encrypted log, and kmsKeyId.",
        types=CLUSTERS,
        check=_sessions,
        references=("CKV_AWS_223", "CKV_AWS_224"),
    ),
    Rule(
        id="ecs-rollback",
        title="ECS takes a bad version back by itself.",
        severity=Severity.HIGH,
        reason="Without it a version that does not start, or answers with errors, stays until somebody notices.",
        remedy="Rolling: deploymentCircuitBreaker with rollback. Shifting: alarms with rollback, and bake time.",
        types=SERVICES,
        check=_rollback,
    ),
    Rule(
        id="ecs-min-healthy",
        title="An ECS service keeps all its instances while a new version starts.",
        severity=Severity.HIGH,
        reason="Fewer have to carry the same load, just when the new version has yet to prove itself.",
        remedy="Set deploymentMinimumHealthyPercent to 100 and deploymentMaximumPercent above it.",
        types=SERVICES,
        check=_healthy,
    ),
)
