"""Kubernetes' JSON in the words of the judgement: the newest revision, what fails, and what a pod can print."""

from __future__ import annotations

from typing import Any

import pytest

from delivery.observe import Target
from delivery.observe.kubernetes_objects import event_lines, secrets_of, selector, snapshot

TARGET = Target("shop-dev", "hello")
IMAGE = "registry.test/hello@sha256:" + "b" * 64


def deployment(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"uid": "d", "generation": 4, "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"b": "2", "a": "1"}}},
        "status": {"observedGeneration": 4, "updatedReplicas": 1, "readyReplicas": 1, "replicas": 2, **status},
    }


def replica_set(name: str, revision: str, owner: str = "d") -> dict[str, Any]:
    references = [{"uid": owner, "controller": True}]
    annotations = {"deployment.kubernetes.io/revision": revision}
    return {"metadata": {"name": name, "uid": name, "annotations": annotations, "ownerReferences": references}}


def pod(name: str, owner: str, *, state: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    ready = "False" if state else "True"
    container = {"name": "hello", "imageID": IMAGE, "ready": not state, "restartCount": 2, "state": state or {}}
    ended = {"terminated": {"exitCode": 3, "reason": "Error"}}
    return {
        "metadata": {"name": name, "ownerReferences": [{"uid": owner, "controller": True}], **metadata},
        "spec": {"containers": [{"name": "hello", "image": IMAGE}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": ready}, {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [{**container, "lastState": ended if state else {}}],
        },
    }


SETS = [replica_set("old", "1"), replica_set("new", "2"), replica_set("strange", "2", owner="another")]


def test_the_newest_revision_is_the_one_that_the_deployment_names() -> None:
    pods = [pod("old-1", "old", deletionTimestamp="now"), pod("new-1", "new"), pod("strange-1", "strange")]
    seen = snapshot(TARGET, deployment(), SETS, pods, [])
    assert (seen.newest, seen.generation, seen.settled, seen.desired) == ("new", 4, True, 1)
    assert [i.name for i in seen.current] == ["new-1"]
    assert [(i.name, i.leaving) for i in seen.old] == [("old-1", True)]
    assert (seen.updated, seen.ready, seen.available, seen.total) == (1, 1, 0, 2)


def test_before_the_platform_took_note_there_is_no_newest_revision() -> None:
    seen = snapshot(TARGET, deployment(observedGeneration=3), SETS, [], [])
    assert (seen.settled, seen.newest) == (False, None)


def test_a_container_that_waits_tells_why_and_how_it_ended_before() -> None:
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    (instance,) = snapshot(TARGET, deployment(), SETS, [pod("new-1", "new", state=state)], []).current
    (container,) = instance.containers
    assert not instance.ready
    assert (container.waiting, container.message, container.restarts) == ("CrashLoopBackOff", "back-off 10s", 2)
    assert container.last_exit == "exit code 3 (Error)"


def test_what_the_deployment_gave_up_and_may_not_do_is_told() -> None:
    conditions = [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"},
        {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"},
    ]
    seen = snapshot(TARGET, deployment(conditions=conditions), SETS, [], [])
    assert (seen.deadline_exceeded, seen.refused) == ("timed out", "exceeded quota")
    assert snapshot(TARGET, deployment(), SETS, [], []).deadline_exceeded is None


@pytest.mark.parametrize(("meant", "told"), [("new", True), ("old", False)])
def test_the_failure_of_the_revision_before_is_not_the_newest_ones(meant: str, told: bool) -> None:
    message = f'ReplicaSet "{meant}" has timed out progressing.'
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": message}
    seen = snapshot(TARGET, deployment(conditions=[condition]), SETS, [], [])
    assert seen.deadline_exceeded == (message if told else None)


def test_an_autoscaler_of_another_deployment_does_not_own_the_count() -> None:
    def scaler(name: str) -> dict[str, Any]:
        return {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": name}}}

    assert snapshot(TARGET, deployment(), SETS, [], [scaler("hello")]).autoscaled
    assert not snapshot(TARGET, deployment(), SETS, [], [scaler("other")]).autoscaled


def test_a_pod_that_has_ended_does_not_count() -> None:
    evicted = pod("new-1", "new")
    evicted["status"]["phase"] = "Failed"
    assert snapshot(TARGET, deployment(), SETS, [evicted], []).instances == ()


def test_every_secret_that_a_pod_can_print_is_found() -> None:
    spec = {
        "initContainers": [{"name": "i", "env": [{"valueFrom": {"secretKeyRef": {"name": "one"}}}, {"value": "x"}]}],
        "containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "two"}}, {"configMapRef": {"name": "no"}}]}],
        "volumes": [{"name": "v", "secret": {"secretName": "three"}}, {"name": "w", "emptyDir": {}}],
    }
    assert secrets_of({"spec": spec}) == ["one", "three", "two"]


def test_the_newest_warnings_come_last_and_what_went_well_is_left_out() -> None:
    def event(kind: str, reason: str, at: str) -> dict[str, Any]:
        return {"type": kind, "reason": reason, "message": "because\n  of it", "lastTimestamp": at, "metadata": {}}

    events = [
        event("Warning", "BackOff", "2026-02"),
        event("Normal", "Pulled", "2026-03"),
        event("Warning", "X", "2026-01"),
    ]
    assert event_lines(events) == ["Warning X: because of it", "Warning BackOff: because of it"]


def test_the_selector_is_a_query() -> None:
    assert selector(deployment()) == "a=1,b=2"
