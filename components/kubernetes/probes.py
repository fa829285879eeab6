"""The three probes of a container as Kubernetes documents. Pure.

How often is asked, and what stands where nothing was given, is decided in ``components/spec/defaults.py``: what was
checked there is what runs here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.spec import defaults
from components.spec.service import Service

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ProbeArgsDict


def readiness(service: Service) -> ProbeArgsDict:
    """May this pod get traffic?"""
    return _document(defaults.probe(service, "readiness"))


def liveness(service: Service) -> ProbeArgsDict:
    """Must this container be restarted?"""
    return _document(defaults.probe(service, "liveness"))


def startup(service: Service) -> ProbeArgsDict:
    """Has it started? Asks the readiness path unless told otherwise, so that the other two begin only once the
    service has been able to serve, however slowly it starts."""
    return _document(defaults.probe(service, "startup"))


def _document(probe: defaults.ResolvedProbe) -> ProbeArgsDict:
    document: ProbeArgsDict = {
        "period_seconds": probe.interval,
        "timeout_seconds": probe.timeout,
        "failure_threshold": probe.failures,
        "success_threshold": 1,
    }
    if probe.path is None:
        document["tcp_socket"] = {"port": probe.port}
    else:
        document["http_get"] = {"path": probe.path, "port": probe.port, "scheme": "HTTP"}
    return document
