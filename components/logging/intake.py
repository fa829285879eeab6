"""The configuration of the Collector that gets its lines from the forwarder, on Azure Container Instances.

docs/adr/0044-logs-of-container-instances.md says why there is a forwarder. What it hands over is put together already
and has its id: here a line is redacted, made a document and sent by the code of the other platforms. What waits stands
in memory, for the forwarder hands over again what does not arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.logging.processing import (
    CONTINUES,
    DOCUMENT,
    LONGEST_LINE,
    TELEMETRY,
    Sink,
    constants,
    document,
    exporter,
    redaction,
    transform,
)

PORT = 24231
"""TCP port on the group's loopback that takes lines."""
OWN = {
    "service.name": "service",
    "service.version": "version",
    "service.node.name": "group",
    "orchestrator.resource.name": "group",
    "container.name": "container",
    "event.created": "ingested",
}
"""Field of the document -> field of what the forwarder hands over."""


@dataclass(frozen=True, kw_only=True)
class Intake(Sink):
    """What an intake is to do."""

    platform: str
    namespace: str
    """Of the services of one environment: the resource group's name."""
    port: int = PORT


def continues() -> str:
    """The expression for a line that goes on with the one before, as the forwarder needs it: without the escapes of a
    string of the Collector's languages."""
    return CONTINUES.replace("\\\\", "\\")


def configuration(intake: Intake) -> dict[str, Any]:
    """The Collector's configuration, as its YAML has it."""
    return {
        "receivers": {
            "tcplog": {
                "listen_address": f"127.0.0.1:{intake.port}",
                "max_log_size": LONGEST_LINE,
                "operators": [
                    {"type": "json_parser", "parse_from": "body", "parse_to": "attributes"},
                    {"type": "move", "from": "attributes.line", "to": "body"},
                ],
            }
        },
        "processors": {
            "transform/document": transform(_common(intake), redaction(), document('log.attributes["id"]', _own()))
        },
        "exporters": {"elasticsearch": exporter(intake, lines=False)},
        "service": {
            "telemetry": TELEMETRY,
            "pipelines": {
                "logs": {
                    "receivers": ["tcplog"],
                    "processors": ["transform/document"],
                    "exporters": ["elasticsearch"],
                }
            },
        },
    }


def _common(intake: Intake) -> dict[str, Any]:
    statements = constants(intake, intake.platform, {"orchestrator.namespace": intake.namespace})
    return {"context": "resource", "conditions": [f"{DOCUMENT} == nil"], "statements": statements}


def _own() -> list[str]:
    """What differs from line to line. Which stream a line came by, the workspace says of some only."""
    given = 'log.attributes["{0}"]'.format
    return [
        *(f'set(log.body["{key}"], {given(source)})' for key, source in sorted(OWN.items())),
        f'set(log.body["container.image.hash.all"], [{given("image")}]) where {given("image")} != nil',
        f'delete_key(log.body, "log.iostream") where {given("stream")} == nil',
    ]
