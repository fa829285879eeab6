"""Who built an image, from what: never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.spec.service import Service
from delivery.records import Commit
from delivery.supply import provenance
from delivery.supply.provenance import Origin
from tests.cluster import hello
from tests.delivery.test_records import release

IMAGE = "r.test/hello@sha256:" + "1" * 64
COMMIT = Commit("c0ffee" * 6 + "c0ff", None, "main", dirty=True)


def origin(commit: Commit | None) -> Origin:
    service = Service.model_validate({"name": "hello", **hello.service()}, strict=False)
    return Origin("shop", "dev", service, replace(release(4), commit=commit))


def test_it_says_commit_builder_and_what_was_built() -> None:
    made = origin(COMMIT).predicate("the-builder")
    assert provenance.read(made) == provenance.Provenance(COMMIT.id, "the-builder")
    definition = made["buildDefinition"]
    assert definition["externalParameters"] == {
        "project": "shop",
        "service": "hello",
        "context": "hello",
        "dockerfile": "Dockerfile",
    }
    assert definition["internalParameters"] == {
        "stack": "dev",
        "release": 4,
        "branch": "main",
        "uncommittedChanges": True,
    }


def test_a_commit_that_nobody_knows_is_left_out() -> None:
    made = origin(None).predicate("the-builder")
    assert made["buildDefinition"]["resolvedDependencies"] == []
    assert provenance.read(made).commit is None


@pytest.mark.parametrize("predicate", [{}, {"runDetails": None}, {"runDetails": {"builder": {"id": "x"}}}])
def test_what_is_no_provenance_is_none(predicate: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no provenance"):
        provenance.read(predicate)


def test_the_release_that_ran_an_image_first_has_built_it() -> None:
    first, again = (release(number, images={"hello": IMAGE}) for number in (2, 3))
    assert provenance.origin((release(1), first, again), IMAGE) == first
    assert provenance.origin((release(1),), IMAGE) is None


def test_an_image_that_came_by_promotion_was_not_built_here() -> None:
    moved = replace(release(2, images={"hello": IMAGE}), source="staging 4")
    assert provenance.origin((moved, release(3, images={"hello": IMAGE})), IMAGE) is None


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "urn:caas:workstation"),
        (
            {"GITHUB_WORKFLOW_REF": "o/r/.github/workflows/m.yml@main"},
            "https://github.com/o/r/.github/workflows/m.yml@main",
        ),
        ({"CI_PROJECT_URL": "https://git.test/o/r", "CI_RUNNER_ID": "7"}, "https://git.test/o/r/-/runners/7"),
        ({"JOB_URL": "https://jenkins.test/job/r"}, "https://jenkins.test/job/r"),
    ],
)
def test_the_builder_is_the_pipeline_as_it_calls_itself(variables: dict[str, str], said: str) -> None:
    assert provenance.builder(variables) == said
