"""The container runtime and the pods' network plug-in."""

from __future__ import annotations

import json
from typing import Final

from sandbox import ports
from sandbox.source.health import accepts
from sandbox.source.layout import Layout, Tools, link
from sandbox.source.network import BRIDGE
from sandbox.source.processes import Daemon
from sandbox.source.registry import MIRRORED

CNI_PLUGINS: Final = ("bridge", "host-local", "loopback")
_GATEWAY: Final = ports.POD_GATEWAY.split("/")[0]
_REGISTRY: Final = f"http://{ports.LOOPBACK}:{ports.REGISTRY}"


def daemon(layout: Layout, tools: Tools, sandbox_image: str) -> Daemon:
    """containerd with its data, sockets and plug-ins inside the sandbox."""
    for name in CNI_PLUGINS:
        link(tools.tool(name), layout.home / "cni" / "bin" / name)
    for name in ("containerd-shim-runc-v2", "runc"):
        link(tools.tool(name), layout.bin / name)
    config = layout.home / "containerd" / "config.toml"
    files = {
        config: _config(layout, sandbox_image),
        layout.home / "cni" / "conf" / "10-caas.conflist": _network(layout),
        **{layout.home / "containerd" / "hosts" / name / "hosts.toml": text for name, text in registry_hosts().items()},
    }
    return Daemon(
        "containerd",
        (str(tools.tool("containerd")), "--config", str(config)),
        healthy=lambda: accepts(layout.containerd_socket),
        files=files,
        isolated=True,
    )


def registry_hosts() -> dict[str, str]:
    """containerd's hosts.toml of each registry: ours in plain HTTP, public ones looked up in ours first."""
    local = f"{ports.LOOPBACK}:{ports.REGISTRY}"
    hosts = {local: f'server = "{_REGISTRY}"\n[host."{_REGISTRY}"]\n  capabilities = ["pull", "resolve"]\n'}
    for name in MIRRORED:
        server = "registry-1.docker.io" if name == "docker.io" else name
        hosts[name] = (
            f'server = "https://{server}"\n[host."{_REGISTRY}/v2/{name}"]\n'
            '  capabilities = ["pull", "resolve"]\n  override_path = true\n'
        )
    return hosts


def _config(layout: Layout, sandbox_image: str) -> str:
    root = layout.home / "containerd"
    return f"""version = 2
root = "{root / "root"}"
state = "{layout.run / "containerd"}"
oom_score = 0
disabled_plugins = [
  "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{layout.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{root / "opt"}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox_image}"
  # Lowering a score needs CAP_SYS_RESOURCE, which root has not everywhere.
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  enable_selinux = false
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  stream_server_address = "{ports.LOOPBACK}"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{root / "hosts"}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{layout.home / "cni" / "bin"}"
    conf_dir = "{layout.home / "cni" / "conf"}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "{layout.bin / "runc"}"
        SystemdCgroup = false
"""


def _network(layout: Layout) -> str:
    bridge = {
        "type": "bridge",
        "bridge": BRIDGE,
        # The bridge has its address and its forwarding already; the plug-in would have the whole machine forward.
        "isGateway": False,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": ports.POD_RANGE, "gateway": _GATEWAY}]],
            "routes": [{"dst": "0.0.0.0/0", "gw": _GATEWAY}],
            "dataDir": str(layout.home / "cni" / "data"),
        },
    }
    return json.dumps({"cniVersion": "0.4.0", "name": "caas", "plugins": [bridge]}, indent=1)
