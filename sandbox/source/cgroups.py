"""Control groups: one parent per hierarchy, in which everything of the sandbox lives.

They are also how ``down`` finds every process, containers included: the kernel keeps the list, so
neither a lost file nor a recycled process id can mislead it.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError

PARENT: Final = "caas-sandbox"
PROGRAMS: Final = f"{PARENT}/programs"
"""Where the cluster's own programs live; pods are beside it, builds too."""

_MOUNTS = Path("/proc/self/mountinfo")


def hierarchies(mountinfo: str | None = None) -> tuple[Path, ...]:
    """Mount points of the control-group hierarchies of this machine, version 1 and 2."""
    text = _MOUNTS.read_text(encoding="utf-8") if mountinfo is None else mountinfo
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        if right.split(" ", 1)[0] in ("cgroup", "cgroup2"):
            found.append(Path(left.split(" ")[4]))
    return tuple(sorted(set(found)))


def create() -> tuple[Path, ...]:
    """Make the programs' groups; their paths, one per hierarchy.

    Raises:
        SandboxError: no hierarchy is mounted, or this user may not make groups.
    """
    found = hierarchies()
    if not found:
        raise SandboxError("No control groups are mounted on this machine; containers cannot run. Mount cgroup2.")
    try:
        return tuple(_create(top) for top in found)
    except PermissionError as error:
        raise SandboxError(f"The sandbox makes control groups and may not: {error}.\nRun it as root.") from error


def _create(top: Path) -> Path:
    group = top
    for name in PROGRAMS.split("/"):
        _delegate(group)
        group = group / name
        group.mkdir(exist_ok=True)
        # A version 1 cpuset starts empty, and a process cannot join an empty one.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            own = group / setting
            if own.exists() and not (group / "cgroup.controllers").exists() and not own.read_text().strip():
                own.write_text((group.parent / setting).read_text())
    return group


def _delegate(group: Path) -> None:
    """In version 2, let the children of a group have the controllers that the group has."""
    offered, given = group / "cgroup.controllers", group / "cgroup.subtree_control"
    if not offered.exists():
        return
    missing = set(offered.read_text().split()) - set(given.read_text().split())
    if missing:
        given.write_text(" ".join(f"+{name}" for name in sorted(missing)))


def members(*within: str) -> frozenset[int]:
    """Every process in the sandbox's groups, containers included, or in those groups of it alone."""
    found: set[int] = set()
    for group in _groups(*(within or (PARENT,))):
        try:
            found.update(int(line) for line in (group / "cgroup.procs").read_text().split())
        except (FileNotFoundError, OSError):
            continue  # The group went while it was read.
    found.discard(0)
    return frozenset(found)


def owner() -> Path | None:
    """The directory of the sandbox whose programs run on this machine; None when none do."""
    for pid in sorted(members(PROGRAMS)):
        try:
            variables = Path("/proc", str(pid), "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        # Every program of a sandbox is started with its directory as the home directory.
        for each in variables:
            if each.startswith(b"HOME="):
                return Path(os.fsdecode(each.removeprefix(b"HOME=")))
    return None


def kill(*within: str, limit: float = 20.0) -> None:
    """Kill every member (of these groups alone), and those that they start meanwhile, until none is left.

    Raises:
        SandboxError: a process survives ``limit`` seconds.
    """
    deadline = time.monotonic() + limit
    while alive := members(*within):
        if time.monotonic() > deadline:
            raise SandboxError(f"These processes of the sandbox do not end: {', '.join(map(str, sorted(alive)))}.")
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        _reap(alive)
        time.sleep(0.02)


def _reap(pids: frozenset[int]) -> None:
    """Collect those that are children of this very process; others have init."""
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue


def remove(limit: float = 10.0) -> None:
    """Remove the groups, deepest first. They must be empty of processes.

    Raises:
        SandboxError: a group stays busy for ``limit`` seconds.
    """
    deadline = time.monotonic() + limit
    while groups := _groups():
        busy = None
        for group in groups:
            try:
                group.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                busy = error
        if busy is not None and time.monotonic() > deadline:
            raise SandboxError(f"A control group of the sandbox cannot be removed: {busy}.")
        if busy is not None:
            time.sleep(0.02)


def present() -> bool:
    """Whether any group of the sandbox exists."""
    return bool(_groups())


def _groups(*within: str) -> list[Path]:
    """These groups and all below them, children before their parents."""
    return [
        Path(directory)
        for top in hierarchies()
        for name in within or (PARENT,)
        for directory, _, _ in os.walk(top / name, topdown=False)
    ]
