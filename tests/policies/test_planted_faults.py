"""Each planted fault is seen by exactly the rules that should see it, and nothing else is found."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from components.spec import Environment
from policies.judge import Kind
from policies.rule import Resource
from tests.policies.faults import FAULTS, Fault, same
from tests.policies.review import attested, declared, judged


@cache
def clean(world: Callable[[str], Environment], stack: str) -> tuple[Environment, tuple[Resource, ...]]:
    """An environment without a fault."""
    environment = world(stack)
    return environment, declared(environment)


def broken(environment: Environment, resources: tuple[Resource, ...], well: tuple[Resource, ...]) -> set[str]:
    """The rules that are broken. What is attested is what the clean environment runs."""
    found = judged(environment, resources, attestations=attested(well))
    return {one.rule for one in found if one.kind is Kind.VIOLATION}


def test_there_are_thirty_of_different_kinds() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) == 30
    assert len({fault.rules for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_seen_by_exactly_the_rules_that_should(fault: Fault) -> None:
    environment, well = clean(fault.world, fault.stack)
    assert broken(environment, well, well) == set(), "the environment is clean before"
    configured = fault.configure(environment)
    resources = fault.plant(declared(configured) if fault.plant is same else well)
    assert broken(configured, resources, (*well, *resources)) == fault.rules
