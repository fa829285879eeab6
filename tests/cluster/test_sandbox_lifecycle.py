"""The sandbox comes up, is repaired and goes down, on the real machine.

Ports and links are fixed, so a machine has one sandbox at a time. These tests have their own
directory: a sandbox that is up is stopped for them, keeps its data, and is brought up again after.
``conftest`` runs them before every other cluster test.
"""

from __future__ import annotations

import json
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
from sandbox.source import network
from sandbox.source.cluster import SourceDriver
from sandbox.source.layout import Layout
from sandbox.source.processes import Processes
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
    "DNS, metrics, ingress",
)


@pytest.fixture(scope="module", autouse=True)
def _alone_on_the_machine() -> Iterator[None]:
    usual = Sandbox(paths.home())
    was_up = bool(Processes(Layout(usual.home)).all())
    if was_up:
        usual.run("stop")
    yield
    if was_up:
        usual.run("up")


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """A sandbox of the test's own, which is gone after it."""
    directory = Path(tempfile.mkdtemp(prefix="caas-"))
    sandbox = Sandbox(directory / "home")
    yield sandbox
    sandbox.run("down")
    shutil.rmtree(directory)


def pids(sandbox: Sandbox) -> dict[str, int]:
    return {name: found.pid for name, found in Processes(Layout(sandbox.home)).all().items()}


def pods(sandbox: Sandbox) -> list[str]:
    from sandbox.source.api import Api

    found = Api(sandbox.home / "kubeconfig").get("/api/v1/pods")
    assert found is not None
    return sorted(pod["metadata"]["name"] for pod in found["items"])


def test_up_twice_changes_nothing_the_second_time(own: Sandbox) -> None:
    first = own.run("up")
    assert "The sandbox is up (source" in first
    before, running = pids(own), pods(own)
    second = own.run("up", limit=30)
    assert "was up already; nothing was changed" in second
    assert pids(own) == before
    assert pods(own) == running
    assert own.run("status").count("✓") == 15


def test_a_killed_component_is_started_again_and_no_other(own: Sandbox) -> None:
    own.run("up")
    assert tuple(sorted(pids(own))) == COMPONENTS
    running = pods(own)
    for name in COMPONENTS:
        before = pids(own)
        os.kill(before[name], signal.SIGKILL)
        # Killed, the mount namespace's keeper is not needed: every other program in it keeps it.
        own.run("up", limit=120)
        after = pids(own)
        assert after.pop(name, None) != before.pop(name), name
        assert {key: pid for key, pid in after.items() if key != "keeper"} == {
            key: pid for key, pid in before.items() if key != "keeper"
        }, name
        own.run("status")
    assert pods(own) == running


def test_everything_killed_at_once_is_repaired(own: Sandbox) -> None:
    own.run("up")
    running = pods(own)
    for pid in pids(own).values():
        os.kill(pid, signal.SIGKILL)
    assert "The sandbox is up" in own.run("up")
    own.run("status")
    assert pods(own) == running


@pytest.mark.parametrize("step", STEPS)
def test_a_start_that_is_killed_is_repaired_by_the_next(own: Sandbox, step: str) -> None:
    command, variables = own.command("up")
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
    own.run("up")
    own.run("status")


def test_down_leaves_nothing_and_touches_nothing_of_others(own: Sandbox) -> None:
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


def test_down_needs_no_directory(own: Sandbox) -> None:
    before = Traces.of(own.home)
    own.run("up")
    settings = Traces.of(own.home).settings
    for part in ("run", "pki", "etcd", "state"):
        shutil.rmtree(own.home / part)
    own.run("down")
    after = Traces.of(own.home)
    # What the kernel's settings were, and which directory was made, stood in the part that is lost.
    assert (after.processes, after.mounts, after.links) == (before.processes, before.mounts, before.links)
    assert (after.tables, after.groups) == (before.tables, before.groups)
    for name, value in before.settings:
        if dict(settings)[name] != value:
            Path("/proc/sys", name).write_text(value)
    Path("/var/lib/kubelet").rmdir()


def test_stop_keeps_the_data(own: Sandbox) -> None:
    own.run("up")
    running = pods(own)
    own.run("stop")
    assert pids(own) == {}
    assert not network.exists(network.NODE_LINK)
    own.run("up")
    assert pods(own) == running


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
    own.run("up")
    own.run("stop")
    for broken in (own.home / "etcd" / "member" / "wal").glob("*.wal"):
        broken.write_bytes(b"this is no log")
    said = own.run("up", code=1)
    assert "error: etcd ended as soon as it was started.\nThe end of " in said
    assert "Traceback" not in said


def test_two_starts_at_once_give_one_sandbox(own: Sandbox) -> None:
    command, variables = own.command("up")
    with subprocess.Popen(command, env=variables, cwd=paths.REPOSITORY, stdout=subprocess.PIPE, text=True) as other:
        mine = own.run("up")
        theirs = other.communicate()[0]
    said = sorted(line.split(" (")[0] for text in (mine, theirs) for line in text.splitlines()[:1])
    assert sum("nothing was changed" in text for text in (mine, theirs)) == 1, (mine, theirs, said)


def test_the_administrators_kubeconfig_is_closed_to_others(own: Sandbox) -> None:
    own.run("up")
    assert (own.home / "kubeconfig").stat().st_mode & 0o777 == 0o600
    open_to_others = [
        str(path) for path in (own.home / "pki").rglob("*") if path.is_file() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []


def test_components_may_do_what_is_theirs_and_no_more(own: Sandbox) -> None:
    own.run("up")
    home = own.home
    answers = {}
    for who in ("scheduler", "proxy"):
        from sandbox.errors import SandboxError
        from sandbox.source.api import Api

        try:
            Api(home / "pki" / f"{who}.kubeconfig").get("/api/v1/secrets")
            answers[who] = "allowed"
        except SandboxError as error:
            answers[who] = str(error).splitlines()[0]
    assert answers == {who: "The cluster's API refuses GET /api/v1/secrets: 403" for who in ("scheduler", "proxy")}, (
        json.dumps(answers)
    )
    assert SourceDriver(Layout(home)).endpoint().kubeconfig == home / "kubeconfig"
