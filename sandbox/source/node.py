"""The kubelet and kube-proxy: their configuration and their health."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from sandbox import ports
from sandbox.source import network
from sandbox.source.cgroups import PARENT
from sandbox.source.health import answers
from sandbox.source.layout import Layout, Tools, link
from sandbox.source.pki import NODE_NAME
from sandbox.source.processes import Daemon

_HOST_RESOLVER: Final = Path("/etc/resolv.conf")


def kubelet(layout: Layout, tools: Tools) -> Daemon:
    """The node's agent; pods live in a control group of the sandbox and its files below its directory."""
    root = layout.home / "kubelet"
    config, resolver = root / "config.json", root / "resolv.conf"
    return Daemon(
        "kubelet",
        (
            str(tools.tool("kubelet")),
            f"--config={config}",
            f"--root-dir={root}",
            f"--cert-dir={layout.keys}",
            f"--kubeconfig={layout.keys / 'kubelet.kubeconfig'}",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={ports.NODE_ADDRESS}",
            "--housekeeping-interval=5s",
        ),
        healthy=lambda: answers(f"http://{ports.LOOPBACK}:{ports.KUBELET_HEALTH}/healthz"),
        files={config: json.dumps(_kubelet(layout, root, resolver), indent=1), resolver: _resolver()},
        isolated=True,
    )


def _kubelet(layout: Layout, root: Path, resolver: Path) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ports.NODE_ADDRESS,
        "port": ports.KUBELET,
        "readOnlyPort": 0,
        "healthzBindAddress": ports.LOOPBACK,
        "healthzPort": ports.KUBELET_HEALTH,
        "tlsCertFile": str(layout.keys / "kubelet.crt"),
        "tlsPrivateKeyFile": str(layout.keys / "kubelet.key"),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.keys / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{PARENT}",
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "makeIPTablesUtilChains": False,
        "clusterDNS": [ports.DNS_ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": str(resolver),
        "volumePluginDir": str(root / "volume-plugins"),
        "podLogsDir": str(layout.logs / "pods"),
        "containerLogMaxSize": "10Mi",
        "containerLogMaxFiles": 2,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        # Images come from the registry beside it: a full disk of the machine is no reason to lose them.
        "imageGCHighThresholdPercent": 100,
        "imageMinimumGCAge": "24h",
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "nodeStatusUpdateFrequency": "5s",
        "maxPods": 110,
    }


def _resolver() -> str:
    """The machine's resolvers without those on its own loopback, which pods cannot reach."""
    text = _HOST_RESOLVER.read_text(encoding="utf-8") if _HOST_RESOLVER.exists() else ""
    kept = [
        line
        for line in text.splitlines()
        if line.split()[:1] in (["search"], ["options"])
        or (line.split()[:1] == ["nameserver"] and not line.split()[1].startswith(("127.", "::1")))
    ]
    return "\n".join(kept) + "\n"


def kube_proxy(layout: Layout, tools: Tools) -> Daemon:
    """Service addresses, as nftables rules."""
    for name in ("nft", "conntrack"):
        link(tools.tool(name), layout.bin / name)
    config = layout.home / "kube-proxy" / "config.json"
    text = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(layout.keys / "proxy.kubeconfig")},
        "hostnameOverride": NODE_NAME,
        "clusterCIDR": ports.POD_RANGE,
        "healthzBindAddress": f"{ports.LOOPBACK}:{ports.PROXY_HEALTH}",
        "metricsBindAddress": f"{ports.LOOPBACK}:{ports.PROXY_METRICS}",
        "nodePortAddresses": [f"{ports.NODE_ADDRESS}/32"],
        "oomScoreAdj": 0,
        # The machine's connection tracking is left as it is.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"minSyncPeriod": "200ms", "syncPeriod": "30s"},
    }
    return Daemon(
        "kube-proxy",
        (str(tools.tool("kube-proxy")), f"--config={config}"),
        healthy=lambda: answers(f"http://{ports.LOOPBACK}:{ports.PROXY_HEALTH}/healthz"),
        files={config: json.dumps(text, indent=1)},
        # A kube-proxy that was cut off leaves emptied chains, which its successor takes for whole ones.
        before=lambda: network.remove_tables(tools),
    )
