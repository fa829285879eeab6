"""A release that moves traffic, under load and watched: what it did, how long, and to how many callers."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from sandbox import ports, toolchain
from tests.cluster import hello
from tests.cluster.load import Load, Requests
from tests.cluster.routes import Watched
from tests.cluster.scene import Scene
from tests.projects import Completed

SLACK = 4.0
"""Seconds that an analysis takes beside its interval: two scrapes, eight questions, and the look that ends it."""
DETECTION = 2 * (hello.INTERVAL + SLACK)
"""Seconds within which a bad version has to be without traffic again: two analyses."""
EXPOSURE = 12
"""Percent of the requests that may reach it meanwhile: the first step's weight and two points."""
BAD = {"HELLO_ERROR_RATE": "0.05"}, {"HELLO_LATENCY": "700ms"}
"""Variables of a version that fails 5 % of its requests, and of one that is slower than its objective."""


@dataclass(frozen=True)
class Released:
    """What a release did, and what its callers saw of it."""

    done: Completed
    requests: Requests
    watched: Watched

    @property
    def seconds(self) -> float:
        """For how long the new version had traffic."""
        began, ended = self.watched.exposed
        return ended - began


def release(moving: Scene, described: dict[str, Any], *, load: bool = True, **settings: Any) -> Released:
    """``caas up`` under 200 requests a second, while the route is watched."""
    moving.describe(described, **settings)
    hey = str(toolchain.current().tool("hey"))
    with Watched(moving.kubeconfig, moving.target) as watched:
        if not load:
            return Released(moving.project.caas("up", "--json"), Requests(0, 0), watched)
        with Load(hey, moving.host, workers=40, rate=5) as requests:
            done = moving.project.caas("up", "--json")
    return Released(done, requests.result, watched)


def broken(**variables: str) -> dict[str, Any]:
    """The canary with variables that break it."""
    described = hello.shifting("canary")
    described["environment"] = {**described["environment"], **variables}
    return described


def exposure(moving: Scene, seen: Released) -> float:
    """Percent of the requests that went to the new version while it had traffic, as the services' counters have it."""
    began, ended = seen.watched.exposed
    seconds = round(ended - began)
    where = f'namespace="{moving.target.namespace}",path="/"'
    then = f"[{seconds}s] offset {max(0, round(time.monotonic() - ended))}s"
    new = _number(f'sum(max_over_time(http_requests_total{{{where},pod=~"hello-candidate-.*"}}{then}))')
    old = _number(f'sum(increase(http_requests_total{{{where},pod!~"hello-candidate-.*"}}{then}))')
    print(f"{moving.target.namespace}: {new:.0f} requests to the new version, {old:.0f} to the old one, {seconds} s")
    return 100 * new / (new + old)


def _number(query: str) -> float:
    """The answer of the sandbox's Prometheus."""
    url = f"http://127.0.0.1:{ports.PROMETHEUS}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        (result,) = json.load(answer)["data"]["result"]
    return float(result["value"][1])
