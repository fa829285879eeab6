"""What may run: an image by digest, wherever a pod can be declared."""

from collections.abc import Callable
from typing import Any

import pytest

from policies.supply_chain import image_by_digest

DIGEST = "registry.example.com/shop@sha256:" + "a" * 64


def _pod(image: str, kind: str = "containers") -> dict[str, Any]:
    return {kind: [{"name": "shop", "image": image}]}


SHAPES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "kubernetes:core/v1:Pod": lambda pod: {"spec": pod},
    "kubernetes:apps/v1:Deployment": lambda pod: {"spec": {"template": {"spec": pod}}},
    "kubernetes:apps/v1:StatefulSet": lambda pod: {"spec": {"template": {"spec": pod}}},
    "kubernetes:apps/v1:DaemonSet": lambda pod: {"spec": {"template": {"spec": pod}}},
    "kubernetes:apps/v1:ReplicaSet": lambda pod: {"spec": {"template": {"spec": pod}}},
    "kubernetes:batch/v1:Job": lambda pod: {"spec": {"template": {"spec": pod}}},
    "kubernetes:batch/v1:CronJob": lambda pod: {"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}},
}


@pytest.mark.parametrize("resource_type", SHAPES)
@pytest.mark.parametrize("kind", ["containers", "initContainers", "ephemeralContainers"])
@pytest.mark.parametrize("image", ["shop", "shop:latest", "shop:1.2", "shop@sha256:abc", DIGEST + "0"])
def test_an_image_without_a_digest_is_refused(resource_type: str, kind: str, image: str) -> None:
    violations = image_by_digest(resource_type, SHAPES[resource_type](_pod(image, kind)))
    assert violations == [f"container 'shop' runs {image!r}; name it as repository@sha256:…"]


@pytest.mark.parametrize("resource_type", SHAPES)
def test_an_image_by_digest_is_allowed(resource_type: str) -> None:
    assert image_by_digest(resource_type, SHAPES[resource_type](_pod(DIGEST))) == []


def test_every_container_that_breaks_the_rule_is_named() -> None:
    pod = {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": DIGEST}, {"name": "c", "image": "c"}]}
    violations = image_by_digest("kubernetes:core/v1:Pod", {"spec": pod})
    assert [violation.split()[1] for violation in violations] == ["'a'", "'c'"]


def test_other_resources_and_empty_ones_have_nothing_to_say() -> None:
    assert image_by_digest("kubernetes:core/v1:Service", {"spec": _pod("shop")}) == []
    assert image_by_digest("kubernetes:apps/v1:Deployment", {}) == []
