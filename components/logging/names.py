"""What things are called in Elasticsearch."""

from __future__ import annotations

from components.naming import name

TEMPLATE = "caas-logs"
PIPELINE = "caas-logs"
PATTERN = "logs-caas.*-*"
"""What template and rights apply to: the services' lines (``caas.app``) and the deployments (``caas.event``)."""
APP = "caas.app"
EVENT = "caas.event"
"""Data sets: the middle of a data stream's name."""
COMMON = "caas_common"
"""Field of a line on its way from an agent: the fields that all lines of its container share, as JSON with apostrophes
for quotes. Elasticsearch puts them in its place."""


def stream(environment: str) -> str:
    """The data stream of an environment's lines: ``logs-caas.app-<environment>``."""
    return f"logs-{APP}-{name(environment)}"


def policy(environment: str) -> str:
    """The lifecycle of an environment's lines. Each has its own, for each keeps them for a time of its own."""
    return f"caas-logs-{name(environment)}"
