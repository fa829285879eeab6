"""How instances are replaced. Pure figures and documents.

A rolling update is watched by the circuit breaker, which takes a version back whose instances do not become healthy.
The other strategies keep the old version beside the new one, and move traffic between two target groups; for these the
circuit breaker does not exist, so the alarms alone take a version back (see ``alarms.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from components.spec import defaults
from components.spec.service import Hook, Rollout, Service

BREAKER_FAILURES = 3
"""Instances that must fail in a row before the circuit breaker acts; it never acts on fewer."""

STRATEGIES = {"rolling": "ROLLING", "blue-green": "BLUE_GREEN", "canary": "CANARY", "linear": "LINEAR"}

STAGES = {
    "reconcile": "RECONCILE_SERVICE",
    "before-scale-up": "PRE_SCALE_UP",
    "after-scale-up": "POST_SCALE_UP",
    "test-traffic": "TEST_TRAFFIC_SHIFT",
    "after-test-traffic": "POST_TEST_TRAFFIC_SHIFT",
    "production-traffic": "PRODUCTION_TRAFFIC_SHIFT",
    "after-production-traffic": "POST_PRODUCTION_TRAFFIC_SHIFT",
}


def shifts(rollout: Rollout) -> bool:
    """Whether traffic moves between two target groups, one for each version."""
    return rollout.strategy != "rolling"


def deployment(rollout: Rollout, alarms: Sequence[Any] = (), caller: Any = None) -> dict[str, Any]:
    """The deployment's part of a service's arguments.

    :param alarms: Names of the alarms that take a version back; values or Outputs, this module looks into neither.
    :param caller: ARN of the role with which the functions of ``hooks`` are called.
    """
    settled: dict[str, Any] = {
        "deployment_configuration": _configuration(rollout, caller),
        "deployment_minimum_healthy_percent": 100 - rollout.max_unavailable,
        "deployment_maximum_percent": 100 + rollout.max_surge,
        # Moving an instance to another zone starts the new one first, which needs room above 100 percent.
        "availability_zone_rebalancing": "ENABLED" if rollout.max_surge else "DISABLED",
        "wait_for_steady_state": True,
    }
    if not shifts(rollout):
        settled["deployment_circuit_breaker"] = {"enable": True, "rollback": True}
    if alarms:
        settled["alarms"] = {"alarm_names": list(alarms), "enable": True, "rollback": True}
    return settled


def _configuration(rollout: Rollout, caller: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"strategy": STRATEGIES[rollout.strategy]}
    if shifts(rollout):
        found["bake_time_in_minutes"] = str(defaults.bake(rollout))
    if rollout.strategy == "canary":
        percent, minutes = defaults.step(rollout)
        found["canary_configuration"] = {"canary_percent": percent, "canary_bake_time_in_minutes": str(minutes)}
    if rollout.strategy == "linear":
        percent, minutes = defaults.step(rollout)
        found["linear_configuration"] = {"step_percent": percent, "step_bake_time_in_minutes": str(minutes)}
    if rollout.hooks:
        found["lifecycle_hooks"] = [_hook(hook, caller) for hook in rollout.hooks]
    return found


def _hook(hook: Hook, caller: Any) -> dict[str, Any]:
    stages = [STAGES[hook.stage]]
    if hook.function is not None:
        asked = {"hook_target_arn": hook.function, "role_arn": caller}
        return {"lifecycle_stages": stages, "target_type": "AWS_LAMBDA", **asked}
    # Nobody answered: the old version is the one that was good.
    limit = {"timeout_in_minutes": str(hook.pause), "action": "ROLLBACK"}
    return {"lifecycle_stages": stages, "target_type": "PAUSE", "timeout_configuration": limit}


def functions(rollout: Rollout) -> list[str]:
    """ARNs of the functions that are asked; sorted, each once."""
    return sorted({hook.function for hook in rollout.hooks if hook.function is not None})


def grace(service: Service) -> int:
    """Seconds in which a new instance may fail its health checks: the time that it has to start."""
    probe = defaults.probe(service, "startup")
    return probe.interval * probe.failures


def wait_limit(rollout: Rollout) -> int:
    """Seconds that an apply waits: long enough for the platform to see failures, for its rollback and for the old
    instances to go, so that its reason is shown and not a bare timeout. Where traffic shifts, its minutes and the
    pauses for a person come on top."""
    limit = (BREAKER_FAILURES + 1) * rollout.progress_deadline + rollout.drain + rollout.stop_timeout
    if not shifts(rollout):
        return limit
    minutes = defaults.bake(rollout) + sum(hook.pause or 0 for hook in rollout.hooks)
    if rollout.strategy == "canary":
        minutes += defaults.step(rollout)[1]
    if rollout.strategy == "linear":
        percent, each = defaults.step(rollout)
        minutes += ceil(100 / percent) * each
    return limit + 60 * minutes
