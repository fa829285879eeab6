"""What a bare cluster lacks: names, metrics and an ingress, from images that hold one program each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Any, Final

from ruamel.yaml import YAML

from sandbox import paths, ports
from sandbox.images import layer, oci
from sandbox.source import monitoring
from sandbox.source.api import Api
from sandbox.source.health import answers
from sandbox.source.layout import Tools, write
from sandbox.source.processes import until
from sandbox.toolchain import versions

REPOSITORIES: Final = f"{ports.LOOPBACK}:{ports.REGISTRY}/caas-sandbox"
MANIFESTS: Final = Path(__file__).with_name("manifests")
NAMESPACES: Final = {
    "coredns": "kube-system",
    "metrics-server": "kube-system",
    "traefik": "ingress",
    "prometheus": "monitoring",
}
ADDONS: Final = tuple(NAMESPACES)
OPERATED: Final = {"prometheus-operator": "monitoring", "kube-state-metrics": "monitoring"}
"""Addons that the switch leaves out; see ``monitoring.py``."""
GATEWAY_API: Final = "/apis/gateway.networking.k8s.io/v1"
_METRICS_API: Final = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"


@dataclass(frozen=True)
class Program:
    """An image of one static program."""

    name: str
    tool: str
    path: str
    arguments: tuple[str, ...] = ()
    tag: str = "sandbox"


PROGRAMS: Final = (
    # What holds a pod's network: it sleeps, and the runtime kills it with its pod.
    Program("pause", "busybox", "/bin/busybox", ("sleep", "2147483647")),
    Program("coredns", "coredns", "/coredns"),
    Program("metrics-server", "metrics-server", "/metrics-server"),
    Program("traefik", "traefik", "/traefik"),
    Program("prometheus", "prometheus", "/prometheus"),
)
OPERATED_PROGRAMS: Final = (
    Program("prometheus-operator", "prometheus-operator", "/bin/operator"),
    Program("prometheus-config-reloader", "prometheus-config-reloader", "/bin/prometheus-config-reloader"),
    # Not at the root, where the operator mounts their data.
    Program("prometheus-operated", "prometheus", "/bin/prometheus", tag=versions.PROMETHEUS_TAG),
    Program("alertmanager", "alertmanager", "/bin/alertmanager", tag=versions.ALERTMANAGER_TAG),
    Program("kube-state-metrics", "kube-state-metrics", "/bin/kube-state-metrics"),
)


@dataclass(frozen=True)
class Prepared:
    """An image that is packed and not yet in the registry; its reference by digest is known already."""

    name: str
    image: oci.Image
    tag: str = "sandbox"

    @property
    def reference(self) -> str:
        """``registry/repository@sha256:…``."""
        return f"{self._repository}@{self.image.digest}"

    def push(self) -> None:
        """Have the registry hold it.

        Raises:
            SandboxError: the registry refuses.
        """
        oci.push(self.image, f"{self._repository}:{self.tag}")

    @property
    def _repository(self) -> str:
        return f"{REPOSITORIES}/{self.name}"


def chosen() -> tuple[str, ...]:
    """The addons that the sandbox is to have."""
    return (*ADDONS, *(OPERATED if monitoring.wanted() else ()))


def prepare(tools: Tools) -> dict[str, Prepared]:
    """Pack each program's image, or take it from the cache when the program is the same."""
    programs = (*PROGRAMS, *(OPERATED_PROGRAMS if monitoring.wanted() else ()))
    with ThreadPoolExecutor(max_workers=2) as pool:
        return {made.name: made for made in pool.map(lambda program: _prepare(program, tools), programs)}


def _prepare(program: Program, tools: Tools) -> Prepared:
    binary = tools.tool(program.tool)
    seen = binary.stat()
    archive = paths.cache() / "images" / "addons" / f"{program.name}-{seen.st_size}-{seen.st_mtime_ns}.tar.gz"
    packed = _saved(archive)
    if packed is None:
        for old in archive.parent.glob(f"{program.name}-[0-9]*"):
            old.unlink()
        packed = layer.pack([layer.copy(binary, program.path, 0o755)], archive)
        write(archive.with_suffix(".json"), json.dumps({**asdict(packed), "archive": str(archive)}))
    config = oci.Config(entrypoint=(program.path, *program.arguments), user="10001:10001")
    return Prepared(program.name, oci.Image([packed], config), program.tag)


