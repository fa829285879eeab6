"""The program on the simulated AWS: engine, plug-in and AWS's own clients in one world, whose calls can be slow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery import processes
from sandbox.clouds import environment as clouds
from sandbox.clouds.aws.mirror import serving
from sandbox.clouds.core.world import World
from tests.components.aws.worlds import REGION, REGISTRY
from tests.projects import Completed, Project

CLUSTER = "aws:ecs/cluster:Cluster"
IMAGE = f"{REGISTRY}/thing@sha256:" + "a" * 64
SERVICE: dict[str, Any] = {
    "image": IMAGE,
    "port": 8080,
    "health": {"readiness": {"path": "/readyz"}, "command": ["/app", "healthcheck"]},
    "replicas": 1,
}
"""An internal service: the fewest resources that the platform has."""


def settings(**changes: Any) -> dict[str, Any]:
    """A dev-tier stack on AWS."""
    return {
        "platform": "aws-ecs",
        "tier": "dev",
        "registry": {"address": REGISTRY},
        "domain": "example.com",
        "aws": {"region": REGION},
        **changes,
    }


@dataclass
class Aws:
    """A project whose stack is on the simulated AWS."""

    project: Project
    home: Path
    """Where the world and its faults lie."""

    def fault(self, **rule: Any) -> None:
        """Let the next call that fits fail, or be slow."""
        rules = [{"type": CLUSTER, "operation": "create", "fault": "slow", "seconds": 600, "times": 1, **rule}]
        (self.home / "aws.faults.json").write_text(json.dumps(rules))

    def fault_met(self) -> bool:
        """Is the call under way that is to be slow?"""
        return bool(json.loads((self.home / "aws.faults.json").read_text())[0]["times"] == 0)

    def no_fault(self) -> None:
        """From here on every call goes well."""
        (self.home / "aws.faults.json").unlink()

    def start(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        """Start ``caas`` and leave it running."""
        return start(self.project, [*self.project.caas_command(command), *arguments])

    def locks(self) -> list[Path]:
        """The lock files of the stack."""
        state = Path(self.project.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
        return list((state / ".pulumi/locks").rglob("*.json"))

    def must_be_whole(self) -> None:
        """Nothing is pending or held, nothing is there twice, and the program would change nothing."""
        state = self.project.state()
        assert state.get("pending_operations", []) == []
        urns = [resource["urn"] for resource in state["resources"]]
        assert len(urns) == len(set(urns))
        assert self.locks() == []
        preview = self.project.pulumi("preview", "--expect-no-changes", "--refresh")
        assert preview.code == 0, preview.text


@contextmanager
def aws(project: Project) -> Iterator[Aws]:
    """The project on a simulated AWS of its own."""
    home = project.directory / "clouds"
    home.mkdir()
    project.write({"thing": SERVICE}, settings())
    given = {**os.environ, **project.environment}
    project.environment |= {**clouds.variables(["aws"], given), clouds.WORLDS: str(home)}
    with serving(World(home / "aws.json"), REGION) as url:
        project.environment["AWS_ENDPOINT_URL"] = url
        yield Aws(project, home)


def start(project: Project, command: list[str]) -> subprocess.Popen[str]:
    """Start a command in the project's directory and environment, and leave it running."""
    return subprocess.Popen(
        command,
        cwd=project.directory,
        env=project.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], limit: float = 300) -> Completed:
    """How a started command ended."""
    out, err = process.communicate(timeout=limit)
    return Completed(process.returncode, out, err)


def until(holds: Callable[[], bool], process: subprocess.Popen[str], what: str, limit: float = 240) -> None:
    """Wait for a condition while a process runs; with its words where it ends before that."""
    end = time.monotonic() + limit
    while not holds():
        if process.poll() is not None:
            done = ended(process)
            raise AssertionError(f"it ended ({done.code}) before {what}:\n{done.text}")
        assert time.monotonic() < end, f"not within {limit} s: {what}"
        time.sleep(0.05)


def freeze_plugin(caas: int) -> None:
    """Stop the plug-in of the engine that a ``caas`` runs, so that it answers nobody, as one in a long call may."""
    for engine in children(caas):
        for pid in processes.session_members(engine):
            if b"sandbox/clouds/plugins/../__main__.py\0aws" in _command(pid):
                os.kill(pid, signal.SIGSTOP)
                return
    raise AssertionError(f"no plug-in runs: {[_command(pid) for pid in children(caas)]}")


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
