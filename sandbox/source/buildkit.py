"""The image builder and the buildx instance by which Docker's own clients find it."""

from __future__ import annotations

import json
from typing import Final

from sandbox import ports
from sandbox.source.cgroups import PARENT
from sandbox.source.health import accepts
from sandbox.source.layout import Layout, Tools, link, write
from sandbox.source.processes import Daemon
from sandbox.source.registry import MIRRORED

BUILDER: Final = "caas-sandbox"
_CACHE_BYTES: Final = 10 * 1000**3


def daemon(layout: Layout, tools: Tools) -> Daemon:
    """buildkitd as root, its socket, cache and containers inside the sandbox."""
    link(tools.tool("runc"), layout.bin / "runc")
    config = layout.home / "buildkit" / "buildkitd.toml"
    return Daemon(
        "buildkitd",
        (str(tools.tool("buildkitd")), "--config", str(config)),
        healthy=lambda: accepts(layout.buildkit_socket),
        environment={"TMPDIR": str(layout.home / "buildkit")},
        files={config: _config(layout)},
        isolated=True,
    )


def create_instance(layout: Layout) -> None:
    """Write the instance that names the daemon's socket; no buildx binary takes part."""
    instance = {
        "Name": BUILDER,
        "Driver": "remote",
        "Nodes": [
            {
                "Name": f"{BUILDER}0",
                "Endpoint": f"unix://{layout.buildkit_socket}",
                "Platforms": None,
                "DriverOpts": None,
                "Flags": None,
                "Files": None,
            }
        ],
        "Dynamic": False,
    }
    write(layout.buildx / "instances" / BUILDER, json.dumps(instance))


def environment(layout: Layout) -> dict[str, str]:
    """Variables that choose this builder."""
    return {"BUILDX_BUILDER": BUILDER, "BUILDX_CONFIG": str(layout.buildx)}


def _config(layout: Layout) -> str:
    local = f"{ports.LOOPBACK}:{ports.REGISTRY}"
    mirrors = "".join(f'[registry."{name}"]\n  mirrors = ["{local}/{name}"]\n' for name in MIRRORED)
    return f"""root = "{layout.home / "buildkit" / "root"}"
[grpc]
  address = ["unix://{layout.buildkit_socket}"]
[worker.containerd]
  enabled = false
[worker.oci]
  enabled = true
  snapshotter = "overlayfs"
  binary = "{layout.bin / "runc"}"
  networkMode = "host"
  defaultCgroupParent = "/{PARENT}/builds"
  gc = true
  maxUsedSpace = {_CACHE_BYTES}
[registry."{local}"]
  http = true
{mirrors}"""
