"""The three probes of a container, with their defaults. Pure: values in, a Kubernetes document out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.spec.service import Probe, Service

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ProbeArgsDict

TIMEOUT = 5
READINESS = (15, 3)
LIVENESS = (30, 3)
STARTUP = (10, 12)
"""Defaults: (seconds between probes, failures that count). A start may thus take 120 s."""


def readiness(service: Service) -> ProbeArgsDict:
    """May this pod get traffic?"""
    return _probe(service.health.readiness, service.port, *READINESS)


def liveness(service: Service) -> ProbeArgsDict:
    """Must this container be restarted?"""
    return _probe(service.health.liveness, service.port, *LIVENESS)


def startup(service: Service) -> ProbeArgsDict:
    """Has it started? Asks the readiness path, so that the other two begin only once the service has been able
    to serve, however slowly it starts."""
    ready = service.health.readiness
    return _probe(service.health.startup or Probe(path=ready.path, port=ready.port), service.port, *STARTUP)


def _probe(probe: Probe, port: int, interval: int, failures: int) -> ProbeArgsDict:
    target = probe.port or port
    document: ProbeArgsDict = {
        "period_seconds": probe.interval or interval,
        "timeout_seconds": probe.timeout or TIMEOUT,
        "failure_threshold": probe.failures or failures,
        "success_threshold": 1,
    }
    if probe.path is None:
        document["tcp_socket"] = {"port": target}
    else:
        document["http_get"] = {"path": probe.path, "port": target, "scheme": "HTTP"}
    return document
