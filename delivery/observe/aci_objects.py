"""Azure's JSON put into the words of ``observe/model.py``. Pure: takes what the API answered, asks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from delivery.observe.model import Container, Instance, Snapshot, Target

Object = Mapping[str, Any]

EVENTS = 5
"""How many of a container's newest events are shown."""

WORKING = ("Creating", "Updating", "Accepted", "Pending", "Migrating")
"""States of an NGroup that has not come to rest."""

GIVEN_UP = ("Failed", "Canceled")
"""States of a rolling update that went no further."""


def snapshot(
    target: Target,
    group: Object,
    update: Object | None,
    instances: Iterable[Object],
    health: Mapping[str, str] | None = None,
) -> Snapshot:
    """One moment of an NGroup with its container groups.

    :param health: Address of an instance -> what its load balancer says of it; None where that is not known.
    """
    properties = group["properties"]
    newest = _profile(properties)
    found = tuple(_instance(one, health) for one in sorted(instances, key=lambda one: str(one["name"])))
    current = [one for one in found if one.revision == newest]
    ready = sum(one.ready for one in current)
    return Snapshot(
        target,
        exists=True,
        settled=newest is not None and properties.get("provisioningState") not in WORKING,
        desired=int((properties.get("elasticProfile") or {}).get("desiredCount") or 0),
        updated=len(current),
        ready=ready,
        available=ready,
        total=len(found),
        newest=newest,
        instances=found,
        deadline_exceeded=_given_up(target, newest, update),
        refused=_refused(properties, update),
        answered=health is not None,
    )


def belongs(group: Object, target: Target) -> bool:
    """Whether a container group was made of a profile of this service, of whichever release."""
    mine, its = target.revision or "", _profile_of(group["properties"])
    base = re.sub(r"-[0-9a-f]+$", "", mine)
    return bool(base) and re.fullmatch(re.escape(base) + r"-[0-9a-f]+", its, re.IGNORECASE) is not None


def _profile(properties: Object) -> str | None:
    """Id of the profile that an NGroup makes its groups of."""
    for one in properties.get("containerGroupProfiles") or ():
        return str(one["resource"]["id"])
    return None


def _profile_of(properties: Object) -> str:
    return str((properties.get("containerGroupProfile") or {}).get("id") or "")


def _given_up(target: Target, newest: str | None, update: Object | None) -> str | None:
    """Azure's sentence where it has stopped a rolling update, and ours where another release was put in its place."""
    progress = ((update or {}).get("properties") or {}).get("progress") or {}
    if progress.get("state") in GIVEN_UP:
        error = progress.get("error") or {}
        summary = progress.get("containerGroupsUpdateSummary") or {}
        counted = f"{summary.get('succeededCount', 0)} updated, {summary.get('failedCount', 0)} failed"
        return f"rolling update {progress['state'].lower()}: {error.get('message') or 'no reason given'} ({counted})"
    if target.revision is not None and newest is not None and newest.lower() != target.revision.lower():
        return f"it runs {short(newest)}, declared is {short(target.revision)}"
    return None


def _refused(properties: Object, update: Object | None) -> str | None:
    """An NGroup that has failed without an update that would say why."""
    if properties.get("provisioningState") != "Failed" or update is not None:
        return None
    errors = properties.get("errors") or ()
    return "; ".join(str(one.get("message")) for one in errors) or "the NGroup has failed"


def short(identity: str) -> str:
    """The name at the end of an id."""
    return identity.rpartition("/")[2]


def health(answer: Object) -> dict[str, str]:
    """Address -> state, of a load balancing rule's health."""
    return {str(one["ipAddress"]): str(one["state"]) for one in answer.get("loadBalancerBackendAddresses") or ()}


def _instance(group: Object, health: Mapping[str, str] | None) -> Instance:
    properties = group["properties"]
    view = properties.get("instanceView") or {}
    containers = tuple(_container(one) for one in properties.get("containers") or ())
    running = view.get("state") == "Running" and properties.get("provisioningState") == "Succeeded"
    return Instance(
        name=str(group["name"]),
        revision=_profile_of(properties),
        ready=running
        and all(one.running_image for one in containers)
        and (health is None or health.get(str((properties.get("ipAddress") or {}).get("ip"))) == "Up"),
        leaving=properties.get("provisioningState") == "Deleting",
        containers=containers,
    )


def _container(container: Object) -> Container:
    properties = container["properties"]
    view = properties.get("instanceView") or {}
    now, before = view.get("currentState") or {}, view.get("previousState") or {}
    detail = str(now.get("detailStatus") or "")
    running = now.get("state") == "Running"
    return Container(
        name=str(container["name"]),
        image=str(properties["image"]),
        # Azure does not say what it pulled; an image by its digest cannot have been another.
        running_image=str(properties["image"]) if running else "",
        restarts=int(view.get("restartCount") or 0),
        waiting=None if running else detail.partition(":")[0] or None,
        message=detail or None,
        last_exit=None if before.get("exitCode") is None else f"exit code {before['exitCode']}",
    )


def events(group: Object) -> list[str]:
    """The newest events of a container group and its containers, oldest first."""
    properties = group.get("properties") or {}
    views = [properties, *(one["properties"] for one in properties.get("containers") or ())]
    found = [one for view in views for one in (view.get("instanceView") or {}).get("events") or ()]
    found.sort(key=lambda one: str(one.get("lastTimestamp") or ""))
    return [f"{one.get('name')}: {one.get('message')} (x{one.get('count', 1)})" for one in found[-EVENTS:]]
