"""Is what runs what was declared? A pure judgement over one snapshot; no clock, no network, no platform's name.

Three answers: proven; not yet, because …; failed, because … and waiting would not heal it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from delivery.declared import DeclaredService
from delivery.observe.model import Answer, Container, Instance, Snapshot

PATIENCE: Mapping[str, float] = {
    "ErrImageNeverPull": 0,
    "InvalidImageName": 0,
    "CreateContainerConfigError": 15,
    "CreateContainerError": 15,
    "RunContainerError": 15,
    "ImagePullBackOff": 20,
    "CrashLoopBackOff": 0,
}
"""Seconds for which a reason may last before it counts as one that cannot heal.

A registry may stutter and a Secret may be made a moment later; a process that ended again and again has been
given its chances by CRASHES.
"""
SAME = {"ErrImagePull": "ImagePullBackOff"}
"""Two words for one trouble, between which the platform goes back and forth."""
LONGEST = 240
"""Characters of the platform's sentence that are shown; the middle of a longer one is left out."""
CRASHES = 2
"""Restarts from which on a container in CrashLoopBackOff will not heal by waiting."""
REFUSAL_PATIENCE = 20
"""Seconds for which the platform may refuse to make instances."""


class State(Enum):
    """Proven, to be waited for, or beyond waiting."""

    PROVEN = "proven"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Verdict:
    """The judgement and its reasons, and the instances that a person should look at."""

    state: State
    reasons: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()


def troubles(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """What keeps the newest revision's instances from running: (instance, reason) -> sentence.

    Only the newest revision counts: an older one may be failing, and is being replaced for it.
    """
    found: dict[tuple[str, str], str] = {}
    for instance in snapshot.current:
        if instance.unplaced:
            found[(instance.name, "Unschedulable")] = f"{instance.name}: no place for it: {instance.unplaced}"
        for container in instance.containers:
            if container.waiting and container.waiting not in ("ContainerCreating", "PodInitializing"):
                key = (instance.name, SAME.get(container.waiting, container.waiting))
                found[key] = _trouble(instance, container)
    if snapshot.refused:
        found[("", "Refused")] = f"the platform refuses to make instances: {snapshot.refused}"
    return found


def _trouble(instance: Instance, container: Container) -> str:
    parts = [f"{instance.name}: {container.waiting}"]
    if container.last_exit and container.restarts:
        parts.append(f"container {container.name} ended with {container.last_exit}, restarted {container.restarts}x")
    elif container.message:
        parts.append(f"container {container.name}: {shorten(container.message)}")
    return ", ".join(parts)


def shorten(sentence: str) -> str:
    """Runtimes repeat the whole image in every layer of a message; its begin and its end tell it all."""
    half = LONGEST // 2
    return sentence if len(sentence) <= LONGEST else f"{sentence[:half]} … {sentence[-half:]}"


def failure(snapshot: Snapshot, ages: Mapping[tuple[str, str], float]) -> Verdict | None:
    """A verdict of FAILED where the newest revision cannot heal; None where it may.

    ``ages``: for how many seconds each of ``troubles`` has been seen.
    """
    if not snapshot.settled:
        return None
    reasons, instances = [], []
    restarts = {(i.name, c.waiting): c.restarts for i in snapshot.current for c in i.containers if c.waiting}
    for key, sentence in troubles(snapshot).items():
        instance, reason = key
        patience = REFUSAL_PATIENCE if reason == "Refused" else PATIENCE.get(reason)
        if patience is None or ages.get(key, 0) < patience:
            continue
        if reason == "CrashLoopBackOff" and restarts[key] < CRASHES:
            continue
        reasons.append(sentence)
        instances.append(instance)
    if snapshot.deadline_exceeded:
        # The instances' own reasons come first: the deadline only says that nobody waits any longer.
        reasons += [s for s in troubles(snapshot).values() if s not in reasons]
        reasons.append(f"the platform gave the update up: {snapshot.deadline_exceeded}")
        instances += [i.name for i in snapshot.current if not i.ready]
    if not reasons:
        return None
    return Verdict(State.FAILED, tuple(reasons), tuple(dict.fromkeys(i for i in instances if i)))


def judge(
    declared: DeclaredService,
    snapshot: Snapshot,
    ages: Mapping[tuple[str, str], float],
    answer: Answer | None,
) -> Verdict:
    """Compare one service with its declaration.

    ``answer`` is what came back through the ingress; None where the service has none or was not asked yet.
    """
    if not snapshot.exists:
        return Verdict(State.WAITING, (f"there is no {snapshot.target.name} in namespace {snapshot.target.namespace}",))
    failed = failure(snapshot, ages)
    if failed:
        return failed
    reasons = [*_counts(declared, snapshot), *_images(declared, snapshot), *troubles(snapshot).values()]
    waiting = tuple(i.name for i in snapshot.current if not i.ready)
    if not reasons and snapshot.desired and not snapshot.answered:
        reasons = _reachable(declared, answer)
    return Verdict(State.WAITING if reasons else State.PROVEN, tuple(reasons), waiting)


def _counts(declared: DeclaredService, snapshot: Snapshot) -> list[str]:
    if not snapshot.settled or snapshot.newest is None:
        return ["the platform has not taken note of the newest declaration yet"]
    reasons = []
    if not declared.minimum <= snapshot.desired <= declared.maximum:
        owner = "the autoscaler asks for" if snapshot.autoscaled else "the platform was told to run"
        reasons.append(
            f"{owner} {snapshot.desired} instances, declared are {_range(declared.minimum, declared.maximum)}"
        )
    for what, count in (("updated", snapshot.updated), ("ready", snapshot.ready), ("available", snapshot.available)):
        if count != snapshot.desired:
            reasons.append(f"{count} of {snapshot.desired} instances are {what}")
    if len(snapshot.current) != snapshot.desired:
        reasons.append(f"{len(snapshot.current)} of {snapshot.desired} instances of the newest revision exist")
    if snapshot.old:
        leaving = sum(i.leaving for i in snapshot.old)
        reasons.append(f"{len(snapshot.old)} old instances are left ({leaving} of them draining)")
    return reasons


def _images(declared: DeclaredService, snapshot: Snapshot) -> list[str]:
    reasons = []
    for instance in snapshot.current:
        asked = [c for c in instance.containers if c.image == declared.image]
        if not asked:
            images = ", ".join(c.image for c in instance.containers)
            reasons.append(f"{instance.name} asks for {images}, declared is {declared.image}")
        for container in asked:
            running = container.running_image
            if not running:
                reasons.append(f"{instance.name} does not run an image yet")
            elif not running.endswith(declared.digest):
                reasons.append(f"{instance.name} runs {running}, declared is {declared.digest}")
    return reasons


def _reachable(declared: DeclaredService, answer: Answer | None) -> list[str]:
    if declared.url is None:
        return []
    if answer is None:
        return ["it was not asked through its ingress yet"]
    if answer.status is None:
        return [f"{answer.url} does not answer: {answer.error}"]
    return [] if 200 <= answer.status <= 299 else [f"{answer.url} answers {answer.status}, expected is 2xx"]


def _range(minimum: int, maximum: int) -> str:
    return str(minimum) if minimum == maximum else f"{minimum} to {maximum}"
