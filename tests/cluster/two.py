"""Two stacks of one project on the cluster: what the one has proven goes to the other."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster import hello
from tests.cluster.scene import Scene, scene
from tests.projects import Completed, Project

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
        self.write(hello.service(build={"context": "hello", "args": {"VERSION": version}}))
        self.git("add", "Pulumi.yaml", "hello")
        self.git("commit", "--message", f"Version {version}")

    def write(self, service: Mapping[str, Any], **settings: Any) -> None:
        """Write both stacks' configuration with this service and these of their settings."""
        for one in (self.first, self.second):
            registry = {"address": hello.REGISTRY if one is self.first else OTHER_REGISTRY}
            one.project.write({"hello": service}, hello.settings(one.project.stack, registry=registry, **settings))

    def git(self, *arguments: str) -> str:
        """A command of git that must go well; what it wrote."""
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
        done = subprocess.run(command, cwd=self.first.project.directory, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def caas(self, *arguments: str) -> Completed:
        """A command that must go well."""
        done = self.run(*arguments)
        assert done.code == 0, done.text
        return done

    def run(self, *arguments: str) -> Completed:
        """A command, however it ends."""
        return self.first.project.run(self.command(*arguments))

    def command(self, *arguments: str) -> list[str]:
        """The command line of ``caas``; ``first`` and ``second`` stand for the stacks' names."""
        names = {"first": self.first.project.stack, "second": self.second.project.stack}
        directory = str(self.first.project.directory)
        python, *_ = self.first.project.caas_command("up")
        return [python, "-m", "delivery", *(names.get(a, a) for a in arguments), "--directory", directory]

    def history(self, stack: str) -> list[dict[str, Any]]:
        """The recorded releases of a stack, the first one first."""
        found: list[dict[str, Any]] = json.loads(self.caas("history", "--stack", stack, "--json").out)["releases"]
        return found[::-1]


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
    """The digest of a reference."""
    return image.rpartition("@")[2]
