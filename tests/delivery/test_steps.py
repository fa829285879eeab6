"""The steps of each strategy, how many instances carry them, and where a person is asked."""

from __future__ import annotations

from typing import Any

import pytest

from components.spec.service import Service
from delivery import steps
from delivery.steps import Step, plan
from tests.components.worlds import service as described


def service(strategy: str, **rollout: Any) -> Service:
    """A service with a strategy."""
    return Service.model_validate({"name": "web", **described(rollout={"strategy": strategy, **rollout})})


@pytest.mark.parametrize(
    ("strategy", "rollout", "expected"),
    [
        ("canary", {"step": {"percent": 10, "minutes": 5}}, [(10, 5), (50, 5)]),
        ("canary", {"step": {"percent": 50, "minutes": 1}}, [(50, 1)]),
        ("canary", {"step": {"percent": 70, "minutes": 1}}, [(70, 1)]),
        ("linear", {"step": {"percent": 25, "minutes": 2}}, [(25, 2), (50, 2), (75, 2)]),
        ("linear", {"step": {"percent": 30, "minutes": 0}}, [(30, 0), (60, 0), (90, 0)]),
        ("linear", {"step": {"percent": 99, "minutes": 2}}, [(99, 2)]),
        ("blue-green", {"bake": 3}, [(100, 3)]),
        ("blue-green", {}, [(100, 10)]),
    ],
)
def test_the_steps_of_a_strategy(strategy: str, rollout: dict[str, Any], expected: list[tuple[int, int]]) -> None:
    assert plan(service(strategy, **rollout)) == tuple(Step(*one) for one in expected)


@pytest.mark.parametrize(
    ("minutes", "interval", "analyses"), [(0, 60, 1), (1, 60, 1), (5, 60, 5), (1, 45, 2), (1, 3600, 1)]
)
def test_a_step_is_analysed_for_as_long_as_it_lasts_and_once_at_the_least(
    minutes: int, interval: int, analyses: int
) -> None:
    assert Step(10, minutes).analyses(interval) == analyses


@pytest.mark.parametrize(
    ("strategy", "running", "expected"),
    [("canary", 1, 1), ("canary", 5, 3), ("blue-green", 4, 4), ("blue-green", 0, 1), ("linear", 10, 8)],
)
def test_the_new_version_carries_its_largest_share(strategy: str, running: int, expected: int) -> None:
    assert steps.instances(service(strategy), running) == expected


def test_a_person_is_asked_where_the_description_says_so() -> None:
    hooks = ({"stage": "after-test-traffic", "pause": 30}, {"stage": "after-test-traffic", "pause": 20})
    asked = service("canary", hooks=hooks)
    assert steps.pause(asked, steps.BEFORE) == 20 * 60
    assert steps.pause(asked, steps.AFTER) is None
