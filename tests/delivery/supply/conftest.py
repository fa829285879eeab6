"""Played tools, and a registry that has nothing yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery import registries
from tests.delivery.registries import Registry
from tests.delivery.supply.stand_ins import World, played


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return played(tmp_path, monkeypatch)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with registries.served() as found:
        yield found


@pytest.fixture
def image(registry: Registry) -> str:
    """An image of one layer that is there."""
    return registry.image("team/web", b"layer")
