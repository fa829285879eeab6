"""What watches the cluster's services, and whether the sandbox has it: one switch leaves it out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from sandbox.errors import SandboxError
from sandbox.source.api import Api
from sandbox.source.layout import Tools
from sandbox.source.processes import until
from sandbox.toolchain import versions

SWITCH: Final = "CAAS_SANDBOX_MONITORING"
"""Environment variable: ``on`` (as without it) or ``off``."""

API: Final = "/apis/monitoring.coreos.com/v1"
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_MARK: Final = "operator.prometheus.io/version"
"""Annotation of a definition: of which operator it is."""


def wanted() -> bool:
    """Whether the sandbox is to have it.

    Raises:
        SandboxError: the switch says neither on nor off.
    """
    given = os.environ.get(SWITCH, "on")
    if given not in ("on", "off"):
        raise SandboxError(f"{SWITCH} is {given!r}. Set it to on or off, or unset it.")
    return given == "on"


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


def _version(definition: dict[str, Any]) -> str | None:
    found = definition["metadata"].get("annotations", {}).get(_MARK)
    return found if isinstance(found, str) else None


def _serves(api: Api) -> bool:
    found = api.get(API, absent=(404, 503)) or {}
    return {"Prometheus", "Alertmanager", "PodMonitor"} <= {each["kind"] for each in found.get("resources", [])}
