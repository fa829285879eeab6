"""A preview read from what the real engine reported: operations, counts, properties, policies; secrets stay masked."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.automation.events import EngineEvent

from delivery.preview import events
from delivery.preview.model import Operation, Property, Verdict
from tests.delivery.recorded import events as recorded

OLD = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/stock@sha256:0"
NEW = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/stock@sha256:1"
URN = "urn:pulumi:dev::p::kubernetes:core/v1:Secret::one"


def step(op: str, old: Any = None, new: Any = None, **fields: Any) -> EngineEvent:
    """One step of the engine."""
    state = {"urn": URN, "type": "kubernetes:core/v1:Secret", "parent": ""}
    metadata = {
        "op": op,
        "urn": URN,
        "type": state["type"],
        "provider": "",
        "old": None if old is None else {**state, "inputs": old},
        "new": None if new is None else {**state, "inputs": new},
        **fields,
    }
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": metadata}})


def policy(message: str, level: str) -> EngineEvent:
    """One policy event of the engine."""
    event = {"message": message, "enforcementLevel": level, "policyName": "rule", "policyPackName": "caas"}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "policyEvent": {**event, "resourceUrn": URN}})


def test_a_replacement_is_one_change_and_comes_first() -> None:
    found = events.preview(recorded("update"))
    assert [(c.operation, c.name) for c in found.changes] == [
        (Operation.REPLACE, "stock-task"),
        (Operation.UPDATE, "shop-scaling"),
        (Operation.UPDATE, "stock-service"),
    ]
    assert found.counts == {"replace": 1, "update": 2}
    assert found.unchanged == 5


def test_what_differs_is_shown_inside_a_text_of_json_and_what_forces_a_replacement_is_marked() -> None:
    (image,) = events.preview(recorded("update")).changes[0].properties
    assert image.path == "containerDefinitions[0].image"
    assert (image.old or "").startswith(OLD)
    assert (image.new or "").startswith(NEW)
    assert image.replaces


def test_a_value_that_only_the_apply_knows_says_so() -> None:
    count, task = events.preview(recorded("update")).changes[2].properties
    assert count == Property("desiredCount", "3", "5")
    assert task.new == "(known after the apply)"


def test_a_violated_policy_names_its_rule_and_resource() -> None:
    found = events.preview(recorded("policy"))
    (result,) = found.policies
    assert (result.verdict, result.rule, result.resource) == (Verdict.VIOLATION, "image-digest", "shop-deployment")
    assert result.message.startswith("container 'shop' runs 'registry.example.com/team/shop:1.0'; name it as")
    assert found.packs == {"caas": "0.1.0"}
    assert found.count(Operation.CREATE) == 2, "a default provider is the engine's own"
    assert found.errors == ()


@pytest.mark.parametrize(
    ("message", "level", "verdict", "text"),
    [
        ("What it is for.\nit is wrong", "mandatory", Verdict.VIOLATION, "it is wrong"),
        ("What it is for.\nit is odd", "advisory", Verdict.WARNING, "it is odd"),
        ("What it is for.\nundecided: spec.image", "advisory", Verdict.UNDECIDED, "spec.image"),
        ("undecided: spec.image", "mandatory", Verdict.UNDECIDED, "spec.image"),
        ("What it is for.\nwaived: until May", "advisory", Verdict.WAIVED, "until May"),
        (
            "For.\nruns 'x'\nwaived: a value's own words",
            "mandatory",
            Verdict.VIOLATION,
            "runs 'x' waived: a value's own words",
        ),
    ],
)
def test_how_a_rule_ended(message: str, level: str, verdict: Verdict, text: str) -> None:
    (result,) = events.preview([policy(message, level)]).policies
    assert (result.verdict, result.message) == (verdict, text)


def test_a_secret_that_changes_is_named_and_not_shown() -> None:
    diff = {"data.password": {"diffKind": "update", "inputDiff": True}}
    old = {"data": {"password": "[secret]", "user": "ada"}}
    found = events.preview([step("update", old, old, detailedDiff=diff)])
    assert found.changes[0].properties == (Property("data.password", "[secret]", "[secret]"),)


def test_the_engine_s_mark_of_a_secret_hides_what_stands_beside_it() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hidden-word"}
    found = events.preview([step("update", {"data": "x"}, {"data": secret})])
    assert found.changes[0].properties == (Property("data", "x", "[secret]"),)


def test_a_refresh_shows_what_is_gone_and_what_was_changed() -> None:
    found = events.refresh(recorded("refresh"))
    assert [(c.operation, c.name) for c in found.changes] == [
        (Operation.DELETE, "shop-errors"),
        (Operation.UPDATE, "stock-service"),
    ]
    assert found.changes[1].properties == (Property("desiredCount", "3", "9"),)
