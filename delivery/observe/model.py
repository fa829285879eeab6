"""The words in which every platform tells what it runs, and the seam that it does so through.

An instance is a pod on Kubernetes, a task on ECS, a container group on ACI; a revision is a ReplicaSet, a task
definition, a container group profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Target:
    """Where one service is found on its platform."""

    namespace: str
    """A namespace on Kubernetes, a cluster on ECS."""
    name: str
    revision: str | None = None
    """What it was declared to run, where the platform names that itself: a task definition's ARN on ECS."""


@dataclass(frozen=True)
class Container:
    """One container of an instance."""

    name: str
    image: str
    """As the instance asks for it."""
    running_image: str
    """As the runtime reports it, with the digest that was really pulled; empty until it has been."""
    restarts: int = 0
    waiting: str | None = None
    """The platform's word for why it does not run, such as CrashLoopBackOff."""
    message: str | None = None
    """The platform's sentence about it."""
    last_exit: str | None = None
    """How the previous run of it ended, such as ``exit code 3 (Error)``."""


@dataclass(frozen=True)
class Instance:
    """One running copy of a service."""

    name: str
    revision: str
    ready: bool
    leaving: bool
    containers: tuple[Container, ...]
    unplaced: str | None = None
    """Why the platform finds no place for it, where that is so."""


@dataclass(frozen=True)
class Snapshot:
    """A service at one moment."""

    target: Target
    exists: bool
    generation: int = 0
    """Counts the changes of the declaration."""
    settled: bool = False
    """Has the platform taken note of the newest declaration?"""
    desired: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    total: int = 0
    newest: str | None = None
    """The revision that the newest declaration makes, once there is one."""
    instances: tuple[Instance, ...] = ()
    deadline_exceeded: str | None = None
    """The platform's sentence when it has given the update up."""
    taken_back: bool = False
    """Does it run an earlier revision than was declared, because the platform itself has gone back to that?"""
    refused: str | None = None
    """The platform's sentence when it may not make instances (quota, admission)."""
    autoscaled: bool = False
    """Does an autoscaler own the count?"""
    answered: bool = False
    """Does the platform's own load balancer ask every instance for its readiness, so that ready means reachable?"""

    @property
    def current(self) -> tuple[Instance, ...]:
        """The instances of the newest revision that stay."""
        return tuple(i for i in self.instances if i.revision == self.newest and not i.leaving)

    @property
    def old(self) -> tuple[Instance, ...]:
        """The instances of earlier revisions, leaving or not."""
        return tuple(i for i in self.instances if i.revision != self.newest)


@dataclass(frozen=True)
class Answer:
    """What the service answered through its ingress."""

    url: str
    status: int | None
    error: str | None = None


@dataclass(frozen=True)
class Evidence:
    """What a person needs to see of an instance that fails: the platform's own words."""

    instance: str
    events: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    """The last lines of its crashed or unready container, secrets masked."""


class Observer(Protocol):
    """What ``caas`` asks of a platform. Every call is bounded in time and raises DeliveryError where it fails."""

    def snapshot(self, target: Target) -> Snapshot:
        """The service as it is now; ``exists`` is False where there is none."""

    def evidence(self, target: Target, instance: str) -> Evidence:
        """Events and log of one instance, for a report."""

    def versions(self) -> dict[str, str]:
        """Names and versions of what the services run on."""
