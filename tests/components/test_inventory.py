"""The inventories are what the project's own stacks declare."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.spec import Environment
from tests.components.inventory import DIRECTORY, REGENERATE, WORLDS, inventory


@pytest.mark.parametrize(("world", "stack"), WORLDS, ids=lambda one: one if isinstance(one, str) else one.__module__)
def test_inventory(world: Callable[[str], Environment], stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Build contexts are relative to the directory of Pulumi.yaml, where the engine starts the program.
    monkeypatch.chdir(DIRECTORY.parents[2])
    name, text = inventory(world, stack)
    path = DIRECTORY / name
    known = path.read_text(encoding="utf-8") if path.exists() else "(no file)\n"
    assert text == known, f"{name} differs from what the stack declares; if that is meant: {REGENERATE}"


def test_there_is_no_inventory_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DIRECTORY.parents[2])
    names = sorted(inventory(world, stack)[0] for world, stack in WORLDS)
    assert sorted(path.name for path in DIRECTORY.iterdir()) == names
