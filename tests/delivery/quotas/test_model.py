"""How many instances there are at once, and what follows where a limit does not hold them."""

from __future__ import annotations

from typing import Any

import pytest

from components.spec.service import Schedule, Service
from delivery.checks import Check, State
from delivery.quotas.model import Need, Quota, instances, total
from tests.components.worlds import environment, service


def one(**changes: Any) -> Service:
    return environment({"web": service(**changes)}).services[0]


@pytest.mark.parametrize(
    ("changes", "need"),
    [
        # Twice as many during an update, since maxSurge is 100 percent.
        ({"scaling": {"minimum": 2, "maximum": 4}}, Need(3, 8)),
        ({"scaling": {"minimum": 2, "maximum": 5}, "rollout": {"maxSurge": 25}}, Need(3, 7)),
        ({"scaling": {"minimum": 2, "maximum": 5}, "rollout": {"maxSurge": 0, "maxUnavailable": 50}}, Need(2, 5)),
        ({"scaling": None, "replicas": 3}, Need(4, 6)),
    ],
)
def test_instances_at_once(changes: dict[str, Any], need: Need) -> None:
    assert instances(one(**changes)) == need


def test_where_traffic_moves_both_versions_stand_in_full() -> None:
    plain = one(scaling={"minimum": 2, "maximum": 5})
    moved = plain.rollout.model_copy(update={"strategy": "blue-green", "max_surge": 25})
    assert instances(plain.model_copy(update={"rollout": moved})) == Need(4, 10)


def test_a_schedule_that_goes_further_counts() -> None:
    plain = one()
    assert plain.scaling is not None
    day = Schedule(cron="0 8 * * *", minimum=2, maximum=9)
    scaled = plain.scaling.model_copy(update={"schedules": (day,)})
    assert instances(plain.model_copy(update={"scaling": scaled})).most == 18


def test_a_service_that_is_switched_off_needs_nothing() -> None:
    assert instances(one(scaling=None, replicas=3).model_copy(update={"replicas": 0})) == Need(0, 0)


def quota(limit: float, used: float | None = None) -> Check:
    return Quota("vCPU here", limit, Need(3, 8.5), lambda wanted: f"Ask for {wanted}.", used).check()


def test_a_limit_that_holds_all_is_fine() -> None:
    assert quota(8.5) == Check("quota", State.OK, "vCPU here: 8.5; the services need 8.5 at their maximum")


def test_a_limit_below_the_maximum_is_a_warning_with_what_to_type() -> None:
    said = "vCPU here: 8; the services need 8.5 at their maximum"
    assert quota(8) == Check("quota", State.WARNING, said, "Ask for 9.")


def test_what_is_in_use_counts_and_is_asked_for_besides() -> None:
    said = "vCPU here: 20, 12 in use; the services need 8.5 at their maximum"
    assert quota(20, 12) == Check("quota", State.WARNING, said, "Ask for 21.")
    assert quota(20, 11).state is State.OK


def test_a_limit_below_one_update_fails() -> None:
    said = "vCPU here: 2; an update needs 3, the services at their maximum 8.5"
    assert quota(2) == Check("quota", State.FAILING, said, "Ask for 9.")


def test_needs_add_up() -> None:
    assert total(Need(0.1, 1), Need(0.2, 2)) == Need(0.3, 3)
    assert total() == Need(0, 0)
