"""What of the machine a sandbox may change, seen from outside, for comparing before and after."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox import paths, toolchain
from sandbox.source import cgroups, network

_PLACES = ("/var/lib/kubelet", "/run/containerd", "/run/netns", "/var/log/containers", "/var/log/pods", "/etc/cni",
           "/opt/containerd", "/run/mount", "/var/lib/cni", "/run/runc", "/opt/cni")  # fmt: skip


@dataclass(frozen=True)
class Traces:
    """Everything that a sandbox could leave."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    tables: frozenset[str]
    groups: frozenset[str]
    places: frozenset[str]
    settings: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, home: Path) -> Traces:
        """What is there now; ``home`` is the sandbox's directory."""
        return cls(
            processes=frozenset(_processes(home)),
            mounts=frozenset(_mounts()),
            links=frozenset(os.listdir("/sys/class/net")),
            tables=frozenset(nft_tables()),
            groups=frozenset(_groups()),
            places=frozenset(place for place in (*_PLACES, str(home)) if Path(place).exists()),
            settings=tuple((name, _setting(name)) for name in network.WATCHED),
        )


def _mounts() -> Iterator[str]:
    """Where something is mounted, but for what other tests that run beside this one have in their directories."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place = line.split()[4]
        if not place.startswith(f"{tempfile.gettempdir()}/pytest-"):
            yield place


def nft(*arguments: str) -> str:
    """Run the toolchain's ``nft``."""
    tool = toolchain.current((toolchain.CLUSTER,)).tool("nft")
    return subprocess.run([str(tool), *arguments], capture_output=True, text=True, check=True).stdout


def nft_tables() -> Iterator[str]:
    """``family name`` of each table in the kernel."""
    for entry in json.loads(nft("--json", "list", "tables"))["nftables"]:
        if "table" in entry:
            yield f"{entry['table']['family']} {entry['table']['name']}"


@dataclass(frozen=True)
class Sandbox:
    """The sandbox's own command, for one directory."""

    home: Path

    def command(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """The command line and its environment."""
        variables = {**os.environ, "CAAS_SANDBOX": str(self.home), "CAAS_SANDBOX_DRIVER": "source"}
        return [sys.executable, "-m", "sandbox", *arguments], variables

    def run(self, *arguments: str, code: int = 0, limit: float = 300) -> str:
        """Run a command to its end; what it printed, errors included."""
        command, variables = self.command(*arguments)
        outcome = subprocess.run(
            command,
            env=variables,
            cwd=paths.REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit,
            check=False,
        )
        assert outcome.returncode == code, outcome.stdout
        return outcome.stdout


def _processes(home: Path) -> Iterator[str]:
    members = cgroups.members()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(entry.name) in members or str(home) in command:
            yield f"{entry.name} {command}"


def _groups() -> Iterator[str]:
    for top in cgroups.hierarchies():
        for directory, _, _ in os.walk(top):
            if "caas" in directory or "kubepods" in directory:
                yield directory


def _setting(name: str) -> str:
    path = Path("/proc/sys", name)
    return path.read_text().strip() if path.exists() else "absent"
