"""How instances are replaced. Pure figures and documents.

The circuit breaker takes a version back whose instances do not become healthy; it exists for rolling updates only,
which is why the others are refused (see ``components/capabilities.py``).
"""

from __future__ import annotations

from typing import Any

from components.spec import defaults
from components.spec.service import Rollout, Service

BREAKER_FAILURES = 3
"""Instances that must fail in a row before the circuit breaker acts; it never acts on fewer."""


def deployment(rollout: Rollout) -> dict[str, Any]:
    """The deployment's part of a service's arguments."""
    return {
        "deployment_configuration": {"strategy": "ROLLING"},
        "deployment_circuit_breaker": {"enable": True, "rollback": True},
        "deployment_minimum_healthy_percent": 100 - rollout.max_unavailable,
        "deployment_maximum_percent": 100 + rollout.max_surge,
        # Moving an instance to another zone starts the new one first, which needs room above 100 percent.
        "availability_zone_rebalancing": "ENABLED" if rollout.max_surge else "DISABLED",
        "wait_for_steady_state": True,
    }


def grace(service: Service) -> int:
    """Seconds in which a new instance may fail its health checks: the time that it has to start."""
    probe = defaults.probe(service, "startup")
    return probe.interval * probe.failures


def wait_limit(rollout: Rollout) -> int:
    """Seconds that an apply waits: long enough for the circuit breaker to see its failures, for its rollback and
    for the old instances to go, so that its reason is shown and not a bare timeout."""
    return (BREAKER_FAILURES + 1) * rollout.progress_deadline + rollout.drain + rollout.stop_timeout
