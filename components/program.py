"""How the program meets the SDK: when it hands over to it, and which of its messages it sends.

Both matter with many services only (measured by ``tests/benchmarks/bench_overhead.py``). What is declared, and what a
component logs, does not belong here.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS

ASKED = "CAAS_SDK_DEBUG"
"""Environment variable that keeps the SDK's debug messages."""


def run(declare: Callable[[], Mapping[str, Any]]) -> None:
    """Run a program that declares resources and gives what it exports."""
    leave_out_debug_messages()

    async def program() -> Mapping[str, Any]:
        exports = declare()
        await _registrations_begun()
        return exports

    pulumi.run(program)


async def _registrations_begun() -> None:
    """Let everything that was declared begin to be registered.

    At its end the SDK waits for the registrations that have begun, one after the other, and after that for whatever
    is left, over and over for all of it. A program that never gives way ends before one registration has begun, and
    all of them are waited for in the second way: the time grows with the square of the number of resources.
    """
    await asyncio.sleep(0)


class EngineWithoutDebug:
    """The engine's client, without the SDK's own debug messages.

    For each resource the SDK tells the engine four or more times what it is about to do, and stands still each time
    until the engine has taken the message, whether anybody runs with ``--debug`` or not: about a quarter of a
    program's time. Messages of any other severity, and every other call, go to the engine as ever.
    """

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
        SETTINGS.engine = cast(Any, EngineWithoutDebug(SETTINGS.engine))
