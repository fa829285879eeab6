"""Kubernetes' JSON put into the words of ``observe/model.py``. Pure: takes what the API answered, asks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from delivery.observe.model import Container, Instance, Snapshot, Target

Object = Mapping[str, Any]

REVISION = "deployment.kubernetes.io/revision"
EVENTS = 5
"""How many of an instance's newest warnings are shown."""


def selector(deployment: Object) -> str:
    """The label selector of a Deployment, as a query parameter."""
    labels = deployment["spec"]["selector"].get("matchLabels", {})
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def snapshot(
    target: Target, deployment: Object, sets: Iterable[Object], pods: Iterable[Object], scalers: Iterable[Object]
) -> Snapshot:
    """One moment of a Deployment with the pods of all its ReplicaSets."""
    metadata, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status", {})
    generation = int(metadata["generation"])
    settled = status.get("observedGeneration", 0) >= generation
    owned = [s for s in sets if _owner(s) == metadata["uid"]]
    names = {s["metadata"]["uid"]: s["metadata"]["name"] for s in owned}
    revision = metadata.get("annotations", {}).get(REVISION)
    newest = next((s for s in owned if s["metadata"].get("annotations", {}).get(REVISION) == revision), None)
    progressing, refused = _condition(status, "Progressing"), _condition(status, "ReplicaFailure")
    return Snapshot(
        target,
        exists=True,
        generation=generation,
        settled=settled,
        desired=spec.get("replicas", 1),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        total=status.get("replicas", 0),
        newest=newest["metadata"]["name"] if newest and settled else None,
        instances=tuple(
            _instance(pod, names[_owner(pod)])
            for pod in sorted(pods, key=lambda p: str(p["metadata"]["name"]))
            if _owner(pod) in names and pod["status"].get("phase") not in ("Succeeded", "Failed")
        ),
        deadline_exceeded=_deadline_exceeded(progressing, newest) if settled else None,
        refused=refused.get("message", "") if settled and refused.get("status") == "True" else None,
        autoscaled=any(
            s["spec"]["scaleTargetRef"]["kind"] == "Deployment" and s["spec"]["scaleTargetRef"]["name"] == target.name
            for s in scalers
        ),
    )


def _deadline_exceeded(progressing: Object, newest: Object | None) -> str | None:
    """The platform's word that it has given up the newest revision.

    When an update goes back to a revision that is still there, the controller says for a moment that it has seen the
    new generation while the condition is still the failed revision's. The message names the one that it means.
    """
    if progressing.get("reason") != "ProgressDeadlineExceeded":
        return None
    message = str(progressing.get("message", ""))
    meant = re.search(r'"([^"]+)"', message)
    if meant and newest and meant.group(1) != newest["metadata"]["name"]:
        return None
    return message


def _owner(item: Object) -> str:
    return next((str(o["uid"]) for o in item["metadata"].get("ownerReferences", []) if o.get("controller")), "")


def _condition(status: Object, kind: str) -> Object:
    return next((c for c in status.get("conditions", []) if c["type"] == kind), {})


def _instance(pod: Object, revision: str) -> Instance:
    status = pod["status"]
    states = {s["name"]: s for s in container_states(pod)}
    scheduled = _condition(status, "PodScheduled")
    return Instance(
        name=pod["metadata"]["name"],
        revision=revision,
        ready=_condition(status, "Ready").get("status") == "True",
        leaving="deletionTimestamp" in pod["metadata"],
        containers=tuple(_container(spec, states.get(spec["name"])) for spec in _container_specs(pod)),
        unplaced=scheduled.get("message", "no reason given") if scheduled.get("status") == "False" else None,
    )


def _container_specs(pod: Object) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def container_states(pod: Object) -> list[Object]:
    """What the kubelet says of each container, the initialising ones first."""
    return [*pod["status"].get("initContainerStatuses", []), *pod["status"].get("containerStatuses", [])]


def _container(spec: Object, status: Object | None) -> Container:
    if status is None:
        return Container(spec["name"], spec["image"], "")
    state = status.get("state", {})
    ended = status.get("lastState", {}).get("terminated") or state.get("terminated")
    waiting = state.get("waiting", {})
    return Container(
        name=spec["name"],
        image=spec["image"],
        running_image=status.get("imageID", ""),
        restarts=status.get("restartCount", 0),
        waiting=waiting.get("reason"),
        message=waiting.get("message"),
        last_exit=f"exit code {ended['exitCode']} ({ended.get('reason', 'no reason given')})" if ended else None,
    )


def secrets_of(pod: Object) -> list[str]:
    """The names of the Secrets whose values the pod can print."""
    names: set[str] = set()
    for container in _container_specs(pod):
        references = [v.get("valueFrom", {}).get("secretKeyRef") for v in container.get("env", [])]
        references += [source.get("secretRef") for source in container.get("envFrom", [])]
        names |= {reference["name"] for reference in references if reference}
    names |= {volume["secret"]["secretName"] for volume in pod["spec"].get("volumes", []) if "secret" in volume}
    return sorted(names)


def event_lines(events: Iterable[Object]) -> list[str]:
    """The newest warnings, oldest first, one line each. What went well needs no attention."""

    def when(event: Object) -> str:
        return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])

    return [
        f"{e.get('type')} {e.get('reason')}: {' '.join((e.get('message') or '').split())}"
        for e in sorted((e for e in events if e.get("type") != "Normal"), key=when)[-EVENTS:]
    ]
