"""What a state says about new versions, and which resources may change while one starts."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest

from delivery import candidates
from delivery.observe import Target
from tests.delivery.world import NEW, OLD, service

INSIDE = "urn:pulumi:dev::caas::caas:kubernetes:Service$"
BESIDE = "urn:pulumi:dev::caas::caas:kubernetes:Candidate"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def deployment(urn: str, name: str, image: str) -> dict[str, Any]:
    spec = {"template": {"spec": {"containers": [{"image": image}]}}}
    return {"urn": urn, "type": DEPLOYMENT, "inputs": {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}}


STATE = {
    "resources": [
        deployment(f"{INSIDE}{DEPLOYMENT}::hello-deployment", "hello", OLD),
        {"urn": f"{INSIDE}{ROUTE}::hello-route", "type": ROUTE},
        {"urn": f"{INSIDE}{ROUTE}::other-route", "type": ROUTE},
        {"urn": f"{BESIDE}::hello-candidate", "type": "caas:kubernetes:Candidate"},
        deployment(f"{BESIDE}${DEPLOYMENT}::hello-candidate-deployment", "hello-candidate", NEW),
        {"urn": f"{BESIDE}${ROUTE}::hello-candidate-route", "type": ROUTE},
    ]
}


def test_what_belongs_to_a_new_version() -> None:
    assert [urn.rpartition("::")[2] for urn in candidates.urns(STATE)] == [
        "hello-candidate",
        "hello-candidate-deployment",
        "hello-candidate-route",
    ]
    assert candidates.services(STATE) == ["hello"]
    assert candidates.routes(STATE, ["hello"]) == [f"{INSIDE}{ROUTE}::hello-route"]
    assert candidates.stable(STATE, "hello") == Target("shop", "hello")
    assert candidates.images(STATE) == {"hello": OLD, "hello-candidate": NEW}


def test_an_empty_state_has_none() -> None:
    assert (candidates.urns({}), candidates.services({}), candidates.routes({}, ["hello"])) == ([], [], [])
    assert candidates.stable({}, "hello") is None


def test_a_new_version_is_proven_at_its_preview_host_with_its_own_image_and_count() -> None:
    one = candidates.declared(service(), STATE, 3)
    assert (one.url, one.deployment, one.image) == ("http://preview-hello.test", "hello-candidate", NEW)
    assert (one.minimum, one.maximum, one.name) == (3, 3, "hello (new version)")


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("hello-candidate", True),
        ("hello-candidate-deployment", True),
        ("hello-image", True),
        ("hello-route", True),
        ("hello-data-claim", True),
        ("hello-deployment", False),
        ("hello-autoscaler", False),
        ("hello-service", False),
        ("hello-policy", False),
        ("other-route", False),
    ],
)
def test_what_serves_is_not_touched_while_a_new_version_starts(name: str, may: bool) -> None:
    urn = f"urn:pulumi:dev::caas::x::{name}"
    assert any(fnmatch.fnmatchcase(urn, pattern) for pattern in candidates.patterns("hello", built=True)) is may


def test_a_release_that_runs_again_leaves_the_image_in_the_state() -> None:
    assert "**::hello-image" in candidates.patterns("hello", built=True)
    assert "**::hello-image" not in candidates.patterns("hello", built=False)
