"""Programs of the Debian family, downloaded by apt and unpacked into the cache.

Nothing is installed: no service starts, no package of the machine is replaced or removed, and
deleting the cache deletes them.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from sandbox import paths
from sandbox.errors import SandboxError


def unpack(packages: tuple[str, ...], name: str) -> Path:
    """The directory into which these packages are unpacked, as if it were the root.

    Raises:
        SandboxError: the machine has no apt, or apt cannot fetch a package.
    """
    root = place(name)
    if root.is_dir():
        return root
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise SandboxError(
            "The sandbox takes etcd, containerd, runc and a registry from Debian's or Ubuntu's packages, and this "
            "machine has no apt-get.\nUse an existing cluster (CAAS_SANDBOX_DRIVER=existing with KUBECONFIG), or kind "
            "(CAAS_SANDBOX_DRIVER=kind)."
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".packages-") as scratch:
        downloads, unpacked = Path(scratch, "downloads"), Path(scratch, "root")
        downloads.mkdir()
        _download(packages, downloads)
        for package in sorted(downloads.glob("*.deb")):
            subprocess.run(["dpkg-deb", "--extract", str(package), str(unpacked)], check=True, capture_output=True)
        unpacked.rename(root)
    return root


def place(name: str) -> Path:
    """Where ``unpack`` puts packages of this name."""
    return paths.cache() / "debian" / name


def wrap(tool: Path, root: Path, target: Path) -> None:
    """Write ``target``, which runs ``tool`` with the unpacked libraries and leaves other programs alone."""
    libraries = ":".join(str(path) for path in sorted((root / "usr" / "lib").glob("*-linux-gnu*")))
    target.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{tool}" "$@"\n',
        encoding="utf-8",
    )
    target.chmod(target.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _download(packages: tuple[str, ...], directory: Path) -> None:
    fetch = ["apt-get", "download", "-o", "APT::Sandbox::User=root", *packages]
    outcome = _apt(fetch, directory)
    if outcome.returncode != 0:
        # An index that is missing or old is the usual cause, and the only one that can be mended here.
        _apt(["apt-get", "update", "--quiet"], directory)
        outcome = _apt(fetch, directory)
    if outcome.returncode != 0:
        raise SandboxError(
            "apt-get could not download what the sandbox needs:\n  "
            + outcome.stderr.strip().replace("\n", "\n  ")
            + "\nRun `apt-get update` and look at its errors, then run again."
        )


def _apt(command: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, cwd=directory, env=variables, capture_output=True, text=True, check=False)
