"""The sandbox comes up, is repaired and goes down, on the real machine.

Ports and links are fixed, so a machine has one sandbox at a time. These tests have their own
directory: a sandbox that is up is stopped for them, keeps its data, and is brought up again after.
``conftest`` runs them before every other cluster test.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import paths, ports
from sandbox.errors import SandboxError
from sandbox.source import network
from sandbox.source.api import Api
from sandbox.source.layout import Layout
from sandbox.source.processes import Processes
from tests.cluster.conftest import using_the_machine
from tests.cluster.machine import Sandbox, Traces, nft, nft_tables

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

COMPONENTS = (
    "buildkitd",
    "containerd",
    "etcd",
    "keeper",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
    "registry",
)
STEPS = (
    "Keys, images, network",
    "etcd, registry, containerd, BuildKit",
    "Kubernetes",
    "Node",
    "DNS, metrics, ingress, Prometheus",
)


@pytest.fixture(scope="module", autouse=True)
def _alone_on_the_machine() -> Iterator[None]:
    usual = Sandbox(paths.home())
    with using_the_machine(alone=True):
        was_up = bool(Processes(Layout(usual.home)).all())
        if was_up:
            usual.run("stop")
        yield
        if was_up:
            usual.run("up")


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """A sandbox of the test's own, not up yet, which is gone after it."""
    yield from _temporary()


@pytest.fixture(scope="module")
def running(_alone_on_the_machine: None) -> Iterator[Sandbox]:
    """One that is up, for the tests that leave it up. It is gone before the tests that start their own."""
    for sandbox in _temporary():
        _two_starts_at_once(sandbox)
        yield sandbox


def _temporary() -> Iterator[Sandbox]:
    directory = Path(tempfile.mkdtemp(prefix="caas-"))
    sandbox = Sandbox(directory / "home")
    yield sandbox
    sandbox.run("down")
    shutil.rmtree(directory)


def _two_starts_at_once(sandbox: Sandbox) -> None:
    """The second waits for the first, and finds nothing to do."""
    command, variables = sandbox.command("up")
    with subprocess.Popen(command, env=variables, cwd=paths.REPOSITORY, stdout=subprocess.PIPE, text=True) as other:
        said = [sandbox.run("up"), other.communicate()[0]]
    assert sum("The sandbox is up (source" in text for text in said) == 1, said
    assert sum("was up already; nothing was changed" in text for text in said) == 1, said


