"""Who knows what a service has answered that runs: on each platform the source that has its metrics.

Kubernetes and GKE: the Prometheus of ``gate.prometheus``. ECS: CloudWatch, by what the load balancer counted. Container
Instances: nobody yet, see docs/adr/0020-the-gate.md.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from components import slo
from components.slo import Queries
from components.spec import Environment
from components.spec.service import Service
from delivery.gate import Sample
from delivery.observe.model import Target
from delivery.prometheus import MetricsError, Prometheus

DAY = 24 * 3600


class Source(Protocol):
    """A platform's knowledge of its services. MetricsError where it cannot be had."""

    def lately(self, service: Service, where: Target, seconds: int) -> Sample:
        """What a service answered in the last seconds, by the version that runs."""

    def period(self, service: Service, where: Target) -> Sample:
        """What it answered in its SLO's period, by whatever version."""


class Metrics(Protocol):
    """Whoever answers PromQL; see ``delivery.prometheus.Prometheus``."""

    def sample(self, queries: Queries) -> Sample:
        """What it answered in the queries' window; MetricsError where that cannot be had."""


class ByPrometheus:
    """Services that are found by namespace and pod."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def lately(self, service: Service, where: Target, seconds: int) -> Sample:
        """As the service itself counted."""
        return self._metrics.sample(slo.queries(service, where.namespace, where.name, seconds))

    def period(self, service: Service, where: Target) -> Sample:
        """As the service itself counted."""
        return self._metrics.sample(slo.over_the_period(service, where.namespace, where.name))


class ByLoadBalancer:
    """Services on ECS, by their target groups. With two of them both are counted: one of them has no traffic."""

    def __init__(self, region: str) -> None:
        # Imported here: AWS's client is slow to import, and a cluster needs none of it.
        from delivery.metrics.ecs import Groups

        self._groups = Groups(region)

    def lately(self, service: Service, where: Target, seconds: int) -> Sample:
        """As the load balancer counted."""
        return self._groups.sample(where, slo.budget(service), datetime.now(UTC), seconds)

    def period(self, service: Service, where: Target) -> Sample:
        """As the load balancer counted."""
        return self.lately(service, where, service.slo.period * DAY)


def source_of(environment: Environment, metrics: Metrics | None = None) -> Source:
    """The source of an environment's platform; MetricsError, saying why, where there is none."""
    if environment.platform == "aws-ecs" and environment.aws is not None:
        return ByLoadBalancer(environment.aws.region)
    if environment.platform == "azure-aci":
        raise MetricsError("on azure-aci nothing counts its requests yet")
    if environment.gate.prometheus is None:
        raise MetricsError("gate.prometheus names no source")
    return ByPrometheus(metrics or Prometheus(environment.gate.prometheus))


def measured(environment: Environment, service: Service) -> bool:
    """Whether anything is counted of a service: on ECS by its load balancer, elsewhere by itself."""
    return service.ingress is not None if environment.platform == "aws-ecs" else service.metrics_path is not None
