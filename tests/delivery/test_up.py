"""Before an apply: does the state still say what the platform has?"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from delivery import declared, recover, strategy, turns, up
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Snapshot
from delivery.output import Output
from delivery.purpose import PLAIN
from delivery.up import _compare
from tests.components.worlds import environment, service
from tests.delivery.world import TARGET, Clock, Platform, snapshot


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


class Releases:
    """Plays the releases of a command: another one holds the traffic for so many tries."""

    def __init__(self, busy: int, ends: DeliveryError | None = None) -> None:
        self.busy, self.ends, self.tries = busy, ends, 0
        self.judgements = {"hello": ["seen"]}

    def __call__(self, *_: Any) -> Releases:
        return self

    def clean(self, applied: Any) -> bool:
        self.tries += 1
        if self.tries <= self.busy:
            raise DeliveryError("Stack 'dev' is being released by ann@here.", Exit.LOCKED)
        return False

    def release(self, applied: Any, *, at_once: bool) -> tuple[Any, bool]:
        assert not at_once
        if self.ends is not None:
            raise self.ends
        return "journal", True


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``up._release`` of a service whose traffic is moved, with a clock that passes only while it waits."""
    clock = Clock()
    described = service(ingress={"path": "/"}, rollout={"strategy": "canary"})
    gate: dict[str, Any] = {"kubernetes": {"gateway": "a/b"}, "gate": {"prometheus": "http://prometheus:9090"}}
    spec = environment({"hello": described}, stack="dev", **gate)

    def made(releases: Releases, limit: float) -> Any:
        monkeypatch.setattr(strategy, "Strategy", releases)
        monkeypatch.setattr(up, "Traffic", lambda *_: None)
        monkeypatch.setattr(recover, "recover", lambda *_: False)
        monkeypatch.setattr(turns, "await_turn", lambda *_: False)
        monkeypatch.setattr(time, "monotonic", clock)
        monkeypatch.setattr(time, "sleep", clock.sleep)
        stack: Any = SimpleNamespace(state=dict, name="dev")
        handle: Any = None
        rules: Any = SimpleNamespace(look=None, forget=lambda: None, why=PLAIN)
        return up._release(handle, stack, spec, Platform(), Output(), 5.0, limit, rules)

    return made


def test_the_release_of_another_is_waited_for(release: Callable[..., Any]) -> None:
    busy = Releases(busy=3)
    assert release(busy, 300.0) == ("journal", {"hello": ["seen"]})
    assert busy.tries == 4


def test_the_wait_for_another_release_has_a_limit(release: Callable[..., Any]) -> None:
    with pytest.raises(DeliveryError, match="is being released by ann@here") as refused:
        release(Releases(busy=1000), 10.0)
    assert refused.value.code is Exit.LOCKED


def test_what_did_not_pass_is_not_tried_again(release: Callable[..., Any]) -> None:
    failed = Releases(busy=0, ends=DeliveryError("It did not pass.", Exit.DEPLOYMENT_FAILED))
    with pytest.raises(DeliveryError, match="did not pass"):
        release(failed, 300.0)
    assert failed.tries == 1
