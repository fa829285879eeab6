"""Which of the namespaces that wait for reviews a review gets."""

from __future__ import annotations

from typing import Any

import pytest

from components.spec import Environment
from delivery import review_place
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.review_place import chosen, place_for
from tests.components.worlds import environment, service

FIRST, SECOND = "caas-dev-review-1", "caas-dev-review-2"


def base(reviews: int = 2) -> Environment:
    pipeline = {"system": "github", "repository": "team/shop", "reviews": reviews}
    return environment({"web": service()}, stack="dev", pipeline=pipeline)


@pytest.mark.parametrize(
    ("holders", "place"),
    [
        ({}, FIRST),
        ({FIRST: "caas-caas-review-other"}, SECOND),
        ({FIRST: "caas-caas-review-mine"}, FIRST),
        # What it has already comes before what is free.
        ({SECOND: "caas-caas-review-mine"}, SECOND),
    ],
)
def test_it_keeps_what_it_has_or_takes_the_first_that_is_free(holders: dict[str, str], place: str) -> None:
    assert chosen(base(), "review-mine", holders.get) == place


def test_where_all_are_taken_its_job_is_run_again() -> None:
    with pytest.raises(DeliveryError, match="All 2 namespaces for reviews of stack 'dev' are taken") as refused:
        chosen(base(), "review-mine", {FIRST: "caas-caas-review-a", SECOND: "caas-caas-review-b"}.get)
    assert refused.value.code is Exit.LOCKED
    assert "caas:pipeline.reviews" in (refused.value.remedy or "")


def test_without_such_a_review_makes_its_own_and_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("the cluster was asked")

    monkeypatch.setattr(review_place, "KubernetesObserver", never)
    assert place_for(base(0), "review-mine") is None
    assert place_for(environment({"web": service()}, stack="dev"), "review-mine") is None
