"""Releases on a real cluster: recorded, promoted to another stack, and gone back to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from delivery import oci
from tests.cluster import hello
from tests.cluster.two import OTHER_REGISTRY, digest, running, two

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def test_what_one_stack_has_proven_runs_in_another_and_is_gone_back_to(
    tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    with two(tmp_path, sandbox_variables, "release") as world:
        world.describe("1")
        world.caas("up", "--stack", "first")
        old = running(world.first)
        world.describe("2")
        world.caas("up", "--stack", "first")
        new = running(world.first)
        assert digest(new) != digest(old)

        world.caas("up", "--stack", "first")
        kept = world.history("first")
        assert [(one["release"], one["what"], one["outcome"]) for one in kept] == [
            (1, "up", "succeeded"),
            (2, "up", "succeeded"),
            (3, "up", "succeeded"),
        ]
        assert [one["images"]["hello"] for one in kept] == [old, new, new]
        assert [one["changed"] == 0 for one in kept] == [False, False, True]
        assert kept[1]["commit"]["id"] == world.git("rev-parse", "HEAD")

        # Another place for images: the digest goes there, and what runs is that.
        promoted = world.caas("promote", "--from", "first", "--to", "second")
        assert "Which commits that brings is not known" in promoted.out
        assert running(world.second) == f"{OTHER_REGISTRY}/hello@{digest(new)}"
        assert oci.exists(f"{OTHER_REGISTRY}/hello@{digest(new)}")
        assert not oci.exists(f"{OTHER_REGISTRY}/hello@{digest(old)}")
        (there,) = world.history("second")
        assert there["what"] == f"promote from {world.first.project.stack} 3"
        assert there["commit"] == world.history("first")[2]["commit"]

        # By default past the release that changed nothing.
        world.caas("rollback", "--stack", "first", "--reason", "it was slow")
        assert running(world.first) == old
        back = world.history("first")[-1]
        assert (back["what"], back["note"], back["outcome"]) == ("rollback to 1", "it was slow", "succeeded")
        # Plain Pulumi tells the truth: what runs is not what the checkout describes.
        preview = world.first.project.pulumi("preview", "--expect-no-changes")
        assert preview.code != 0
        assert re.search(r"~ +kubernetes:apps/v1:Deployment +hello-deployment", preview.text), preview.text
        assert "hello-image" in preview.text

        world.describe("3")
        world.caas("up", "--stack", "first")
        third = world.caas("promote", "--from", "first", "--to", "second")
        assert f"1 commits since release 1 of {world.second.project.stack}" in third.out
        assert "Ada: Version 3" in third.out
        assert digest(running(world.second)) == digest(running(world.first))

        status = json.loads(world.caas("status", "--stack", "first", "--json").out)
        assert (status["lastRelease"]["release"], status["pendingOperations"], status["lockHolders"]) == (5, 0, [])
        assert (status["differences"], status["services"][0]["state"]) == ([], "proven")
        dora = json.loads(world.caas("dora", "--stack", "first", "--json").out)
        assert (dora["deployments"], dora["failures"], dora["unrestored"]) == (3, 1, 0)
        assert 0 < dora["timeToRestoreSeconds"] < 600

        refused = world.run("rollback", "--stack", "first", "--to", "9")
        assert refused.code == 2
        assert "has no release 9" in refused.err


def test_only_what_runs_as_it_was_recorded_is_promoted(tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    with two(tmp_path, sandbox_variables, "unproven") as world:
        world.describe("1")
        world.caas("up", "--stack", "first")
        by_hand = world.first
        crash = hello.with_environment(HELLO_LATENCY="no duration")
        by_hand.describe(crash)
        failed = world.run("up", "--stack", "first")
        assert failed.code == 5, failed.text
        refused = world.run("promote", "--from", "first", "--to", "second")
        assert refused.code == 6, refused.text
        assert "its last release, 2, is failed" in refused.err
        assert not world.second.namespace_exists()
        world.caas("rollback", "--stack", "first")
        assert world.history("first")[-1]["what"] == "rollback to 1"
        # By hand, past the record.
        by_hand.describe(hello.service(build={"context": "hello", "args": {"VERSION": "by hand"}}))
        assert by_hand.project.pulumi("up", "--yes", "--skip-preview").code == 0
        refused = world.run("promote", "--from", "first", "--to", "second")
        assert refused.code == 6, refused.text
        assert "since release 3 it was given another hello by something else" in refused.err
        told = world.caas("status", "--stack", "first").out
        assert "hello: release 3 ran sha256:" in told
