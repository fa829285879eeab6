"""Remedies add what is missing, and change nothing that is there."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from policies import catalogue, remediation
from policies.configuration import Owner
from policies.remediation import REMEDIES, applied
from policies.rule import UNKNOWN, Resource, Setting
from policies.values import SECRET, SIGNATURE, UNKNOWNS
from tests.policies.test_values import wire

OWNER = Owner({"environment": "prod", "owner": "web", "cost-centre": "4711"})
GROUP = "aws:cloudwatch/logGroup:LogGroup"


def edits(rule: str, type_: str, owner: Owner = OWNER, tier: str = "prod", **properties: Any) -> dict[str, Any]:
    """What the remedy puts where."""
    found = REMEDIES[rule](Resource(type_, "x", properties), Setting(tier), owner)
    return {".".join(path): value for path, value in found.items()}


def test_every_remedy_is_a_rule_s() -> None:
    assert set(REMEDIES) <= catalogue.load().ids


@pytest.mark.parametrize(
    ("type_", "place"),
    [
        ("aws:ecs/cluster:Cluster", "tags.caas:"),
        ("azure-native:network:LoadBalancer", "tags.caas-"),
        ("gcp:artifactregistry/repository:Repository", "labels.caas-"),
        ("gcp:container/cluster:Cluster", "resourceLabels.caas-"),
        ("kubernetes:core/v1:ConfigMap", "metadata.labels.caas."),
    ],
)
def test_missing_tags_are_added_in_the_platform_s_spelling(type_: str, place: str) -> None:
    expected = {f"{place}environment": "prod", f"{place}owner": "web", f"{place}cost-centre": "4711"}
    assert edits("required-tags", type_) == expected


def test_a_tag_that_is_there_in_another_spelling_stays_alone() -> None:
    given = {"Team": "shop", "CostCenter": "1", "caas:environment": UNKNOWN}
    assert edits("required-tags", "aws:ecs/cluster:Cluster", tags=given) == {}


@pytest.mark.parametrize("type_", ["aws:ecs/nothing:Nothing", "pulumi:providers:aws", "caas:aws:Service"])
def test_what_takes_no_tags_gets_none(type_: str) -> None:
    assert edits("required-tags", type_) == {}


def test_tags_that_are_not_known_are_left_alone() -> None:
    assert edits("required-tags", "aws:ecs/cluster:Cluster", tags=UNKNOWN) == {}


@pytest.mark.parametrize(
    ("owner", "tier", "given", "days"),
    [
        (OWNER, "dev", {}, 14),
        (OWNER, "staging", {"retentionInDays": 0}, 30),
        (OWNER, "prod", {}, 90),
        (Owner({}, 45), "prod", {}, 60),
        (Owner({}, 9999), "prod", {}, 3653),
    ],
)
def test_logs_kept_for_ever_get_the_stack_s_time(owner: Owner, tier: str, given: dict[str, Any], days: int) -> None:
    assert edits("log-retention", GROUP, owner, tier, **given) == {"retentionInDays": days}


@pytest.mark.parametrize("given", [7, UNKNOWN])
def test_a_time_that_is_set_stays(given: Any) -> None:
    assert edits("log-retention", GROUP, retentionInDays=given) == {}


def test_a_mended_resource_breaks_the_rule_no_more() -> None:
    rule = catalogue.load().of("log-retention")
    mended = edits("log-retention", GROUP)
    assert list(rule.check(Resource(GROUP, "x", {}), Setting()))  # type: ignore[arg-type]
    assert list(rule.check(Resource(GROUP, "x", mended), Setting())) == []  # type: ignore[arg-type]


def put(struct: Struct, *path: str) -> Struct | None:
    """The properties with a value put at a path; None where nothing was done."""
    return struct if applied(struct, {path: "v"}) else None


def test_a_value_is_put_beside_what_is_there() -> None:
    assert put(wire(tags={"a": "b"}), "tags", "c") == wire(tags={"a": "b", "c": "v"})
    assert put(wire(), "metadata", "labels", "c") == wire(metadata={"labels": {"c": "v"}})
    assert put(wire(tags=None), "tags", "c") == wire(tags={"c": "v"})


@pytest.mark.parametrize("there", [min(UNKNOWNS), "text", [1], {SIGNATURE: SECRET, "value": {"a": "b"}}])
def test_nothing_is_put_into_what_is_secret_unknown_or_no_mapping(there: Any) -> None:
    assert put(wire(tags=there), "tags", "c") is None
    assert remediation.applied(wire(tags=there), {}) is False
