"""What of the source cluster runs, with versions and addresses. Changes nothing."""

from __future__ import annotations

from typing import Final

from sandbox import ports, switches
from sandbox.driver import Part, Status
from sandbox.errors import SandboxError
from sandbox.source import addons, control_plane, logs, monitoring, pki
from sandbox.source.api import Api
from sandbox.source.health import accepts
from sandbox.source.layout import Layout
from sandbox.source.processes import Processes

_ADDRESSES: Final = {
    "etcd": f"{ports.LOOPBACK}:{ports.ETCD}",
    "kube-apiserver": control_plane.API,
    "kube-controller-manager": f"{ports.LOOPBACK}:{ports.CONTROLLER_MANAGER}",
    "kube-scheduler": f"{ports.LOOPBACK}:{ports.SCHEDULER}",
    "kubelet": f"{ports.NODE_ADDRESS}:{ports.KUBELET}",
    "kube-proxy": f"nftables, services {ports.SERVICE_RANGE}",
    "containerd": "",
    "registry": f"http://{ports.LOOPBACK}:{ports.REGISTRY}",
    "buildkitd": "",
}


def status(layout: Layout, processes: Processes) -> Status:
    """One line per program, per addon, and for the node."""
    alive = processes.all()
    sockets = {"containerd": layout.containerd_socket, "buildkitd": layout.buildkit_socket}
    parts = []
    for name, address in _ADDRESSES.items():
        running = name in alive and (name not in sockets or accepts(sockets[name]))
        place = f"unix://{sockets[name]}" if name in sockets else address
        parts.append(Part(name, running, f"pid {alive[name].pid}, {place}" if name in alive else "not running"))
    parts += _cluster(layout, processes.started("kubelet")) if "kube-apiserver" in alive else []
    well = all(part.running for part in parts) and len(parts) > len(_ADDRESSES)
    return Status("source", well, tuple(parts))


def serving(api: Api, since: float) -> dict[str, bool]:
    """Each part that is to run in the cluster, and whether it serves. ``since``: see ``addons.ready``."""
    found = addons.ready(api, addons.chosen(), since)
    return found | (monitoring.ready(api) | logs.ready(api) if switches.monitoring() else {})


_URLS: Final = {
    "prometheus": f"http://{ports.LOOPBACK}:{ports.PROMETHEUS}",
    "watch": monitoring.WATCH,
    "alerts": monitoring.ALERTS,
    logs.NAME: logs.url(),
}
"""Where parts of the cluster answer on this machine."""


def _detail(name: str, well: bool) -> str:
    if not well:
        return "not ready"
    return f"serves, {_URLS[name]}" if name in _URLS else "serves"


def _cluster(layout: Layout, since: float) -> list[Part]:
    try:
        api = Api(layout.kubeconfig)
        version = (api.get("/version") or {}).get("gitVersion", "unknown version")
        node = Part("node", addons.node_ready(api, pki.NODE_NAME), f"{pki.NODE_NAME}, Kubernetes {version}")
        parts = [Part(name, well, _detail(name, well)) for name, well in serving(api, since).items()]
    except SandboxError as error:
        return [Part("node", False, str(error).splitlines()[0])]
    address = f"http://{ports.LOOPBACK}:{ports.INGRESS_HTTP}"
    return [node, *parts, Part("ingress", addons.ingress_answers(), address)]