def _saved(archive: Path) -> layer.Layer | None:
    note = archive.with_suffix(".json")
    if not archive.exists() or not note.exists():
        return None
    saved = json.loads(note.read_text(encoding="utf-8"))
    return layer.Layer(archive, saved["digest"], saved["diff_id"], saved["size"])


def define_gateways(api: Api, tools: Tools) -> None:
    """Have the cluster know the Gateway API, and wait until it does.

    Raises:
        SandboxError: the cluster refuses the definitions.
    """
    for build in versions.gateway():
        for copy in build.copies:
            text = tools.tool(Path(copy).name).read_text(encoding="utf-8")
            api.apply(YAML(typ="safe").load(text))
    until(lambda: _knows_gateways(api), 30, lambda: "The cluster does not serve the Gateway API after 30 s.")


def _knows_gateways(api: Api) -> bool:
    found = api.get(GATEWAY_API, absent=(404, 503)) or {}
    return {"GatewayClass", "Gateway", "HTTPRoute"} <= {each["kind"] for each in found.get("resources", [])}


def manifests(
    images: Mapping[str, str],
    names: Sequence[str] = ADDONS,
    *,
    listen: str = ports.LOOPBACK,
    kubelet_trust: str = "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
) -> Iterator[dict[str, Any]]:
    """Every object of these addons, namespaces first.

    Args:
        images: reference of each addon's image.
        names: which of ``ADDONS`` and ``OPERATED``.
        listen: where the ingress and Prometheus listen on their node.
        kubelet_trust: the flag by which metrics-server trusts kubelets.
    """
    values = {name.replace("-", "_"): reference for name, reference in images.items()}
    values |= {
        "ingress_listen": listen,
        "kubelet_trust": kubelet_trust,
        "dns_address": ports.DNS_ADDRESS,
        "ingress_http": str(ports.INGRESS_HTTP),
        "ingress_https": str(ports.INGRESS_HTTPS),
        "ingress_admin": str(ports.INGRESS_ADMIN),
        "prometheus_port": str(ports.PROMETHEUS),
        "local_images": REPOSITORIES,
    }
    for name in names:
        text = (MANIFESTS / f"{name}.yaml").read_text(encoding="utf-8")
        yield from YAML(typ="safe", pure=True).load_all(Template(text).substitute(values))


def ready(api: Api, names: Sequence[str] = ADDONS, since: float = 0.0) -> dict[str, bool]:
    """Which of these addons serve now.

    Args:
        api: the cluster's.
        names: which of ``ADDONS`` and ``OPERATED``.
        since: when the kubelet was started, in seconds of Unix time. What the API says of pods may be
            from before; figures that are newer prove that kubelet and metrics-server work again.
    """
    found = {name: _rolled_out(api, {**NAMESPACES, **OPERATED}[name], name) for name in names}
    found["metrics API"] = _condition(api.get(_METRICS_API), "Available") and _measured(api, since)
    return found


def _measured(api: Api, since: float) -> bool:
    """Whether every node has been measured since then."""
    nodes = api.get("/apis/metrics.k8s.io/v1beta1/nodes", absent=(404, 503)) or {}
    times = [datetime.fromisoformat(item["timestamp"]).timestamp() for item in nodes.get("items", [])]
    return bool(times) and min(times) >= since


def _rolled_out(api: Api, namespace: str, name: str) -> bool:
    deployment = api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    if deployment is None:
        return False
    status = deployment.get("status", {})
    wanted = deployment["spec"]["replicas"]
    return bool(
        status.get("observedGeneration") == deployment["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
    )


def _condition(found: dict[str, Any] | None, wanted: str) -> bool:
    conditions = (found or {}).get("status", {}).get("conditions", [])
    return any(each["type"] == wanted and each["status"] == "True" for each in conditions)


def node_ready(api: Api, name: str) -> bool:
    """Whether the node takes pods."""
    return _condition(api.get(f"/api/v1/nodes/{name}"), "Ready")


def ingress_answers() -> bool:
    """Whether the ingress takes requests; with no service behind it, it says 404."""
    return answers(f"http://{ports.LOOPBACK}:{ports.INGRESS_HTTP}/", expected=(200, 404))
