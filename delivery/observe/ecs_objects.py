"""ECS's JSON put into the words of ``observe/model.py``. Pure: takes what the API answered, asks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from delivery.observe.model import Container, Instance, Snapshot, Target

Object = Mapping[str, Any]

EVENTS = 5
"""How many of a service's newest events are shown."""

CANNOT_START = ("unable to place a task", "was unable to", "failed to launch a task")
"""Words of the events that say why instances do not come about."""


def snapshot(
    target: Target, service: Object, tasks: Iterable[Object], health: Mapping[str, str] | None, autoscaled: bool
) -> Snapshot:
    """One moment of a service with its tasks.

    :param health: Address of an instance -> what the load balancer says of it; None where there is no load balancer.
    """
    primary: Object = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), {})
    newest = primary.get("taskDefinition")
    instances = tuple(_instance(task, health) for task in sorted(tasks, key=lambda one: str(one["taskArn"])))
    ready = sum(one.ready for one in instances if one.revision == newest and not one.leaving)
    return Snapshot(
        target,
        exists=True,
        settled=newest is not None,
        desired=service["desiredCount"],
        updated=primary.get("runningCount", 0),
        ready=ready,
        available=ready,
        total=service["runningCount"],
        newest=newest,
        instances=instances,
        deadline_exceeded=_given_up(target, service, primary),
        taken_back=_earlier(str(newest or ""), target.revision or ""),
        refused=_refused(service, primary),
        autoscaled=autoscaled,
        answered=health is not None,
    )


def _given_up(target: Target, service: Object, primary: Object) -> str | None:
    """The platform's sentences where it has taken a deployment back.

    Once that is done nothing in the service says so but its events: what is left is a deployment of the version before
    that went well. Only the declaration tells the difference.
    """
    failed = next((one for one in service["deployments"] if one.get("rolloutState") == "FAILED"), None)
    if failed is not None:
        return "; ".join([str(failed.get("rolloutStateReason", "the deployment failed")), *events(service)])
    if target.revision is not None and primary and primary["taskDefinition"] != target.revision:
        runs, declared = short(primary["taskDefinition"]), short(target.revision)
        return "; ".join([f"it runs {runs}, declared is {declared}", *events(service)])
    return None


def _earlier(running: str, declared: str) -> bool:
    """Is the one an earlier revision of the other's family?"""
    (family, _, number), (wanted, _, last) = running.rpartition(":"), declared.rpartition(":")
    return family == wanted and number.isdecimal() and last.isdecimal() and int(number) < int(last)


def _refused(service: Object, primary: Object) -> str | None:
    """The newest event, where it says that no instance can be started for the newest deployment."""
    newest = next(iter(service.get("events") or ()), None)
    if newest is None or primary.get("rolloutState") != "IN_PROGRESS" or newest["createdAt"] < primary["createdAt"]:
        return None
    message = str(newest["message"])
    return message if any(words in message for words in CANNOT_START) else None


def events(service: Object) -> list[str]:
    """The newest events, oldest first. ECS gives them newest first."""
    return [str(one["message"]) for one in (service.get("events") or ())[:EVENTS]][::-1]


def short(arn: str) -> str:
    """``family:revision`` of a task definition, the id of a task."""
    return arn.rpartition("/")[2]


def _instance(task: Object, health: Mapping[str, str] | None) -> Instance:
    running = task["lastStatus"] == "RUNNING" and task.get("healthStatus") != "UNHEALTHY"
    return Instance(
        name=short(task["taskArn"]),
        revision=task["taskDefinitionArn"],
        ready=running and (health is None or health.get(address(task) or "") == "healthy"),
        leaving=task["desiredStatus"] == "STOPPED",
        containers=tuple(_container(one, task) for one in task["containers"]),
    )


def _container(container: Object, task: Object) -> Container:
    code = container.get("exitCode")
    return Container(
        name=container["name"],
        image=container.get("image", ""),
        running_image=container.get("imageDigest") or "",
        waiting=_waiting(container, task),
        message=container.get("reason") or task.get("stoppedReason"),
        last_exit=None if code is None else f"exit code {code}",
    )


def _waiting(container: Object, task: Object) -> str | None:
    """ECS's word for why a container does not run, which stands before the colon of its reason."""
    if container.get("lastStatus") == "RUNNING":
        return None
    reason = str(container.get("reason") or task.get("stoppedReason") or "")
    return reason.partition(":")[0] or None


def address(task: Object) -> str | None:
    """The private address of a task, under which the load balancer knows it."""
    details = [one for attached in task.get("attachments") or () for one in attached.get("details") or ()]
    return next((str(one["value"]) for one in details if one["name"] == "privateIPv4Address"), None)


def stopped(task: Object) -> list[str]:
    """Why a task ended, in ECS's own words."""
    lines = [f"task stopped: {task['stoppedReason']}"] if task.get("stoppedReason") else []
    for one in task["containers"]:
        code = "" if one.get("exitCode") is None else f"exit code {one['exitCode']}"
        said = ", ".join(part for part in (code, one.get("reason") or "") if part)
        if said:
            lines.append(f"container {one['name']}: {said}")
    return lines
