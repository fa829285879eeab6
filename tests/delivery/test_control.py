"""What a person decides reaches the release that runs, and only a release that it can help."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from components.spec import Environment
from delivery import control
from delivery.control import ABORT, CONTINUE, decide
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.traffic import DECISION, RELEASE, own
from tests.components.worlds import environment, service
from tests.delivery.routes import Api, traffic
from tests.delivery.world import TARGET


def world(strategy: str = "canary") -> Environment:
    described = service(ingress={"path": "/"}, rollout={"strategy": strategy})
    settings: dict[str, Any] = {
        "kubernetes": {"gateway": "ingress/front"},
        "gate": {"prometheus": "http://prometheus:9090"},
    }
    return environment({TARGET.name: described}, stack="dev", **settings)


STATE = {
    "resources": [
        {
            "type": "kubernetes:apps/v1:Deployment",
            "urn": "urn:pulumi:dev::caas::kubernetes:apps/v1:Deployment::hello-deployment",
            "inputs": {"metadata": {"name": TARGET.name, "namespace": TARGET.namespace}},
        }
    ]
}


def test_abort_is_left_for_a_release_at_any_time() -> None:
    api = Api()
    traffic(api).move(TARGET, 10)
    (told,) = decide(ABORT, world(), STATE, traffic(api))
    assert api.annotations[DECISION] == ABORT
    assert told.text == f"hello: the release of {own().holder} is taken back within seconds."
    assert told.document() == {"service": "hello", "release": own().holder, "weight": 10}


def test_continue_is_for_a_release_that_waits() -> None:
    api = Api()
    traffic(api).move(TARGET, 10)
    with pytest.raises(DeliveryError, match=r"does not wait for a person: hello \(10 %\)") as refused:
        decide(CONTINUE, world(), STATE, traffic(api))
    assert refused.value.code is Exit.BAD_INPUT
    assert DECISION not in api.annotations
    traffic(api).move(TARGET, 10, paused=True)
    (told,) = decide(CONTINUE, world(), STATE, traffic(api))
    assert api.annotations[DECISION] == CONTINUE
    assert told.text.endswith("goes on within seconds.")


@pytest.mark.parametrize("decision", [ABORT, CONTINUE])
@pytest.mark.parametrize(
    ("state", "spec"),
    [(STATE, world()), ({}, world()), (STATE, world("rolling"))],
    ids=["no-release", "never-applied", "rolling"],
)
def test_where_no_release_runs_there_is_nothing_to_decide(
    decision: str, state: dict[str, Any], spec: Environment
) -> None:
    with pytest.raises(DeliveryError, match=f"there is nothing to {decision}") as refused:
        decide(decision, spec, state, traffic(Api()))
    assert refused.value.code is Exit.BAD_INPUT


def test_a_dead_release_cannot_hear_so_its_traffic_is_taken_back_at_once() -> None:
    api = Api()
    traffic(api).move(TARGET, 50)
    api.annotations[RELEASE] = json.dumps(asdict(replace(own(50), pid=2**22 + 1)))
    (told,) = decide(ABORT, world(), STATE, traffic(api))
    assert "is dead; all traffic is back" in told.text
    assert api.weights == {"hello": 1}


def test_a_release_that_ends_meanwhile_is_told() -> None:
    api = Api()
    traffic(api).move(TARGET, 50)
    there = traffic(api)
    there.decide = lambda *_: None  # type: ignore[method-assign]
    (told,) = control.decide(ABORT, world(), STATE, there)
    assert told.text.endswith("has ended meanwhile.")
