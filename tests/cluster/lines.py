"""Pods that write lines, the agent that carries them, and the index where they arrive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.logging.install import requests
from components.logging.names import stream
from sandbox import paths, ports, toolchain
from sandbox.images import base, oci
from sandbox.source.api import Api

ELASTICSEARCH = f"http://127.0.0.1:{ports.ELASTICSEARCH}"
INSIDE = "http://elasticsearch.logging.svc:9200"
"""Where pods find it."""
BATCH = 200
CGROUPS = Path("/sys/fs/cgroup")

JSON_LINE = (
    '{\\"time\\":\\"2026-01-02T03:04:05.123456789Z\\",\\"level\\":\\"INFO\\",\\"msg\\":\\"request\\",'
    '\\"method\\":\\"GET\\",\\"route\\":\\"/\\",\\"path\\":\\"/\\",\\"status\\":200,\\"duration_ms\\":0.512,'
    '\\"trace_id\\":\\"0af7651916cd43dd8448eb211c80319c\\",\\"span_id\\":\\"b7ad6b7169203331\\",\\"n\\":%d}'
)
"""What the sample service writes for a request, with a number of its own."""


def until(met: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"not after {seconds:.0f} s: {what}"
        time.sleep(0.5)


def ask(method: str, path: str, body: object = None) -> dict[str, Any]:
    """One question to Elasticsearch; {} for what is not there."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{ELASTICSEARCH}/{path}", data, {"Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404:
                return {}
            if error.code == 503:
                raise ConnectionError("Elasticsearch has started and does not know its indices yet") from error
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from error


@dataclass(frozen=True)
class Index:
    """Where the lines of one environment arrive."""

    environment: str

    @property
    def name(self) -> str:
        """The stream's."""
        return stream(self.environment)

    def install(self) -> None:
        """Say to Elasticsearch what it must know beforehand."""
        for request in requests(self.environment, retention=14, replicas=0, basic=False):
            ask("PUT", request.path, request.body)

    def remove(self) -> None:
        """Forget the lines."""
        ask("DELETE", self.name)
        ask("DELETE", f"_index_template/caas-logs-{self.environment}")

    def count(self, query: Mapping[str, Any] | None = None) -> int:
        """Documents, those of the last seconds included; 0 while it cannot be asked."""
        try:
            ask("POST", f"{self.name}/_refresh")
            return int(ask("POST", f"{self.name}/_count", {"query": query or {"match_all": {}}}).get("count", 0))
        except OSError:
            return 0

    def search(self, query: Mapping[str, Any], size: int = 50) -> list[dict[str, Any]]:
        """The documents' sources."""
        ask("POST", f"{self.name}/_refresh")
        found = ask("POST", f"{self.name}/_search", {"query": query, "size": size})
        return [hit["_source"] for hit in found["hits"]["hits"]]

    def every(self, field: str) -> list[Any]:
        """A field of every document below ``app``, in no order."""
        ask("POST", f"{self.name}/_refresh")
        wanted = {"size": 5000, "_source": [f"app.{field}"], "sort": ["_doc"]}
        found = ask("POST", f"{self.name}/_search?scroll=1m", wanted)
        values: list[Any] = []
        while found["hits"]["hits"]:
            values += [hit["_source"].get("app", {}).get(field) for hit in found["hits"]["hits"]]
            found = ask("POST", "_search/scroll", {"scroll": "1m", "scroll_id": found["_scroll_id"]})
        return values


class Writer:
    """A pod that writes lines, in a namespace that an agent watches."""

    def __init__(self, api: Api, namespace: str, name: str) -> None:
        self._api = api
        self._namespace = namespace
        self.name = name

    def start(self, command: list[str]) -> None:
        """Begin."""
        security = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{"name": "writer", "image": shell(), "command": command, "securityContext": security}],
        }
        labels = {"app.kubernetes.io/name": self.name, "caas/digest": "0123456789ab", "example.org/team": "payments"}
        metadata = {"name": self.name, "namespace": self._namespace, "labels": labels}
        self._api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def write(self, lines: int, rate: int) -> None:
        """Begin to write numbered lines at this many a second."""
        script = (
            f'BEGIN{{for(n=0;n<{lines};n++){{printf("{JSON_LINE}\\n",n);'
            f'if(n%{BATCH}=={BATCH - 1}){{fflush();system("sleep {BATCH / rate:.3f}")}}}}}}'
        )
        self.start(["awk", script])

    @property
    def ended(self) -> bool:
        """Whether it has written everything."""
        found = self._api.get(f"/api/v1/namespaces/{self._namespace}/pods/{self.name}") or {}
        return bool(found.get("status", {}).get("phase") == "Succeeded")


def shell() -> str:
    """The reference of an image with a shell, in the sandbox's registry."""
    workshop = base.Workshop(toolchain.current((toolchain.CLUSTER,)).tool("busybox"), paths.cache() / "layers")
    where = f"127.0.0.1:{ports.REGISTRY}/caas-sandbox/shell"
    return f"{where}@{oci.push(base.busybox('', workshop), f'{where}:test')}"


def agent_image() -> str:
    """The reference by digest of the agent's image, which the sandbox keeps."""
    where = f"127.0.0.1:{ports.REGISTRY}/caas-sandbox/collector"
    digest = oci.pushed(f"{where}:sandbox")
    assert digest is not None, "the sandbox keeps no agent: CAAS_SANDBOX_MONITORING is off"
    return f"{where}@{digest}"


@dataclass(frozen=True)
class Process:
    """The first process of a pod's container."""

    number: int
    group: str
    """Its control group."""

    def kill(self) -> None:
        """End it as a lack of memory would."""
        os.kill(self.number, signal.SIGKILL)

    def seconds(self) -> float:
        """Of one processor, used by its container so far."""
        used = (CGROUPS / "cpuacct" / self.group.lstrip("/") / "cpuacct.usage").read_text()
        return int(used) / 1e9

    def mebibytes(self) -> float:
        """Memory of its container's programs now, without what the disk's cache keeps."""
        text = (CGROUPS / "memory" / self.group.lstrip("/") / "memory.stat").read_text()
        figures = dict(line.split() for line in text.splitlines())
        return int(figures["total_rss"]) / 2**20


def process(api: Api, namespace: str, application: str, program: str) -> Process | None:
    """The process that runs this program in the application's newest pod."""
    found = api.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector=app.kubernetes.io/name={application}") or {}
    for pod in found.get("items", []):
        for directory in Path("/proc").glob("[0-9]*"):
            try:
                groups = (directory / "cgroup").read_text()
                words = (directory / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if pod["metadata"]["uid"] in groups and program.encode() in b" ".join(words):
                line = next(line for line in groups.splitlines() if line.split(":")[1] in ("memory", ""))
                return Process(int(directory.name), line.split(":", 2)[2])
    return None


def kubectl(kubeconfig: str, *arguments: str) -> str:
    """What an administrator would see."""
    command = ["kubectl", "--kubeconfig", kubeconfig, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
