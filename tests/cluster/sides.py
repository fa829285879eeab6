"""Both versions of a service while a release goes on: who has the traffic, who runs, and who answers at which host."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tests.cluster.hello import INGRESS
from tests.cluster.routes import Look, Watched
from tests.cluster.scene import Scene


@dataclass(frozen=True)
class Moment:
    """What was seen at one look."""

    look: Look
    serving: str | None
    """What a caller of the service's host was answered first; None where nobody answered."""
    preview: str | None
    """The same of the preview host."""
    generation: int
    """Of the Deployment that serves: it grows with each change of it."""
    ready: int
    """Its ready instances."""


class Sides(Watched):
    """A route with both of its sides."""

    def __init__(self, one: Scene) -> None:
        super().__init__(one.kubeconfig, one.target)
        self._scene = Scene(one.project, one.kubeconfig)
        self.moments: list[Moment] = []

    def look(self) -> Look | None:
        """One look at all of it."""
        serving, preview = answered(self._scene.host), answered(f"preview-{self._scene.host}")
        running = {each["metadata"]["name"]: each for each in self._scene.found("deployments", "apis/apps/v1")}
        seen = super().look()
        if seen is not None and (deployment := running.get(self._scene.target.name)) is not None:
            ready = int(deployment["status"].get("readyReplicas", 0))
            generation = int(deployment["metadata"]["generation"])
            self.moments.append(Moment(seen, serving, preview, generation, ready))
        return seen


def answered(host: str) -> str | None:
    """The first word that a host's caller is told; None where the ingress leads to nobody."""
    request = urllib.request.Request(f"{INGRESS}/", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
    except (urllib.error.HTTPError, TimeoutError):
        return None
    return first_word(found["message"])


def first_word(message: str) -> str:
    """What tells a version from others: the sample service's greeting."""
    return message.partition(",")[0].partition(" ")[0]
