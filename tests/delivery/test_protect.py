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
from delivery.protect import KEPT, protect
from tests.components.aws.worlds import REGION, REGISTRY, environment

REPOSITORY = "team/web"


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


def test_an_image_of_somebody_else_is_left_alone(ecr: Any, world: Environment) -> None:
    image = push(ecr, "v1").replace(REGISTRY, REGISTRY.replace("/team", "/other"))
    protect(world, [image, "registry.example.org/x@sha256:" + "0" * 64], Output())
    assert live(ecr) == {}


def test_what_cannot_be_tagged_is_a_warning(ecr: Any, world: Environment, capsys: pytest.CaptureFixture[str]) -> None:
    protect(world, [f"{REGISTRY}/web@sha256:{'0' * 64}"], Output())
    said = capsys.readouterr().err
    assert "team/web@sha256:000000000000 could not be tagged as running in staging" in said
    assert "ImageNotFoundException" in said
