"""Where the sandbox's lines are kept: an Elasticsearch, and the image of the agent that brings them.

The agent itself is declared by a stack that asks for ``logging``; docs/adr/0033-logs-in-the-sandbox.md says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Template
from typing import Any, Final

from ruamel.yaml import YAML

from sandbox import paths, ports
from sandbox.images import layer, oci
from sandbox.source import addons
from sandbox.source.api import Api
from sandbox.source.health import answers
from sandbox.source.layout import Tools
from sandbox.toolchain import elasticsearch

NAME: Final = "elasticsearch"
NAMESPACE: Final = "logging"
AGENT: Final = "collector"


def prepare(tools: Tools) -> dict[str, addons.Prepared]:
    """Pack both images, or take them from the cache.

    Raises:
        SandboxError: something that they are made of cannot be had.
    """
    binary = tools.tool(AGENT)
    agent = layer.packed([layer.copy(binary, "/collector", 0o755)], paths.cache() / "layers", AGENT)
    return {
        NAME: addons.Prepared(NAME, elasticsearch.image()),
        AGENT: addons.Prepared(AGENT, oci.Image([agent], oci.Config(entrypoint=("/collector",)))),
    }


def manifests(images: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Every object of Elasticsearch, its namespace first.

    :param images: Reference of each image.
    """
    values = {
        "elasticsearch": images[NAME],
        "elasticsearch_port": str(ports.ELASTICSEARCH),
        "elasticsearch_transport": str(ports.ELASTICSEARCH_TRANSPORT),
        "elasticsearch_listen": f"{ports.LOOPBACK},{ports.NODE_ADDRESS}",
    }
    text = (addons.MANIFESTS / f"{NAME}.yaml").read_text(encoding="utf-8")
    yield from YAML(typ="safe", pure=True).load_all(Template(text).substitute(values))


def ready(api: Api) -> dict[str, bool]:
    """Whether Elasticsearch serves now."""
    return {NAME: addons.rolled_out(api, NAMESPACE, NAME) and answers(url())}


def url() -> str:
    """Where it answers on this machine."""
    return f"http://{ports.LOOPBACK}:{ports.ELASTICSEARCH}/"
