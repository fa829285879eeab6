"""The sandbox's own view of the file system's mounts.

containerd, the kubelet and BuildKit mount much and write to places that cannot be configured
(/run/containerd, /var/log/containers, /var/lib/kubelet). They do it in a mount namespace of the
sandbox: the machine never sees those mounts, and they vanish with the last process in it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError
from sandbox.source import cgroups
from sandbox.source.layout import Layout, write
from sandbox.source.processes import Daemon, Processes

KEEPER: Final = "keeper"
_DEVICE_PLUGINS: Final = Path("/var/lib/kubelet")
"""The kubelet's one directory that has no setting."""

_SETUP = """
set -e
mount -n -t tmpfs -o mode=755 caas-sandbox /run
mkdir -p /run/lock /run/netns
mount -n -t tmpfs -o mode=755 caas-sandbox /var/log
mount -n --bind "$1" /var/lib/kubelet
# Where every Kubernetes keeps its containers' logs, and a log agent looks for them.
mkdir /var/log/pods
mount -n --bind "$3" /var/log/pods
: > "$2"
exec sleep infinity
"""


def enter(layout: Layout, processes: Processes, groups: tuple[Path, ...]) -> tuple[str, ...]:
    """The command prefix that runs a program in the namespace, which is made if nothing lives in it.

    Any survivor of an earlier start keeps the namespace; its mounts are still the containers'.

    Raises:
        SandboxError: it cannot be made.
    """
    for tool in ("unshare", "nsenter", "mount"):
        if shutil.which(tool) is None:
            raise SandboxError(f"The sandbox needs `{tool}`, which is not installed. Install util-linux and mount.")
    member = _survivor(layout)
    if member is None:
        member = _make(layout, processes, groups)
    return ("nsenter", f"--mount=/proc/{member}/ns/mnt", "--")


def remove(layout: Layout) -> None:
    """Remove the mount point that had to be made on the machine. The namespace itself needs no removal."""
    if _created(layout).exists():
        if _DEVICE_PLUGINS.is_dir() and not any(_DEVICE_PLUGINS.iterdir()):
            _DEVICE_PLUGINS.rmdir()
        _created(layout).unlink()


def _make(layout: Layout, processes: Processes, groups: tuple[Path, ...]) -> int:
    if not _DEVICE_PLUGINS.exists():
        write(_created(layout), "")
        _DEVICE_PLUGINS.mkdir(mode=0o755)
    # Nothing of the sandbox lives in a namespace any more: containers that outlived it are lost to it.
    cgroups.kill(f"{cgroups.PARENT}/kubepods", f"{cgroups.PARENT}/builds")
    if (layout.run / "containerd").exists():
        shutil.rmtree(layout.run / "containerd")
    shadow = layout.home / "kubelet-devices"
    shadow.mkdir(mode=0o700, exist_ok=True)
    pods = layout.logs / "pods"
    pods.mkdir(mode=0o755, exist_ok=True)
    ready = layout.run / "namespace.ready"
    ready.unlink(missing_ok=True)
    keeper = Daemon(
        KEEPER,
        (
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "/bin/sh",
            "-c",
            _SETUP,
            KEEPER,
            str(shadow),
            str(ready),
            str(pods),
        ),
        healthy=ready.exists,
        limit=10,
    )
    processes.stop(KEEPER)
    processes.ensure(keeper, groups)
    processes.wait(keeper)
    identity = processes.find(KEEPER)
    if identity is None:
        raise SandboxError("The sandbox's mount namespace ended as soon as it was made.")
    write(_inode(layout), str(_namespace(identity.pid)))
    return identity.pid


def _survivor(layout: Layout) -> int | None:
    """A living process of the sandbox in its namespace."""
    saved = _inode(layout)
    if not saved.exists():
        return None
    wanted = saved.read_text(encoding="utf-8")
    return next((pid for pid in sorted(cgroups.members()) if str(_namespace(pid)) == wanted), None)


def _namespace(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/mnt").st_ino
    except (FileNotFoundError, ProcessLookupError):
        return None


def _inode(layout: Layout) -> Path:
    return layout.state / "mount-namespace"


def _created(layout: Layout) -> Path:
    return layout.state / "created-var-lib-kubelet"
