"""How instances are replaced: figures of the NGroup's rolling update. Pure.

A release is a new profile. The NGroup makes groups of the new one and takes groups of the old one away, batch by batch
within one zone at a time, and stops when too many are unhealthy ("NGroups rolling update", Azure Container Instances).
"""

from __future__ import annotations

from math import ceil
from typing import Any

from components.spec.service import Rollout

REPLACE = {"rollingupdate.replace.enabled": "true"}
"""Tag that an NGroup needs for an update by replacement, in the same place; it is to go away there."""

LARGEST_BATCH = 20
"""Percent of the instances in one batch: Azure's default. It does not say that a batch's new groups serve before its
old ones go, so a batch is never large, whatever `maxSurge` says."""

UNHEALTHY = 20
"""Percent of the instances that may be unhealthy before the update stops: Azure's default."""


def update_profile(rollout: Rollout) -> dict[str, Any]:
    """The NGroup's ``update_profile``. Between two batches the new instances must have been ready for ``minReady``, and
    the old ones have been given their time to drain."""
    return {
        "update_mode": "Rolling",
        "rolling_update_profile": {
            "max_batch_percent": _batch(rollout),
            "max_unhealthy_percent": max(UNHEALTHY, rollout.max_unavailable),
            "pause_time_between_batches": f"PT{_pause(rollout)}S",
            "in_place_update": False,
        },
    }


def _batch(rollout: Rollout) -> int:
    return min(max(rollout.max_surge, rollout.max_unavailable, 1), LARGEST_BATCH)


def _pause(rollout: Rollout) -> int:
    return max(rollout.min_ready, rollout.drain + rollout.endpoint_lag)


def wait_limit(rollout: Rollout) -> int:
    """Seconds that an apply waits for the NGroup: one progress deadline and one pause for each batch."""
    batches = ceil(100 / _batch(rollout))
    return rollout.progress_deadline + batches * (_pause(rollout) + rollout.stop_timeout)
