"""Before an apply: does the state still say what the platform has?"""

from __future__ import annotations

from typing import Any

import pytest

from delivery import declared
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Snapshot
from delivery.up import _compare
from tests.delivery.world import TARGET, Platform, snapshot


def _state(generation: int | None) -> dict[str, Any]:
    """A stored deployment of the sample service, last seen in this generation."""
    metadata = {"name": TARGET.name, "namespace": TARGET.namespace}
    outputs = {} if generation is None else {"metadata": {**metadata, "generation": generation}}
    return {
        "resources": [
            {"type": "kubernetes:apps/v1:Deployment", "inputs": {"metadata": metadata}, "outputs": outputs},
            {"type": "kubernetes:core/v1:Service", "inputs": {"metadata": metadata}, "outputs": {}},
        ]
    }


@pytest.mark.parametrize(
    ("recorded", "seen", "stale"),
    [
        (2, snapshot(generation=2), []),
        (2, snapshot(generation=3), ["hello"]),
        (None, snapshot(generation=1), ["hello"]),
        (2, snapshot(exists=False, generation=0), ["hello"]),
    ],
    ids=["unchanged", "changed-meanwhile", "cut-off-before-it-was-noted", "gone"],
)
def test_a_state_that_is_not_what_the_platform_has_is_found(
    recorded: int | None, seen: Snapshot, stale: list[str]
) -> None:
    assert _compare(_state(recorded), Platform(seen)) == ({TARGET: seen.generation}, stale)


def test_an_empty_stack_is_not_asked_about() -> None:
    assert _compare({}, Platform(AssertionError("nothing to look at"))) == ({}, [])


def test_a_platform_that_cannot_be_looked_at_is_named_before_its_outputs_are_judged() -> None:
    outputs = {"environment": "dev", "platform": "nomad", "services": {"hello": {"image": "x"}}}
    with pytest.raises(DeliveryError, match="What runs on nomad cannot be observed yet") as refused:
        declared.parse(outputs, "dev")
    assert refused.value.code is Exit.NOT_PROVEN
