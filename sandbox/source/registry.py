"""The local image registry."""

from __future__ import annotations

from sandbox import ports
from sandbox.source.health import answers
from sandbox.source.layout import Layout, Tools
from sandbox.source.processes import Daemon

MIRRORED = ("docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io", "public.ecr.aws", "mcr.microsoft.com")
"""Public registries whose images are looked for here first, under a path of the registry's name."""


def daemon(layout: Layout, tools: Tools) -> Daemon:
    """docker-registry on loopback, its files in the sandbox."""
    config = layout.home / "registry" / "config.yml"
    text = (
        "version: 0.1\n"
        "log:\n  level: warn\n  accesslog: {disabled: true}\n"
        f"storage:\n  filesystem: {{rootdirectory: {layout.home / 'registry' / 'data'}}}\n"
        "  delete: {enabled: true}\n  maintenance: {uploadpurging: {enabled: false}}\n"
        f"http:\n  addr: {ports.LOOPBACK}:{ports.REGISTRY}\n  secret: only-on-this-machine\n"
    )
    return Daemon(
        "registry",
        (str(tools.tool("docker-registry")), "serve", str(config)),
        healthy=lambda: answers(f"http://{ports.LOOPBACK}:{ports.REGISTRY}/v2/"),
        environment={"OTEL_TRACES_EXPORTER": "none"},
        files={config: text},
    )
