"""A Prometheus of a test's own that looks at the sandbox's cluster: every second, with the rules that it is given."""

from __future__ import annotations

import base64
import json
import math
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from ruamel.yaml import YAML

from sandbox import toolchain
from sandbox.source.health import answers
from tests.cluster.load import until


@dataclass(frozen=True)
class Looks:
    """What it looks at beside the pods of one namespace."""

    namespace: str
    kubeconfig: Path
    targets: Mapping[str, str] = field(default_factory=dict)
    """Further jobs: their name, and ``host:port`` of who answers at /metrics."""


@dataclass(frozen=True)
class Source:
    """A Prometheus that answers."""

    url: str

    def values(self, query: str) -> list[float]:
        """The numbers that a question gives now, one for each series; those that are none are left out."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            found = json.load(answer)["data"]["result"]
        values = [float(one["value"][1]) for one in found]
        return [value for value in values if not math.isnan(value)]


@contextmanager
def prometheus(directory: Path, looks: Looks, rules: Mapping[str, Any]) -> Iterator[Source]:
    """One that runs for as long as the block lasts."""
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port()
    YAML().dump(dict(rules), directory / "rules.yaml")
    YAML().dump(_configuration(directory, looks), directory / "prometheus.yaml")
    command = [
        str(toolchain.current().tool("prometheus")),
        f"--config.file={directory / 'prometheus.yaml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    log = (directory / "log").open("w", encoding="utf-8")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{url}/-/ready"), 30, f"Prometheus is ready; see {directory / 'log'}")
        yield Source(url)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


@contextmanager
def state_metrics(looks_with: str) -> Iterator[str]:
    """The address of a kube-state-metrics that looks with this kubeconfig, as long as the block lasts."""
    port, own = free_port(), free_port()
    command = [
        str(toolchain.current((toolchain.MONITORING,)).tool("kube-state-metrics")),
        f"--kubeconfig={looks_with}",
        "--host=127.0.0.1",
        f"--port={port}",
        "--telemetry-host=127.0.0.1",
        f"--telemetry-port={own}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/metrics"), 30, "kube-state-metrics answers")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def exposed(text: str) -> Iterator[str]:
    """The address at which a text is to be had as metrics, as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    """A TCP port of loopback that nobody listens at now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _configuration(directory: Path, looks: Looks) -> dict[str, Any]:
    found = YAML(typ="safe").load(looks.kubeconfig)
    server = found["clusters"][0]["cluster"]["server"]
    tls = {
        "ca_file": _kept(directory, "ca", found["clusters"][0]["cluster"], "certificate-authority"),
        "cert_file": _kept(directory, "cert", found["users"][0]["user"], "client-certificate"),
        "key_file": _kept(directory, "key", found["users"][0]["user"], "client-key"),
    }

    def discovery(role: str, **more: Any) -> list[dict[str, Any]]:
        return [{"role": role, "kubeconfig_file": str(looks.kubeconfig), **more}]

    def copied(source: str, target: str) -> dict[str, Any]:
        return {"source_labels": [f"__meta_kubernetes_{source}"], "target_label": target}

    pods = {
        "job_name": "pods",
        "kubernetes_sd_configs": discovery("pod", namespaces={"names": [looks.namespace]}),
        "relabel_configs": [
            {"source_labels": ["__meta_kubernetes_pod_container_port_name"], "regex": "http", "action": "keep"},
            {"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Succeeded|Failed", "action": "drop"},
            copied("namespace", "namespace"),
            copied("pod_name", "pod"),
            copied("pod_container_name", "container"),
        ],
    }
    containers = {
        "job_name": "kubelet",
        "scheme": "https",
        "tls_config": tls,
        # Figures of every container: under load the kubelet needs more than a second for them.
        "scrape_interval": "5s",
        "scrape_timeout": "5s",
        "kubernetes_sd_configs": discovery("node"),
        "relabel_configs": [
            {"target_label": "__address__", "replacement": server.removeprefix("https://")},
            {
                "source_labels": ["__meta_kubernetes_node_name"],
                "target_label": "__metrics_path__",
                "replacement": "/api/v1/nodes/$1/proxy/metrics/resource",
            },
        ],
    }
    others = [
        {"job_name": name, "honor_labels": True, "static_configs": [{"targets": [address]}]}
        for name, address in looks.targets.items()
    ]
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(directory / "rules.yaml")],
        "scrape_configs": [pods, containers, *others],
    }


def _kept(directory: Path, name: str, where: Mapping[str, str], key: str) -> str:
    """The path of a credential, which a kubeconfig names or holds."""
    if key in where:
        return where[key]
    file = directory / name
    file.touch(0o600)
    file.write_bytes(base64.b64decode(where[f"{key}-data"]))
    return str(file)
