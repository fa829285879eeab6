"""Who watches the cluster's services and works out their rules: a Prometheus and an Alertmanager of the operator's, and
the kinds that the cluster has to know first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any, Final

from ruamel.yaml import YAML

from sandbox import ports
from sandbox.source import addons
from sandbox.source.api import Api
from sandbox.source.health import answers
from sandbox.source.layout import Tools
from sandbox.source.processes import until
from sandbox.toolchain import versions

API: Final = "/apis/monitoring.coreos.com/v1"
NAMESPACE: Final = "monitoring"
WATCH: Final = f"http://{ports.WATCH_ADDRESS}:{ports.WATCH}"
"""URL of that Prometheus."""
ALERTS: Final = f"http://{ports.ALERTS_ADDRESS}:{ports.ALERTS}"
"""URL of that Alertmanager."""
_MADE: Final = {"watch": ("prometheus-sandbox", WATCH), "alerts": ("alertmanager-sandbox", ALERTS)}
"""What the status calls them -> the stateful set that the operator makes, and where it answers."""
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_MARK: Final = "operator.prometheus.io/version"
"""Annotation of a definition: of which operator it is."""


def define(api: Api, tools: Tools) -> None:
    """Have the cluster know the operator's kinds, and wait until it does. What it knows already is left.

    Raises:
        SandboxError: the cluster refuses the definitions.
    """
    (build,) = versions.monitoring()
    known = {item["metadata"]["name"]: _version(item) for item in (api.get(_DEFINITIONS) or {}).get("items", [])}
    for copy in build.copies:
        file = Path(copy).name
        group, _, kind = file.removesuffix(".yaml").partition("_")
        name = f"{kind}.{group}"
        if known.get(name) != versions.OPERATOR_VERSION:
            api.apply_text(f"{_DEFINITIONS}/{name}", tools.tool(file).read_text(encoding="utf-8"))
    until(lambda: _serves(api), 30, lambda: "The cluster does not serve the operator's kinds after 30 s.")


def manifests() -> Iterator[dict[str, Any]]:
    """Every object of both. The operator, the counts and the namespace are addons."""
    values = {
        "watch_address": ports.WATCH_ADDRESS,
        "watch_port": str(ports.WATCH),
        "alerts_address": ports.ALERTS_ADDRESS,
        "alerts_port": str(ports.ALERTS),
    }
    text = (addons.MANIFESTS / "watch.yaml").read_text(encoding="utf-8")
    yield from YAML(typ="safe", pure=True).load_all(Template(text).substitute(values))


def ready(api: Api) -> dict[str, bool]:
    """Whether each of both serves now."""
    return {name: _runs(api, made) and answers(f"{url}/-/ready") for name, (made, url) in _MADE.items()}


def _runs(api: Api, name: str) -> bool:
    found = api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{name}") or {}
    return bool(found.get("status", {}).get("availableReplicas", 0) >= 1)


def _version(definition: dict[str, Any]) -> str | None:
    found = definition["metadata"].get("annotations", {}).get(_MARK)
    return found if isinstance(found, str) else None


def _serves(api: Api) -> bool:
    found = api.get(API, absent=(404, 503)) or {}
    return {"Prometheus", "Alertmanager", "PodMonitor"} <= {each["kind"] for each in found.get("resources", [])}
