"""Defaults that depend on more than their own field: the environment's tier, or a probe's role.

A default of a single field stands beside the field. Whoever declares resources asks here, so that what was
checked is what runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.spec.environment import Gate, Tier
from components.spec.service import Probe, Rollout, Service, Step

Role = Literal["readiness", "liveness", "startup"]
Freeze = Literal["off", "warn", "refuse"]

MINIMUM_INSTANCES: dict[Tier, int] = {"dev": 1, "staging": 2, "prod": 3}
"""Instances of a service at the least: one may fail in staging, a whole zone in prod. dev is not held to it."""

LOG_RETENTION: dict[Tier, int] = {"dev": 14, "staging": 30, "prod": 90}
"""Days that logs are kept."""

METRICS_RETENTION: dict[Tier, int] = {"dev": 7, "staging": 15, "prod": 35}
"""Days that metrics are kept: prod holds the usual period of an objective and some days to compare with."""

METRICS_STORAGE: dict[Tier, int | None] = {"dev": None, "staging": 10, "prod": 50}
"""GiB of disk for metrics; None where they go with their pod."""

FREEZE: dict[Tier, Freeze] = {"dev": "off", "staging": "warn", "prod": "refuse"}
"""What happens to a deployment while the error budget is spent."""

FREEZE_WITHOUT_A_SOURCE: dict[Tier, Freeze] = {"dev": "off", "staging": "off", "prod": "warn"}

PROBE_TIMEOUT = 5
"""Seconds."""

_TIMING: dict[Role, tuple[int, int]] = {"readiness": (15, 3), "liveness": (30, 3), "startup": (10, 12)}
"""Seconds between probes, and failures in a row that count."""


@dataclass(frozen=True)
class ResolvedProbe:
    """A probe with nothing left to default."""

    path: str | None
    """None: a TCP connect."""
    port: int
    interval: int
    timeout: int
    failures: int

    @property
    def question(self) -> tuple[str | None, int]:
        """What is asked, apart from how often."""
        return self.path, self.port


def probe(service: Service, role: Role) -> ResolvedProbe:
    """A service's probe as it runs. A startup probe that is not given asks what readiness asks."""
    health = service.health
    given = {"readiness": health.readiness, "liveness": health.liveness, "startup": health.startup}[role]
    if given is None:
        given = Probe(path=health.readiness.path, port=health.readiness.port)
    interval, failures = _TIMING[role]
    interval = given.interval if given.interval is not None else interval
    timeout = given.timeout if given.timeout is not None else PROBE_TIMEOUT
    failures = given.failures if given.failures is not None else failures
    return ResolvedProbe(given.path, given.port or service.port, interval, timeout, failures)


BAKE = 10
"""Minutes that the old version stays ready after all traffic has moved: two of the longest alarm windows."""

FIRST_STEP = {"canary": 10, "linear": 20}
"""Percent of the traffic that moves first."""


def bake(rollout: Rollout) -> int:
    """Minutes between the last shift of traffic and the end of the old version."""
    return BAKE if rollout.bake is None else rollout.bake


def step(rollout: Rollout) -> tuple[int, int]:
    """(percent, minutes) of a step, of the strategies that have steps."""
    given = rollout.step or Step()
    return given.percent or FIRST_STEP[rollout.strategy], given.minutes


def freeze(gate: Gate, tier: Tier) -> Freeze:
    """What is done about a deployment while the error budget is spent, or cannot be read."""
    if gate.freeze is not None:
        return gate.freeze
    # Nobody knows a budget without a source: prod says so each time, and cannot be held to more.
    return FREEZE[tier] if gate.prometheus is not None else FREEZE_WITHOUT_A_SOURCE[tier]


def host(service: Service, domain: str | None) -> str | None:
    """The host name that a service answers to; None without ingress, or where neither it nor the domain is given."""
    if service.ingress is None:
        return None
    if service.ingress.host is not None:
        return service.ingress.host
    return None if domain is None else f"{service.name}.{domain}"


def instances(service: Service) -> tuple[int, int]:
    """The bounds of a service's count: equal where it is fixed."""
    if service.scaling is not None:
        return service.scaling.minimum, service.scaling.maximum
    return service.replicas or 0, service.replicas or 0
