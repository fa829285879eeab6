"""Builders of declarations and snapshots, and a platform and an engine that are played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from delivery.declared import Declared, DeclaredService
from delivery.observe import Container, Evidence, Instance, Snapshot, Target

OLD = "registry.test/hello@sha256:" + "a" * 64
NEW = "registry.test/hello@sha256:" + "b" * 64
TARGET = Target("shop-dev", "hello")


def service(**changes: Any) -> DeclaredService:
    """One service that declares NEW, one to three instances, behind an ingress."""
    fields: dict[str, Any] = {
        "name": "hello",
        "image": NEW,
        "url": "http://hello.test",
        "namespace": TARGET.namespace,
        "deployment": TARGET.name,
        "port": 8080,
        "minimum": 1,
        "maximum": 3,
        "health_path": "/healthz",
    }
    return DeclaredService(**{**fields, **changes})


def declaration(*services: DeclaredService) -> Declared:
    """A stack with these services (default: one)."""
    return Declared("dev", "dev", "kubernetes", services or (service(),), None, None, "http://127.0.0.1:18080")


def instance(name: str = "hello-new-1", *, ready: bool = True, leaving: bool = False, **container: Any) -> Instance:
    """An instance of revision ``hello-new`` (or of what its name says), running NEW."""
    fields: dict[str, Any] = {"name": "hello", "image": NEW, "running_image": NEW}
    return Instance(name, name.rpartition("-")[0], ready, leaving, (Container(**{**fields, **container}),))


def snapshot(*instances: Instance, **changes: Any) -> Snapshot:
    """A service whose newest revision is ``hello-new``, with counts that fit its instances."""
    current = [i for i in instances if i.revision == "hello-new" and not i.leaving]
    ready = sum(i.ready for i in current)
    base = Snapshot(
        TARGET,
        exists=True,
        generation=2,
        settled=True,
        desired=len(current),
        updated=len(current),
        ready=ready,
        available=ready,
        total=len(instances),
        newest="hello-new",
        instances=instances,
        autoscaled=True,
    )
    return replace(base, **changes)


class Platform:
    """Plays a platform: each look shows the next snapshot, and the last one from then on."""

    def __init__(self, *snapshots: Snapshot | Exception, evidence: Evidence | None = None) -> None:
        self._coming = list(snapshots)
        self._evidence = evidence
        self.looks = 0

    def snapshot(self, target: Target) -> Snapshot:
        self.looks += 1
        shown = self._coming.pop(0) if len(self._coming) > 1 else self._coming[0]
        if isinstance(shown, Exception):
            raise shown
        return replace(shown, target=target)

    def evidence(self, target: Target, instance: str) -> Evidence:
        return self._evidence or Evidence(instance, (f"Warning Unhealthy: {instance} said no",), ("last words",))

    def versions(self) -> dict[str, str]:
        return {"kubernetes": "1.33.13"}


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def counting(answers: Iterator[Any]) -> Callable[..., Any]:
    """A function that gives the next of these answers on each call."""
    return lambda *_args, **_keywords: next(answers)
