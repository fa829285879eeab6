"""Releases on a real cluster: recorded, promoted to another stack, gone back to, and killed on the way."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from delivery import oci
from tests.cluster import hello
from tests.cluster.load import until
from tests.cluster.scene import Scene, scene
from tests.projects import Completed, Project

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

KILLS = int(os.environ.get("CAAS_KILLS", "2"))
"""A longer run is asked for by hand."""
OTHER_REGISTRY = f"{hello.REGISTRY}/promoted-{uuid.uuid4().hex[:8]}"
"""Of this run: a registry keeps what earlier ones have copied."""


class Two:
    """Two stacks of one project, each with its own namespace, host and place for images."""

    def __init__(self, first: Scene) -> None:
        self.first = first
        directory, stack = first.project.directory, f"{first.project.stack}-to"
        self.second = Scene(Project(directory, stack, first.project.environment), first.project.variables["KUBECONFIG"])

    def describe(self, version: str) -> None:
        """Write both stacks' configuration for another version of the service, and commit it."""
        services = {"hello": hello.service(build={"context": "hello", "args": {"VERSION": version}})}
        for one in (self.first, self.second):
            registry = {"address": hello.REGISTRY if one is self.first else OTHER_REGISTRY}
            one.project.write(services, hello.settings(one.project.stack, registry=registry))
        self.git("add", "Pulumi.yaml", "hello")
        self.git("commit", "--message", f"Version {version}")

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
        done = subprocess.run(command, cwd=self.first.project.directory, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def caas(self, *arguments: str) -> Completed:
        """A command that must go well."""
        done = self.run(*arguments)
        assert done.code == 0, done.text
        return done

    def run(self, *arguments: str) -> Completed:
        return self.first.project.run(self.command(*arguments))

    def command(self, *arguments: str) -> list[str]:
        """The command line of ``caas``; ``first`` and ``second`` stand for the stacks' names."""
        names = {"first": self.first.project.stack, "second": self.second.project.stack}
        directory = str(self.first.project.directory)
        python, *_ = self.first.project.caas_command("up")
        return [python, "-m", "delivery", *(names.get(a, a) for a in arguments), "--directory", directory]


@contextmanager
def two(directory: Path, variables: Mapping[str, str], name: str) -> Iterator[Two]:
    """Both are destroyed at the end."""
    with scene(directory, variables, name) as first:
        made = Two(first)
        made.git("init", "--initial-branch", "main")
        try:
            yield made
        finally:
            made.second.project.pulumi("cancel", "--yes")
            made.second.project.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
            destroyed = made.second.project.pulumi("destroy", "--yes", "--skip-preview")
        assert destroyed.code == 0 or "no stack named" in destroyed.text, destroyed.text


def running(one: Scene) -> str:
    """The image that every instance runs, as the cluster has it."""
    (image,) = {container.image for instance in one.snapshot().current for container in instance.containers}
    return image


def digest(image: str) -> str:
    return image.rpartition("@")[2]


def history(world: Two, stack: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(world.caas("history", "--stack", stack, "--json").out)["releases"]
    return found[::-1]


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
        kept = history(world, "first")
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
        (there,) = history(world, "second")
        assert there["what"] == f"promote from {world.first.project.stack} 3"
        assert there["commit"] == history(world, "first")[2]["commit"]

        # By default past the release that changed nothing.
        world.caas("rollback", "--stack", "first", "--reason", "it was slow")
        assert running(world.first) == old
        back = history(world, "first")[-1]
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
        assert history(world, "first")[-1]["what"] == "rollback to 1"
        # By hand, past the record.
        by_hand.describe(hello.service(build={"context": "hello", "args": {"VERSION": "by hand"}}))
        assert by_hand.project.pulumi("up", "--yes", "--skip-preview").code == 0
        refused = world.run("promote", "--from", "first", "--to", "second")
        assert refused.code == 6, refused.text
        assert "since release 3 it was given another hello by something else" in refused.err
        told = world.caas("status", "--stack", "first").out
        assert "hello: release 3 ran sha256:" in told


def kill(world: Two, after: float, *arguments: str) -> None:
    """Start a command and kill it so many seconds later; what it started (the engine) lives on, as in life."""
    with subprocess.Popen(
        world.command(*arguments),
        env=world.first.project.variables,
        cwd=world.first.project.directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as command:
        end = time.monotonic() + after
        until(lambda: command.poll() is not None or time.monotonic() >= end, after + 5, "the moment of the kill")
        if command.poll() is None:
            os.kill(command.pid, signal.SIGKILL)


def test_a_killed_promotion_or_rollback_is_found_and_finished_by_the_next_command(
    tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    seed = int(os.environ.get("CAAS_KILL_SEED", str(time.time_ns() % 100000)))
    print(f"CAAS_KILL_SEED={seed}")
    chance = random.Random(seed)
    with two(tmp_path, sandbox_variables, "killed") as world:
        images = []
        for version in ("1", "2"):
            world.describe(version)
            began = time.monotonic()
            world.caas("up", "--stack", "first")
            longest = time.monotonic() - began
            images.append(running(world.first))
        for turn in range(KILLS):
            rollback = turn % 2 == 0
            stack, one = ("first", world.first) if rollback else ("second", world.second)
            number = 1 + turn // 2 % 2
            again = ["rollback", "--stack", stack, "--to", str(number)]
            if not rollback:
                again = ["promote", "--from", "first", "--to", "second"]
            # Anywhere in a command's life, which takes about as long as the last one that was let live.
            after = chance.uniform(0, longest)
            print(f"kill {turn}: {again[0]} after {after:.2f} s")
            kill(world, after, *again)
            began = time.monotonic()
            world.caas(*again)
            longest = time.monotonic() - began
            records = history(world, stack)
            assert all(r["outcome"] in ("succeeded", "interrupted") for r in records), records
            assert records[-1]["outcome"] == "succeeded"
            wanted = digest(images[number - 1]) if rollback else digest(running(world.first))
            assert digest(running(one)) == digest(records[-1]["images"]["hello"]) == wanted
            assert one.project.state().get("pending_operations", []) == []
            assert one.objects() == ["hello"]
            status = json.loads(world.caas("status", "--stack", stack, "--json").out)
            assert (status["inProgress"], status["differences"]) == ([], [])
