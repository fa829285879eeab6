"""A platform that has taken a version back by itself is recorded as such, and only where that was seen."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.automation.events import StepEventStateMetadata

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Evidence, Snapshot, Target
from delivery.went_back import SERVICE, went_back

TASK = "arn:aws:ecs:eu-central-1:1:task-definition/web:2"
OUTPUTS = {
    "environment": "prod",
    "platform": "aws-ecs",
    "services": {
        "web": {
            **{"image": "r/web@sha256:1", "url": None, "cluster": "shop", "service": "web", "taskDefinition": "old"},
            **{"port": 1, "minimum": 1, "maximum": 1, "healthPath": "/"},
        }
    },
}


def resource(type_: str = SERVICE, **inputs: Any) -> StepEventStateMetadata:
    given = {"name": "web", "taskDefinition": TASK, **inputs}
    urn = "urn:pulumi:prod::shop::x::web"
    return StepEventStateMetadata(type=type_, urn=urn, id="web", parent="", provider="", inputs=given, outputs={})


class Ecs:
    """A platform that has one answer."""

    def __init__(self, answer: bool | DeliveryError) -> None:
        self.answer = answer
        self.looked: list[Target] = []

    def snapshot(self, target: Target) -> Snapshot:
        self.looked.append(target)
        if isinstance(self.answer, DeliveryError):
            raise self.answer
        return Snapshot(target, exists=True, taken_back=self.answer)

    def evidence(self, target: Target, instance: str) -> Evidence:
        raise AssertionError("nothing to show")

    def versions(self) -> dict[str, str]:
        return {}


def test_a_service_that_runs_what_it_ran_before_went_back() -> None:
    platform = Ecs(True)
    assert went_back([resource()], OUTPUTS, "prod", platform)
    assert platform.looked == [Target("shop", "web", TASK)]


@pytest.mark.parametrize(
    ("failed", "answer"),
    [
        ([], True),
        ([resource()], False),
        ([resource()], DeliveryError("AWS does not answer.", Exit.NOT_PROVEN)),
        ([resource(), resource("aws:lb/listener:Listener")], True),
        ([resource(name="other")], True),
        ([resource(taskDefinition=None)], True),
    ],
    ids=["nothing-failed", "it-runs-on", "not-seen", "something-else-failed-too", "unknown", "no-revision"],
)
def test_what_was_not_seen_is_not_claimed(failed: list[Any], answer: bool | DeliveryError) -> None:
    assert not went_back(failed, OUTPUTS, "prod", Ecs(answer))


def test_a_stack_without_a_release_before_has_nothing_to_go_back_to() -> None:
    assert not went_back([resource()], {}, "prod", Ecs(True))
