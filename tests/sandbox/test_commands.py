"""The sandbox's commands: what each prepares before it does its work."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox import __main__ as commands
from sandbox import driver, toolchain
from sandbox.driver import Endpoint
from sandbox.progress import Progress
from sandbox.toolchain import Toolchain

BOTH = (toolchain.ENGINE, toolchain.CLUSTER)
WATCHED = (*BOTH, toolchain.MONITORING, toolchain.LOGS)
DRIVERS = [("source", WATCHED), ("kind", (toolchain.ENGINE, toolchain.GATEWAY)), ("existing", BOTH[:1])]
"""Each driver, and the parts of the toolchain that its cluster is used with."""


class OfName:
    """A driver that notes when it is started."""

    def __init__(self, name: str, notes: list[object], registry: str | None) -> None:
        self.name = name
        self._notes = notes
        self._registry = registry

    def up(self, progress: Progress) -> Endpoint:
        self._notes.append("up")
        return self.endpoint()

    def endpoint(self) -> Endpoint:
        return Endpoint(self.name, Path("/none"), None, self._registry, None, {}, changed=True)


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Which parts of the toolchain were prepared or asked for, in order."""
    found: list[object] = []

    def note(parts: tuple[str, ...] = BOTH) -> Toolchain:
        found.append(parts)
        return Toolchain(())

    monkeypatch.setattr(toolchain, "ensure", note)
    monkeypatch.setattr(toolchain, "current", note)
    monkeypatch.setattr(toolchain, "prepared", lambda part: False)
    return found


@pytest.mark.parametrize(("name", "parts"), DRIVERS)
def test_up_prepares_the_engine_before_it_starts_a_cluster(
    name: str, parts: tuple[str, ...], notes: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "choose", lambda: OfName(name, notes, None))
    done = CliRunner().invoke(commands.app, ["up"])
    assert (done.exit_code, notes) == (0, [parts, "up"])


@pytest.mark.parametrize(("name", "parts"), DRIVERS)
def test_the_environment_asks_for_nothing_that_up_does_not_prepare(
    name: str, parts: tuple[str, ...], notes: list[object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAAS_SANDBOX", str(tmp_path))
    monkeypatch.setattr(driver, "choose", lambda: OfName(name, notes, None))
    done = CliRunner().invoke(commands.app, ["env"])
    assert (done.exit_code, notes) == (0, [parts])
    assert "export KUBECONFIG=/none\n" in done.output


def test_what_signs_images_is_part_of_the_environment_where_it_was_built(
    notes: list[object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAAS_SANDBOX", str(tmp_path))
    monkeypatch.setattr(toolchain, "prepared", lambda part: part == toolchain.SUPPLY)
    monkeypatch.setattr(driver, "choose", lambda: OfName("source", notes, None))
    assert CliRunner().invoke(commands.app, ["env"]).exit_code == 0
    assert notes == [(*WATCHED, toolchain.SUPPLY)]


@pytest.mark.parametrize(("name", "registry"), [("kind", "127.0.0.1:15000"), ("existing", None)])
def test_base_images_are_supplied_to_our_own_builder_only(
    name: str, registry: str | None, notes: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "choose", lambda: OfName(name, notes, registry))
    done = CliRunner().invoke(commands.app, ["images"])
    assert (done.exit_code, done.output, notes) == (0, "", [])
