"""What a release does to a route while it runs: watched from outside, several times a second."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Self

from kubernetes import client

from delivery.observe import Target
from delivery.observe.kubernetes import connect
from delivery.traffic import GROUP, PLURAL, RELEASE, VERSION

EVERY = 0.2
"""Seconds between two looks."""


@dataclass(frozen=True)
class Look:
    """The route at one moment."""

    at: float
    """Of the monotonic clock."""
    weights: dict[str, int]
    """Service -> its weight."""
    held: bool
    """Whether a release has it."""

    @property
    def share(self) -> float:
        """Percent of the traffic with the new version."""
        total = sum(self.weights.values())
        return 100 * sum(w for name, w in self.weights.items() if name.endswith("-candidate")) / total if total else 0.0


class Watched:
    """The looks at one service's route for as long as the block lasts, and those services that it names."""

    def __init__(self, kubeconfig: str, target: Target) -> None:
        self._api: Any = connect(kubeconfig, None)
        self._target = target
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.looks: list[Look] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    @property
    def shares(self) -> list[float]:
        """The different shares in the order in which they came."""
        found: list[float] = []
        for look in self.looks:
            if not found or found[-1] != look.share:
                found.append(look.share)
        return found

    @property
    def exposed(self) -> tuple[float, float]:
        """When the new version got its first traffic, and when it had none again."""
        began = next(look.at for look in self.looks if look.share > 0)
        ended = next(look.at for look in self.looks if look.at > began and look.share == 0)
        return began, ended

    def look(self) -> Look | None:
        """One look; None where there is no route."""
        objects = client.CustomObjectsApi(self._api)
        try:
            route = objects.get_namespaced_custom_object(
                GROUP, VERSION, self._target.namespace, PLURAL, self._target.name, _request_timeout=5
            )
        except client.ApiException as error:
            if error.status == 404:
                return None
            raise
        backends = route["spec"]["rules"][0]["backendRefs"]
        weights = {each["name"]: each.get("weight", 1) for each in backends}
        return Look(time.monotonic(), weights, RELEASE in (route["metadata"].get("annotations") or {}))

    def _watch(self) -> None:
        while not self._end.wait(EVERY):
            look = self.look()
            if look is not None:
                self.looks.append(look)
