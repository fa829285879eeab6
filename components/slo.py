"""What a service promises, and the questions that follow from it. Pure.

The gate asks them of each version while a release moves traffic. Health checks and the metrics themselves are left out:
nobody waits for those answers, and they would thin the failures out.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.spec.service import Service

STABLE = "stable"
CANDIDATE = "candidate"


@dataclass(frozen=True)
class Budget:
    """The shares of requests that may fail, and that may be slow."""

    failed: float
    """0 to 1; 0.001 where 99.9 percent are promised."""
    slow: float
    """0 to 1; 0.01 where the 99th percentile is promised."""
    threshold: float
    """Seconds from which on an answer is slow."""


@dataclass(frozen=True)
class Queries:
    """PromQL, one number each: how many requests there were in a window, how many failed, how many were fast."""

    requests: str
    failed: str
    timed: str
    """How many the histogram counted: the base for ``fast``."""
    fast: str


def budget(service: Service) -> Budget:
    """What the service's objective leaves to fail."""
    slo = service.slo
    return Budget(
        failed=round(1 - slo.availability / 100, 9),
        slow=round(1 - slo.latency.percentile / 100, 9),
        threshold=slo.latency.threshold / 1000,
    )


def queries(service: Service, namespace: str, deployment: str, seconds: int) -> Queries:
    """The questions about one Deployment's pods over the last seconds.

    A series that began within the window counts from zero: `increase` alone would miss its first value, which is most
    of a new version's failures.
    """
    metrics = service.slo.metrics
    # The name of a Deployment's pod: its own, the ReplicaSet's hash, and five characters of the pod's, before which
    # Kubernetes cuts off what is too long.
    pods = f'namespace="{namespace}",pod=~"{deployment}-[a-z0-9]+-?[a-z0-9]{{5}}"'
    where = f"{pods}{served(service)}"
    bound = bucket(service)
    return Queries(
        requests=_grown(metrics.requests, where, seconds),
        failed=_grown(metrics.requests, f'{where},{metrics.code}=~"5.."', seconds),
        timed=_grown(f"{metrics.duration}_count", where, seconds),
        fast=_grown(f"{metrics.duration}_bucket", f'{where},le=~"{bound}"', seconds),
    )


def over_the_period(service: Service, namespace: str, deployment: str) -> Queries:
    """The questions about everything that the service has answered within its SLO's period, by whatever version."""
    metrics = service.slo.metrics
    pods = f'namespace="{namespace}",pod=~"{deployment}(-{CANDIDATE})?-[a-z0-9]+-?[a-z0-9]{{5}}"'
    where = f"{pods}{served(service)}"
    bound = bucket(service)
    days = service.slo.period
    return Queries(
        requests=_increased(metrics.requests, where, days),
        failed=_increased(metrics.requests, f'{where},{metrics.code}=~"5.."', days),
        timed=_increased(f"{metrics.duration}_count", where, days),
        fast=_increased(f"{metrics.duration}_bucket", f'{where},le=~"{bound}"', days),
    )


def _increased(metric: str, where: str, days: int) -> str:
    """Restarts are counted through. The first value of each series is not, which a whole period makes nothing of."""
    return f"sum(increase({metric}{{{where}}}[{days}d]))"


def left(failed: float, requests: float, allowed: float) -> float:
    """The share of an error budget that is left: 1 untouched, 0 spent, below 0 overdrawn.

    :param allowed: The share of requests that may fail.
    """
    if requests <= 0:
        return 1.0
    return 1 - failed / (requests * allowed)


def bucket(service: Service) -> str:
    """A regular expression for the upper bound of the histogram's bucket that holds what is fast enough."""
    bound = _escaped(f"{budget(service).threshold:g}")
    # Some write a whole number of seconds as 2, some as 2.0.
    return bound if "." in bound else bound + r"(\\.0)?"


def served(service: Service) -> str:
    """The matcher that leaves out what only the platform asks for."""
    health = service.health
    asked = [health.readiness.path, health.liveness.path, health.startup.path if health.startup else None]
    paths = sorted({path for path in (*asked, service.metrics_path) if path is not None})
    if not paths:
        return ""
    escaped = "|".join(_escaped(path) for path in paths)
    return f',{service.slo.metrics.route}!~"{escaped}"'


def _escaped(path: str) -> str:
    """A path inside a regular expression inside a PromQL string."""
    return "".join(f"\\\\{one}" if one in r".+*?()[]{}|^$" else one for one in path)


def _grown(metric: str, where: str, seconds: int) -> str:
    series = f"{metric}{{{where}}}"
    return f"sum(({series} unless {series} offset {seconds}s) or increase({series}[{seconds}s]))"
