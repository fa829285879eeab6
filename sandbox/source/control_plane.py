"""etcd, the API server, the controller manager and the scheduler: their commands and their health."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path
from typing import Final

from sandbox import ports
from sandbox.source.health import answers
from sandbox.source.layout import Layout, Tools
from sandbox.source.processes import Daemon

API: Final = f"https://{ports.NODE_ADDRESS}:{ports.API}"


def etcd(layout: Layout, tools: Tools) -> Daemon:
    """The store, on loopback, for the API server's certificate only."""
    keys = layout.keys
    client, peer = f"https://{ports.LOOPBACK}:{ports.ETCD}", f"http://{ports.LOOPBACK}:{ports.ETCD_PEER}"
    metrics = f"http://{ports.LOOPBACK}:{ports.ETCD_METRICS}"
    return Daemon(
        "etcd",
        (
            str(tools.tool("etcd")),
            "--name=caas",
            f"--data-dir={layout.home / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=caas={peer}",
            f"--listen-metrics-urls={metrics}",
            f"--cert-file={keys / 'etcd.crt'}",
            f"--key-file={keys / 'etcd.key'}",
            f"--trusted-ca-file={keys / 'etcd-ca.crt'}",
            "--client-cert-auth=true",
            "--auto-compaction-retention=1",
            "--logger=zap",
        ),
        healthy=lambda: answers(f"{metrics}/health"),
    )


def api_server(layout: Layout, tools: Tools) -> Daemon:
    """The API, on the node's address: programs of this machine and pods use the same one."""
    keys = layout.keys
    return Daemon(
        "kube-apiserver",
        (
            str(tools.tool("kube-apiserver")),
            f"--bind-address={ports.NODE_ADDRESS}",
            f"--advertise-address={ports.NODE_ADDRESS}",
            f"--secure-port={ports.API}",
            f"--etcd-servers=https://{ports.LOOPBACK}:{ports.ETCD}",
            f"--etcd-cafile={keys / 'etcd-ca.crt'}",
            f"--etcd-certfile={keys / 'apiserver-etcd.crt'}",
            f"--etcd-keyfile={keys / 'apiserver-etcd.key'}",
            f"--tls-cert-file={keys / 'apiserver.crt'}",
            f"--tls-private-key-file={keys / 'apiserver.key'}",
            f"--client-ca-file={keys / 'ca.crt'}",
            f"--kubelet-certificate-authority={keys / 'ca.crt'}",
            f"--kubelet-client-certificate={keys / 'apiserver-kubelet.crt'}",
            f"--kubelet-client-key={keys / 'apiserver-kubelet.key'}",
            # Otherwise logs, exec and metrics look the node's name up in DNS.
            "--kubelet-preferred-address-types=InternalIP",
            f"--proxy-client-cert-file={keys / 'front-proxy.crt'}",
            f"--proxy-client-key-file={keys / 'front-proxy.key'}",
            f"--requestheader-client-ca-file={keys / 'front-proxy-ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            "--enable-aggregator-routing=true",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--service-cluster-ip-range={ports.SERVICE_RANGE}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={keys / 'service-accounts.pub'}",
            f"--service-account-signing-key-file={keys / 'service-accounts.key'}",
            "--profiling=false",
        ),
        healthy=lambda: answers(f"{API}/readyz", trust(keys)),
    )


def controller_manager(layout: Layout, tools: Tools) -> Daemon:
    """The controllers, with one service account each."""
    keys = layout.keys
    name = "controller-manager"
    config = keys / f"{name}.kubeconfig"
    return Daemon(
        "kube-controller-manager",
        (
            str(tools.tool("kube-controller-manager")),
            f"--bind-address={ports.LOOPBACK}",
            f"--secure-port={ports.CONTROLLER_MANAGER}",
            f"--tls-cert-file={keys / name}.crt",
            f"--tls-private-key-file={keys / name}.key",
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={keys / 'service-accounts.key'}",
            f"--root-ca-file={keys / 'ca.crt'}",
            "--node-monitor-period=2s",
            # The autoscaler sees a change soon; how long it waits to shrink is each autoscaler's own.
            "--horizontal-pod-autoscaler-sync-period=5s",
            "--horizontal-pod-autoscaler-initial-readiness-delay=10s",
            "--horizontal-pod-autoscaler-cpu-initialization-period=30s",
            "--profiling=false",
        ),
        healthy=lambda: _serves(keys, ports.CONTROLLER_MANAGER),
    )


def scheduler(layout: Layout, tools: Tools) -> Daemon:
    """The scheduler."""
    keys = layout.keys
    name = "scheduler"
    config = keys / f"{name}.kubeconfig"
    return Daemon(
        "kube-scheduler",
        (
            str(tools.tool("kube-scheduler")),
            f"--bind-address={ports.LOOPBACK}",
            f"--secure-port={ports.SCHEDULER}",
            f"--tls-cert-file={keys / name}.crt",
            f"--tls-private-key-file={keys / name}.key",
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            "--leader-elect=false",
            "--profiling=false",
        ),
        healthy=lambda: _serves(keys, ports.SCHEDULER),
    )


def trust(keys: Path) -> ssl.SSLContext:
    """A TLS context with the administrator's certificate, for the cluster's own authority."""
    return _context(keys, (keys / "ca.crt").stat().st_mtime_ns)


@cache
def _context(keys: Path, _made: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(keys / "ca.crt"))
    context.load_cert_chain(str(keys / "admin.crt"), str(keys / "admin.key"))
    return context


def _serves(keys: Path, port: int) -> bool:
    return answers(f"https://{ports.LOOPBACK}:{port}/healthz", trust(keys))
