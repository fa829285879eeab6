"""What the real engine reported, recorded: a preview with changes, a refresh that found drift, and a violated policy.

From ``examples/platforms``, stack prod, on the simulated AWS; the events of some resources were kept.
"""

from __future__ import annotations

import json
from pathlib import Path

from pulumi.automation.events import EngineEvent

HERE = Path(__file__).parent


def events(name: str) -> list[EngineEvent]:
    """``update``, ``refresh`` or ``policy``."""
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [EngineEvent.from_json(json.loads(line)) for line in lines]
