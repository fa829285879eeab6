"""What a plan rests on: what moves it, what does not, and how that is named."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from delivery.preview import events
from delivery.preview.model import Change, Operation, Preview, Property, Resource
from delivery.seal import source, state, steps
from delivery.seal.plan import missing, moved
from tests.delivery.recorded import events as recorded

SERVICE = "urn:pulumi:prod::m::c:aws:Service$aws:ecs/service:Service::shop"
IMAGE = f"urn:pulumi:prod::m::{steps.IMAGE}::image"
DIGEST = "sha256:" + "a" * 64


def stored(**changes: Any) -> dict[str, Any]:
    """A state with one scaled service."""
    one = {
        "urn": SERVICE,
        "type": "aws:ecs/service:Service",
        "id": "arn:1",
        "inputs": {"desiredCount": 3, "cluster": "c"},
        "outputs": {"status": "ACTIVE"},
        "modified": "2026-01-01",
        "ignoreChanges": ["desiredCount"],
    }
    return {"manifest": {"time": "t"}, "resources": [{**one, **changes}]}


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"desiredCount": 9, "cluster": "c"}},
        {"outputs": {"status": "DRAINING", "runningCount": 9}},
        {"modified": "2026-02-02"},
    ],
    ids=["the-autoscaler-s-count", "what-is-only-reported", "a-time"],
)
def test_what_does_not_move_the_state(change: dict[str, Any]) -> None:
    assert state.version(stored(**change)) == state.version(stored())


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": {"desiredCount": 3, "cluster": "d"}},
        {"id": "arn:2"},
        {"protect": True},
        {"ignoreChanges": [], "inputs": {"desiredCount": 9, "cluster": "c"}},
    ],
    ids=["an-input", "another-object", "a-protection", "a-count-that-nobody-else-owns"],
)
def test_what_moves_the_state(change: dict[str, Any]) -> None:
    before = state.version(stored())
    found = moved({"state": before}, {"state": state.version(stored(**change))})
    (line,) = found["state"]
    assert line.startswith(f"aws:ecs/service:Service shop: {before[SERVICE]} -> sha256:")


def test_a_nested_count_and_a_registry_s_login_are_left_out() -> None:
    inputs = {"elasticProfile": {"desiredCount": 1, "other": 2}, "x": 1}
    assert state.without(inputs, ["elasticProfile.desiredCount"]) == {"elasticProfile": {"other": 2}, "x": 1}
    image = {"resources": [{"urn": "u", "type": steps.IMAGE, "inputs": {"registries": ["a"], "tags": ["t"]}}]}
    other = {"resources": [{"urn": "u", "type": steps.IMAGE, "inputs": {"registries": ["b"], "tags": ["t"]}}]}
    assert state.version(image) == state.version(other)


def built(digest: str, login: str) -> Preview:
    """A preview that builds an image already, as ``buildOnPreview`` does; each build has a digest of its own."""
    inputs = {"tags": ["registry.test:5000/shop:abc"], "registries": [{"password": login}]}
    deployment = {"image": f"registry.test:5000/shop@{digest}"}
    urn = "urn:pulumi:prod::m::a:b:C::shop"
    return Preview(
        changes=(
            Change(Operation.CREATE, IMAGE, steps.IMAGE, (), None, inputs),
            Change(Operation.CREATE, urn, "a:b:C", (), None, deployment),
        ),
        unchanged=0,
        after=(Resource(IMAGE, steps.IMAGE, None, inputs), Resource(urn, "a:b:C", None, deployment)),
    )


def test_a_build_s_digest_and_a_renewed_login_are_no_difference() -> None:
    one, two = built(DIGEST, "a"), built("sha256:" + "b" * 64, "b")
    assert steps.steps(one, {}) == steps.steps(two, {})
    assert steps.images(one) == steps.images(two) == {"registry.test:5000/shop": "built by the apply as abc"}


def test_a_digest_that_nothing_builds_is_a_difference() -> None:
    one, two = built(DIGEST, "a").after[1:], built("sha256:" + "b" * 64, "a").after[1:]
    old, new = steps.images(Preview((), 0, after=one)), steps.images(Preview((), 0, after=two))
    assert moved({"images": old}, {"images": new}) == {
        "images": [f"registry.test:5000/shop: {DIGEST} -> sha256:{'b' * 64}"]
    }


def test_an_update_of_nothing_but_a_login_is_no_step() -> None:
    inputs = {"tags": ["r/shop:abc"], "registries": [{"password": "b"}]}
    login = Property("registries[0].password", "a", "b")
    change = Change(Operation.UPDATE, IMAGE, steps.IMAGE, (login,), inputs, inputs)
    after = (Resource(IMAGE, steps.IMAGE, None, inputs),)
    assert steps.steps(Preview((change,), 0, after=after), {}) == []
    assert steps.images(Preview((change,), 0, after=after)) == {}


def test_a_step_says_what_a_resource_would_be_told_without_what_others_own() -> None:
    found = events.preview(recorded("update"))
    service = found.changes[2]
    sealed = {step["urn"]: step for step in steps.steps(found, {service.urn: ("desiredCount",)})}
    assert sealed[service.urn]["operation"] == "update"
    assert "desiredCount" not in sealed[service.urn]["inputs"]
    assert sealed[service.urn]["inputs"]["taskDefinition"] == "(known after the apply)"
    assert "desiredCount" in {s["urn"]: s for s in steps.steps(found, {})}[service.urn]["inputs"]


def named(suffix: str, *, policy: str = "read") -> Preview:
    """A preview that makes a role whose name the engine makes up, and something that refers to it."""
    role, user = "urn:pulumi:prod::m::a:b:Role::shop-role", "urn:pulumi:prod::m::a:b:User::shop"
    return Preview(
        (
            Change(Operation.CREATE, role, "a:b:Role", (), None, {"name": f"shop-role-{suffix}", "policy": policy}),
            Change(Operation.CREATE, user, "a:b:User", (), None, {"arn": f"arn:aws:iam::1:role/shop-role-{suffix}"}),
        ),
        0,
    )


def test_a_name_that_the_engine_makes_up_is_no_difference_wherever_it_stands() -> None:
    assert steps.steps(named("3ac4e66"), {}) == steps.steps(named("5ee67bd"), {})
    assert steps.steps(named("3ac4e66"), {}) != steps.steps(named("5ee67bd", policy="write"), {})
    assert steps.steps(named("blue"), {}) != steps.steps(named("green"), {}), "a name that somebody chose"


def test_steps_that_moved_are_named() -> None:
    old = [{"urn": SERVICE, "operation": "update", "inputs": {"cpu": "1"}}]
    new = [{"urn": SERVICE, "operation": "replace", "inputs": {"cpu": "2"}}]
    assert moved({"steps": old}, {"steps": new}) == {
        "steps": [
            "aws:ecs/service:Service shop: update -> replace",
            "aws:ecs/service:Service shop cpu: 1 -> 2",
        ]
    }
    assert moved({"steps": old}, {"steps": old}) == {}


def test_two_resources_of_one_name_are_told_apart() -> None:
    twin = SERVICE.replace("c:aws:Service", "d:aws:Service")
    assert moved({"state": {SERVICE: "1", twin: "2"}}, {"state": {SERVICE: "1", twin: "3"}}) == {
        "state": ["aws:ecs/service:Service shop: 2 -> 3"]
    }


def test_a_plan_that_lacks_a_part_is_no_whole_plan() -> None:
    assert missing({"commit": {}, "configuration": {}, "state": {}, "policies": {}, "tools": {}, "steps": {}}) == [
        "images",
        "steps",
    ]


def test_every_value_of_the_configuration_counts_and_no_comment(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\n")
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config:\n  caas:secrets:\n    key: {secure: v1:abc}\n  caas:owner: ada\n")
    before = source.configuration(tmp_path, "dev")
    file.write_text("# why\nconfig:\n  caas:owner: ada\n  caas:secrets: {key: {secure: v1:abc}}\n")
    assert source.configuration(tmp_path, "dev") == before
    file.write_text("config:\n  caas:owner: ben\n  caas:secrets: {key: {secure: v1:xyz}}\n")
    assert moved({"configuration": before}, {"configuration": source.configuration(tmp_path, "dev")}) == {
        "configuration": [
            'Pulumi.dev.yaml config["caas:owner"]: ada -> ben',
            'Pulumi.dev.yaml config["caas:secrets"].key.secure: v1:abc -> v1:xyz',
        ]
    }


def test_a_commit_and_what_is_not_committed(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        named = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *named, *arguments], cwd=tmp_path, check=True, capture_output=True)

    assert source.commit(tmp_path) == {"commit": "none", "uncommitted": "none"}
    (tmp_path / "__main__.py").write_text("one")
    (tmp_path / "Pulumi.dev.yaml").write_text("one")
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    clean = source.commit(tmp_path)
    assert (len(clean["commit"]), clean["uncommitted"]) == (40, "none")
    (tmp_path / "plan.json").write_text("a plan, left by a job")
    (tmp_path / "Pulumi.dev.yaml").write_text("its own part of the plan")
    assert source.commit(tmp_path) == clean
    (tmp_path / "more.py").write_text("new")
    new = source.commit(tmp_path)["uncommitted"]
    (tmp_path / "more.py").write_text("newer")
    newer = source.commit(tmp_path)["uncommitted"]
    (tmp_path / "__main__.py").write_text("two")
    assert len({"none", new, newer, source.commit(tmp_path)["uncommitted"]}) == 4


def test_a_policy_pack_is_its_files(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("one")
    before = source.policies(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "rules.pyc").write_text("compiled")
    assert source.policies(tmp_path) == before
    (tmp_path / "rules.py").write_text("two")
    assert source.policies(tmp_path) != before
    assert source.policies(None) == source.policies(tmp_path / "gone") == {"pack": "none"}


def test_the_tools_are_named_with_their_versions() -> None:
    found = source.tools("3.259.0")
    assert found["engine"] == "3.259.0"
    assert found["pulumi"] == "3.259.0"
    assert "pulumi-kubernetes" in found
