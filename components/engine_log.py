"""The SDK's own debug messages, left out unless somebody asks for them.

For each resource the SDK tells the engine four or more times what it is about to do, and stands still each time
until the engine has taken the message: between a quarter and a half of a program's time, whether anybody runs
with ``--debug`` or not (measured by ``tests/benchmarks/bench_overhead.py``). ``CAAS_SDK_DEBUG=1`` brings them back.
Messages of any other severity are sent as ever. What a component logs does not belong here.
"""

from __future__ import annotations

import os
from typing import Any

from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS

ASKED = "CAAS_SDK_DEBUG"
"""Environment variable that keeps the messages."""


class EngineWithoutDebug:
    """The engine's client, without the debug messages."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def Log(self, request: engine_pb2.LogRequest) -> None:
        """Send a message on, unless it is a debug message."""
        if request.severity != engine_pb2.DEBUG:
            self._engine.Log(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def leave_out_debug_messages() -> None:
    """From here on, in this program. Without an engine (in a test, by hand) nothing changes."""
    if SETTINGS.engine is not None and not os.environ.get(ASKED):
        SETTINGS.engine = EngineWithoutDebug(SETTINGS.engine)  # type: ignore[assignment]  # stands in for the stub
