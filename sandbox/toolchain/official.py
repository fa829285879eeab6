"""The official Pulumi command line and plug-ins, where they can be reached.

They are the right parts on a machine with the open internet: signed releases, nothing to compile.
"""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from sandbox import paths
from sandbox.errors import SandboxError
from sandbox.toolchain.versions import PULUMI_VERSION, plugin_version

HOST = "get.pulumi.com"
_PATIENCE = 3.0
"""Seconds to wait for a connection: a closed network refuses at once or never answers."""

PLUGINS = ("kubernetes", "docker-build", "docker")


def reachable() -> bool:
    """Whether the official releases can be had. ``CAAS_TOOLCHAIN=source`` or ``official`` decides
    without asking the network."""
    choice = os.environ.get("CAAS_TOOLCHAIN", "auto")
    if choice not in {"auto", "official", "source"}:
        raise SandboxError(f"CAAS_TOOLCHAIN is {choice!r}; it may be auto, official or source.")
    if choice != "auto":
        return choice == "official"
    try:
        with socket.create_connection((HOST, 443), timeout=_PATIENCE):
            return True
    except OSError:
        return False


def install() -> Path:
    """Install the pinned command line into the cache and the plug-ins where it looks for them.

    Raises:
        SandboxError: a download failed.
    """
    from pulumi.automation import PulumiCommand
    from semver import VersionInfo

    root = paths.cache() / "official" / PULUMI_VERSION
    try:
        PulumiCommand.install(root=str(root), version=VersionInfo.parse(PULUMI_VERSION))
    except Exception as error:
        raise SandboxError(
            f"The official Pulumi {PULUMI_VERSION} could not be installed: {error}\n"
            "Set CAAS_TOOLCHAIN=source to compile it instead."
        ) from error
    pulumi = root / "bin" / "pulumi"
    for plugin in PLUGINS:
        version = plugin_version(f"pulumi-{plugin}")
        outcome = subprocess.run(
            [str(pulumi), "plugin", "install", "resource", plugin, version], capture_output=True, text=True, check=False
        )
        if outcome.returncode != 0:
            raise SandboxError(f"The plug-in {plugin} {version} could not be installed: {outcome.stderr.strip()}")
    return root / "bin"
