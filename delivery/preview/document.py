"""A preview, or a drift, as one JSON document. Pure."""

from __future__ import annotations

from typing import Any

from delivery.preview.model import Preview
from delivery.prices.estimate import Estimate


def preview(stack: str, found: Preview, estimate: Estimate | None) -> dict[str, Any]:
    """What ``caas preview --json`` answers."""
    return {
        "stack": stack,
        "counts": found.counts,
        "unchanged": found.unchanged,
        "changes": [change.document() for change in found.changes],
        "policies": {
            "packs": dict(found.packs),
            "results": [result.document() for result in found.policies],
        },
        "cost": estimate.document() if estimate is not None else None,
    }


def drift(stack: str, found: Preview) -> dict[str, Any]:
    """What ``caas drift --json`` answers."""
    return {
        "stack": stack,
        "drifted": bool(found.changes),
        "inPlace": found.unchanged,
        "differences": [change.document() for change in found.changes],
    }
