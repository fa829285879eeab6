"""How the program meets the SDK: debug messages are left out, registrations begin before the program ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime import mocks, settings, stack
from pulumi.runtime.proto import engine_pb2

from components import program
from tests.components.recorder import RecordingMonitor

TEXT = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class Engine:
    """Notes the messages that reach it."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def Log(self, request: engine_pb2.LogRequest) -> None:
        self.messages.append((TEXT[request.severity], request.message))

    def RequirePulumiVersion(self, request: engine_pb2.RequirePulumiVersionRequest) -> str:
        return f"asked for {request.pulumi_version_range}"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine of this test; the settings are as before afterwards."""
    engine = Engine()
    monkeypatch.delenv(program.ASKED, raising=False)
    monkeypatch.setattr(settings.SETTINGS, "engine", engine)
    return engine


def _log_everything() -> None:
    pulumi.log.debug("a")
    pulumi.log.info("b")
    pulumi.log.warn("c")
    pulumi.log.error("d")


LOUD = [("info", "b"), ("warning", "c"), ("error", "d")]


def test_debug_messages_are_dropped_and_no_others(engine: Engine) -> None:
    program.leave_out_debug_messages()
    _log_everything()
    assert engine.messages == LOUD


def test_every_other_call_reaches_the_engine(engine: Engine) -> None:
    program.leave_out_debug_messages()
    request = engine_pb2.RequirePulumiVersionRequest(pulumi_version_range=">=3")
    known: Any = settings.get_engine()
    assert known.RequirePulumiVersion(request) == "asked for >=3"


def test_debug_messages_come_back_when_asked_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(program.ASKED, "1")
    program.leave_out_debug_messages()
    _log_everything()
    assert engine.messages == [("debug", "a"), *LOUD]


def test_without_an_engine_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.SETTINGS, "engine", None)
    program.leave_out_debug_messages()
    assert settings.get_engine() is None


class Thing(pulumi.CustomResource):
    """A resource without properties."""

    def __init__(self, name: str) -> None:
        super().__init__("tests:index:Thing", name, {})


def _run(count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], int, RecordingMonitor]:
    """Run a program of `count` resources; its exports, the registrations begun at its end, the monitor."""
    monitor = RecordingMonitor()
    begun: list[int] = []

    def declare() -> Mapping[str, Any]:
        return {"things": [Thing(f"thing-{number}").urn for number in range(count)]}

    async def main() -> None:
        settings.reset_options()
        mocks.set_mocks(monitor.mocks, project="caas", stack="staging", preview=False, monitor=monitor)
        settings.set_root_resource(cast(Any, None))  # the mocks made a stack; the program is run in one of its own
        await stack.run_in_stack(lambda: program.run(declare))

    original = stack.wait_for_rpcs

    async def waiting(*arguments: Any) -> None:
        begun.append(len(settings._get_rpc_manager().rpcs))
        await original(*arguments)

    monkeypatch.setattr(stack, "wait_for_rpcs", waiting)
    asyncio.run(main())
    (outputs,) = (found for urn, found in monitor.recording.outputs.items() if "pulumi:pulumi:Stack" in urn)
    return outputs, begun[0], monitor


def test_what_is_declared_is_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs, _, monitor = _run(3, monkeypatch)
    assert [one.name for one in monitor.recording.of("tests:index:Thing")] == ["thing-0", "thing-1", "thing-2"]
    assert [urn.rpartition("::")[2] for urn in outputs["things"]] == ["thing-0", "thing-1", "thing-2"]


def test_every_registration_has_begun_when_the_program_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    _, begun, _ = _run(20, monkeypatch)
    assert begun >= 20
