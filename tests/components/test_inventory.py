"""The inventories are what the project's own stacks declare."""

from __future__ import annotations

import pytest

from tests.components.inventory import DIRECTORY, REGENERATE, STACKS, inventory


@pytest.mark.parametrize("stack", STACKS)
def test_inventory(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Build contexts are relative to the directory of Pulumi.yaml, where the engine starts the program.
    monkeypatch.chdir(DIRECTORY.parents[2])
    name, text = inventory(stack)
    path = DIRECTORY / name
    known = path.read_text(encoding="utf-8") if path.exists() else "(no file)\n"
    assert text == known, f"{name} differs from what the stack declares; if that is meant: {REGENERATE}"


def test_there_is_no_inventory_of_nothing() -> None:
    assert sorted(path.name for path in DIRECTORY.iterdir()) == sorted(inventory(stack)[0] for stack in STACKS)