def kill_start_at(sandbox: Sandbox, step: str) -> None:
    """Begin a start, and kill it as soon as it says that it is at this step."""
    command, variables = sandbox.command("up")
    with subprocess.Popen(
        command, env=variables, cwd=paths.REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as starting:
        assert starting.stderr is not None
        seen = []
        for line in starting.stderr:
            seen.append(line)
            if line.startswith(f"{step}: started"):
                break
        starting.kill()
    assert seen[-1].startswith(f"{step}: started"), seen


def pids(sandbox: Sandbox) -> dict[str, int]:
    return {name: found.pid for name, found in Processes(Layout(sandbox.home)).all().items()}


def pods(sandbox: Sandbox) -> list[str]:
    found = Api(sandbox.home / "kubeconfig").get("/api/v1/pods")
    assert found is not None
    return sorted(pod["metadata"]["name"] for pod in found["items"])


def test_up_again_changes_nothing(running: Sandbox) -> None:
    before, there = pids(running), pods(running)
    assert "was up already; nothing was changed" in running.run("up", limit=30)
    assert pids(running) == before
    assert pods(running) == there
    assert running.run("status").count("✓") == 21


def test_a_killed_component_is_started_again_and_no_other(running: Sandbox) -> None:
    assert tuple(sorted(pids(running))) == COMPONENTS
    there = pods(running)
    for name in COMPONENTS:
        before = pids(running)
        os.kill(before[name], signal.SIGKILL)
        running.run("up", limit=120)
        after = pids(running)
        # The mount namespace's keeper is not needed while another program lives in it.
        assert after.pop(name, None) != before.pop(name), name
        assert {key: pid for key, pid in after.items() if key != "keeper"} == {
            key: pid for key, pid in before.items() if key != "keeper"
        }, name
        running.run("status")
    assert pods(running) == there


def test_everything_killed_at_once_is_repaired(running: Sandbox) -> None:
    there = pods(running)
    for pid in pids(running).values():
        os.kill(pid, signal.SIGKILL)
    assert "The sandbox is up" in running.run("up")
    running.run("status")
    assert pods(running) == there


def test_stop_keeps_the_data(running: Sandbox) -> None:
    there = pods(running)
    running.run("stop")
    assert pids(running) == {}
    assert not network.exists(network.NODE_LINK)
    running.run("up")
    assert pods(running) == there


def test_the_administrators_kubeconfig_is_closed_to_others(running: Sandbox) -> None:
    assert (running.home / "kubeconfig").stat().st_mode & 0o777 == 0o600
    keys = [path for path in (running.home / "pki").rglob("*") if path.is_file()]
    assert keys
    assert [str(path) for path in keys if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("who", ["scheduler", "proxy"])
def test_a_component_may_not_read_secrets(running: Sandbox, who: str) -> None:
    with pytest.raises(SandboxError, match="refuses GET /api/v1/secrets: 403"):
        Api(running.home / "pki" / f"{who}.kubeconfig").get("/api/v1/secrets")


def test_down_leaves_nothing_and_touches_nothing_of_others(running: Sandbox, own: Sandbox) -> None:
    running.run("down")
    foreign = subprocess.Popen(["sleep", "600"])
    subprocess.run(["ip", "link", "add", "name", "caas-foreign", "type", "bridge"], check=True)
    nft("add", "table", "ip", "caas-foreign")
    try:
        before = Traces.of(own.home)
        own.run("up")
        assert Traces.of(own.home) != before
        own.run("down")
        assert Traces.of(own.home) == before
        assert "caas-foreign" in before.links
        assert "ip caas-foreign" in before.tables
        assert foreign.poll() is None
        assert "The sandbox is gone." in own.run("down")
    finally:
        foreign.kill()
        foreign.wait()
        nft("delete", "table", "ip", "caas-foreign")
        subprocess.run(["ip", "link", "delete", "caas-foreign"], check=True)


def test_starts_that_are_killed_at_every_step_are_repaired_by_the_next(own: Sandbox) -> None:
    before = Traces.of(own.home)
    for step in STEPS:
        kill_start_at(own, step)
    own.run("up")
    own.run("status")
    own.run("down")
    assert Traces.of(own.home) == before


@pytest.mark.parametrize("step", STEPS[1:3])
def test_down_after_a_killed_start_leaves_nothing(own: Sandbox, step: str) -> None:
    before = Traces.of(own.home)
    kill_start_at(own, step)
    own.run("down")
    assert Traces.of(own.home) == before


def test_down_needs_no_directory(own: Sandbox) -> None:
    before = Traces.of(own.home)
    kill_start_at(own, STEPS[-1])
    for part in ("run", "pki", "etcd"):
        shutil.rmtree(own.home / part)
    own.run("down")
    assert Traces.of(own.home) == before


def test_a_table_of_another_proxy_is_refused_and_left(own: Sandbox) -> None:
    nft("add", "table", "ip", "kube-proxy")
    try:
        said = own.run("up", code=1)
        assert "error: This machine has the nftables table `ip kube-proxy`, which is another kube-proxy's." in said
        assert "Traceback" not in said
        own.run("down")
        assert "ip kube-proxy" in set(nft_tables())
    finally:
        nft("delete", "table", "ip", "kube-proxy")


def test_a_link_of_another_is_refused_and_left(own: Sandbox) -> None:
    subprocess.run(["ip", "link", "add", "name", network.BRIDGE, "type", "bridge"], check=True)
    try:
        assert f"This machine has a network link {network.BRIDGE} that the sandbox did not make." in own.run(
            "up", code=1
        )
        own.run("down")
        assert network.exists(network.BRIDGE)
    finally:
        subprocess.run(["ip", "link", "delete", network.BRIDGE], check=True)


@pytest.mark.parametrize("port", [ports.ETCD, ports.REGISTRY, ports.INGRESS_HTTP])
def test_a_port_in_use_is_named(own: Sandbox, port: int) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((ports.LOOPBACK, port))
        holder.listen()
        said = own.run("up", code=1)
    assert f"error: Port {port} of {ports.LOOPBACK}" in said
    assert f"sport = :{port}" in said


def test_a_program_that_ends_at_once_is_one_error_with_the_end_of_its_log(own: Sandbox) -> None:
    kill_start_at(own, STEPS[2])
    own.run("stop")
    (log,) = (own.home / "etcd" / "member" / "wal").glob("0*.wal")
    log.write_bytes(b"this is no log")
    said = own.run("up", code=1)
    assert "error: etcd ended as soon as it was started.\nThe end of " in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["up", "down", "stop"])
def test_the_sandbox_of_another_directory_is_named_and_left(own: Sandbox, command: str) -> None:
    kill_start_at(own, STEPS[2])
    before = pids(own)
    second = Sandbox(own.home.with_name("second"))
    assert f"error: A sandbox runs on this machine whose directory is {own.home}" in second.run(command, code=1)
    assert not second.home.exists()
    assert {name: pids(own).get(name) for name in before} == before


def test_a_sandbox_whose_directory_was_deleted_is_made_anew(own: Sandbox) -> None:
    kill_start_at(own, STEPS[2])
    shutil.rmtree(own.home)
    own.run("up")
    own.run("status")
