"""The pack over the project's own components, on every platform and in every environment: no violation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from components.spec import Environment
from policies.judge import Finding, Kind
from tests.components.inventory import WORLDS
from tests.policies.review import declared, judged, violations

NAMES = [f"{world.__module__.rpartition('.')[0].rpartition('.')[2]}-{stack}" for world, stack in WORLDS]


@cache
def reviewed(world: Callable[[str], Environment], stack: str, preview: bool) -> tuple[Finding, ...]:
    """What the pack says of one environment of one platform."""
    environment = world(stack)
    resources = declared(environment, preview=preview)
    assert len(resources) > 10
    return tuple(judged(environment, resources, preview=preview))


@pytest.mark.parametrize(("world", "stack"), WORLDS, ids=NAMES)
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
def test_the_components_break_no_rule(world: Callable[[str], Environment], stack: str, preview: bool) -> None:
    assert violations(reviewed(world, stack, preview)) == []


@pytest.mark.parametrize(("world", "stack"), WORLDS, ids=NAMES)
def test_an_update_leaves_nothing_undecided(world: Callable[[str], Environment], stack: str) -> None:
    findings = reviewed(world, stack, False)
    assert [f"{one.rule} {one.urn}: {one.message}" for one in findings if one.kind is Kind.UNDECIDED] == []
