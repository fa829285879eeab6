"""Every way in which the engine, its backend or its passphrase refuses: one clear line and its exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from delivery.exit_codes import Exit
from tests.cluster import hello
from tests.projects import Completed, Project

pytestmark = pytest.mark.engine

IMAGE = "registry.test/hello@sha256:" + "1" * 64


@pytest.fixture
def project(engine_project: Project) -> Project:
    """A valid project whose stack exists."""
    described = {key: value for key, value in hello.service(image=IMAGE).items() if key != "build"}
    engine_project.write({"hello": described}, hello.settings("check"))
    made = engine_project.pulumi("stack", "init", "--no-select")
    assert made.code == 0, made.text
    return engine_project


def refused(done: Completed, code: Exit, *words: str) -> None:
    """One line that says all of these, the code, and nothing like a traceback."""
    assert done.code == code, done.text
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.text
    for word in words:
        assert word in errors[0]
    assert "Traceback" not in done.text


def lock(project: Project, pid: int, host: str | None = None) -> Path:
    state = Path(project.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    file = state / ".pulumi/locks/organization/caas-test/check/one.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    owner = {"pid": pid, "username": "ada", "hostname": host or socket.gethostname()}
    file.write_text(json.dumps({**owner, "timestamp": datetime.now(UTC).isoformat()}))
    return file


def test_a_stack_that_does_not_exist(project: Project) -> None:
    gone = project.pulumi("stack", "rm", "--yes", "--preserve-config")
    assert gone.code == 0, gone.text
    refused(project.caas("verify"), Exit.BAD_INPUT, "There is no stack 'check' in file://", "caas up --stack check")


def test_a_stack_to_which_nothing_was_applied(project: Project) -> None:
    refused(project.caas("verify"), Exit.NOT_PROVEN, "Stack 'check' has no outputs", "caas up --stack check")


@pytest.mark.parametrize("command", ["up", "verify"])
@pytest.mark.parametrize(
    "url", ["file:///no/such/directory", "s3://none?endpoint=127.0.0.1:1&region=x", "https://127.0.0.1:1"]
)
def test_a_backend_that_cannot_be_reached(project: Project, url: str, command: str) -> None:
    project.environment |= {
        "PULUMI_BACKEND_URL": url,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_MAX_ATTEMPTS": "1",
    }
    refused(project.caas(command), Exit.BAD_INPUT, f"The state backend {url.partition('?')[0]}", "PULUMI_BACKEND_URL")


def test_a_wrong_passphrase(project: Project, tmp_path: Path) -> None:
    kubeconfig(project, tmp_path)
    project.environment["PULUMI_CONFIG_PASSPHRASE"] = "not the one"
    refused(project.caas("up"), Exit.BAD_INPUT, "The passphrase of stack 'check' is wrong", "PULUMI_CONFIG_PASSPHRASE")


def test_a_kubeconfig_that_does_not_exist(project: Project) -> None:
    refused(project.caas("up"), Exit.BAD_INPUT, "Kubeconfig", "does not exist", "KUBECONFIG")


def test_no_engine(project: Project) -> None:
    project.environment["PATH"] = "/nowhere"
    refused(project.caas("up"), Exit.BAD_INPUT, "is not on the PATH", "make shell")


def test_a_stack_that_somebody_alive_holds(project: Project, tmp_path: Path) -> None:
    file = lock(project, os.getpid())
    file_text = file.read_text()
    kubeconfig(project, tmp_path)
    done = project.caas("up", "--lock-timeout", "3")
    holder = f"ada@{socket.gethostname()} (process {os.getpid()}"
    refused(done, Exit.LOCKED, "Stack 'check' is being changed by", holder, "after 3 s", "pulumi cancel --stack check")
    assert f"Waiting for {holder}" in done.err
    assert file.read_text() == file_text


def test_a_stack_that_another_machine_holds(project: Project, tmp_path: Path) -> None:
    file = lock(project, 1, host="another-machine")
    kubeconfig(project, tmp_path)
    refused(project.caas("up", "--lock-timeout", "0"), Exit.LOCKED, "ada@another-machine (process 1")
    assert file.exists()


def test_a_lock_whose_owner_is_dead_is_released(project: Project, tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", ""])
    owner.wait()
    file = lock(project, owner.pid)
    kubeconfig(project, tmp_path)
    done = project.caas("up")
    # It goes on past the lock, and then finds no cluster.
    assert f"Released a lock whose owner is dead: ada@{socket.gethostname()} (process {owner.pid}" in done.err
    assert done.code == Exit.DEPLOYMENT_FAILED, done.text
    assert not file.exists()


def kubeconfig(project: Project, directory: Path) -> None:
    """A kubeconfig that names a cluster which is not there."""
    file = directory / "kubeconfig"
    file.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
                "users": [{"name": "none", "user": {"token": "none"}}],
                "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
                "current-context": "none",
            }
        )
    )
    project.environment["KUBECONFIG"] = str(file)
