"""How long a sandbox takes that has been prepared: started again, and asked for when it is up already."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.benchmarks.table import Row

START = 60
"""Seconds: what a second start may take."""
DETAIL = "python -m sandbox stop && python -m sandbox up"


def run() -> list[Row]:
    """Two rows. The sandbox keeps its data and is up again afterwards."""
    _sandbox("stop")
    started, again = _sandbox("up"), _sandbox("up")
    return [
        Row("sandbox, started from a warm cache", f"{started:.0f} s", f"<= {START} s", started <= START, DETAIL),
        Row("sandbox, asked for when it is up", f"{again:.1f} s", f"<= {started:.0f} s", again <= started, DETAIL),
    ]


def _sandbox(command: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "sandbox", command], check=True, capture_output=True)
    return time.monotonic() - began
