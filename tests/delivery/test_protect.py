"""What runs gets a tag in ECR that is never moved; only the newest of an environment stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from components.spec import Environment
from delivery.output import Output
from delivery.protect import missing, protect, recent, superfluous
from delivery.records import Outcome
from tests.components.aws.worlds import REGION, REGISTRY, environment
from tests.delivery.test_records import release

REPOSITORY = "team/web"
KEPT = 10
"""By default."""


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulated")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulated")
    with mock_aws():
        client = boto3.client("ecr", region_name=REGION)
        client.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
        yield client


@pytest.fixture
def world() -> Environment:
    return environment()


def push(ecr: Any, content: str) -> str:
    """An image as a build pushes it, under its content's tag; its reference."""
    media = "application/vnd.oci.image.manifest.v1+json"
    layer = {"digest": "sha256:" + hashlib.sha256(content.encode()).hexdigest(), "size": 2, "mediaType": media}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": media, "config": layer, "layers": [layer]})
    pushed = ecr.put_image(
        repositoryName=REPOSITORY, imageManifest=manifest, imageManifestMediaType=media, imageTag=content
    )
    return f"{REGISTRY}/web@{pushed['image']['imageId']['imageDigest']}"


def live(ecr: Any, stack: str = "staging") -> dict[str, str]:
    """Tags of an environment and the digests that they stand for."""
    found = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    tags = {tag: one["imageDigest"] for one in found for tag in one["imageTags"]}
    return {tag: digest for tag, digest in tags.items() if tag.startswith(f"live-{stack}-")}


def test_what_runs_is_tagged_once(ecr: Any, world: Environment) -> None:
    image = push(ecr, "v1")
    for _ in range(2):
        protect(world, [image], Output())
    assert live(ecr) == {"live-staging-1": image.rpartition("@")[2]}


def test_a_rollback_gets_a_newer_tag_than_what_it_replaced(ecr: Any, world: Environment) -> None:
    first, second = push(ecr, "v1"), push(ecr, "v2")
    for image in (first, second, first):
        protect(world, [image], Output())
    assert live(ecr)["live-staging-3"] == live(ecr)["live-staging-1"] == first.rpartition("@")[2]


def test_only_the_newest_tags_of_the_environment_stay_and_no_image_goes(ecr: Any, world: Environment) -> None:
    images = [push(ecr, f"v{number}") for number in range(KEPT + 3)]
    protect(environment(stack="prod"), [images[0]], Output())
    for image in images:
        protect(world, [image], Output())
    assert set(live(ecr)) == {f"live-staging-{number}" for number in range(4, KEPT + 4)}
    assert set(live(ecr, "prod")) == {"live-prod-1"}
    left = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    assert {one["imageDigest"] for one in left} == {image.rpartition("@")[2] for image in images}


def test_a_tag_that_was_never_set_is_made_up_for_and_what_runs_has_the_newest(ecr: Any, world: Environment) -> None:
    images = [push(ecr, f"v{number}") for number in range(3)]
    protect(world, [images[2]], Output(), before=images[:2])
    digests = [image.rpartition("@")[2] for image in images]
    assert live(ecr) == {f"live-staging-{number + 1}": digest for number, digest in enumerate(digests)}


@pytest.mark.parametrize(
    ("tags", "digests", "expected"),
    [
        ({}, ["a"], {1: "a"}),
        ({1: "a"}, ["a"], {}),
        ({1: "a", 2: "b"}, ["a"], {3: "a"}),
        ({4: "a"}, ["a", "b"], {5: "b"}),
        ({4: "b"}, ["a", "b"], {5: "a", 6: "b"}),
        ({1: "a", 2: "b"}, ["a", "b", "a"], {3: "a"}),
    ],
)
def test_the_tags_to_set(tags: dict[int, str], digests: list[str], expected: dict[int, str]) -> None:
    assert missing(tags, digests) == expected


@pytest.mark.parametrize(
    ("tags", "kept", "expected"),
    [
        ({1: "a", 2: "b"}, 2, []),
        ({1: "x", 2: "a", 3: "b"}, 2, [1]),
        ({1: "a", 2: "x", 3: "b", 4: "b"}, 2, [2]),
        ({1: "a", 2: "a", 3: "b", 4: "b"}, 2, [1]),
        ({1: "b", 2: "a", 3: "b"}, 2, [1]),
    ],
    ids=["room", "an-unknown-one-goes", "an-old-one-that-is-kept", "one-tag-is-enough", "held-by-a-newer-tag"],
)
def test_the_tags_to_remove(tags: dict[int, str], kept: int, expected: list[int]) -> None:
    assert superfluous(tags, ["a", "b"], kept) == expected


def test_the_images_of_the_last_good_releases() -> None:
    found = [
        release(number, outcome=outcome, images={"hello": image})
        for number, (outcome, image) in enumerate(
            [(Outcome.SUCCEEDED, "a"), (Outcome.SUCCEEDED, "b"), (Outcome.FAILED, "c"), (Outcome.SUCCEEDED, "b")]
        )
    ]
    assert recent(found, 2) == ["b"]
    assert recent(found, 3) == ["a", "b"]
    assert recent([], 3) == []


def test_an_image_of_somebody_else_is_left_alone(ecr: Any, world: Environment) -> None:
    image = push(ecr, "v1").replace(REGISTRY, REGISTRY.replace("/team", "/other"))
    protect(world, [image, "registry.example.org/x@sha256:" + "0" * 64], Output())
    assert live(ecr) == {}


def test_what_cannot_be_tagged_is_a_warning(ecr: Any, world: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    protect(world, [f"{REGISTRY}/web@sha256:{'0' * 64}"], Output())
    said = capsys.readouterr().err
    assert "team/web@sha256:000000000000 could not be tagged as running in staging" in said
    assert "ImageNotFoundException" in said
