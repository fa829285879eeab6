"""The configuration of the container that takes an ECS task's lines: an OpenTelemetry Collector as FireLens' router.

docs/adr/0039-logs-of-the-clouds.md says why it is this one. ECS gives each line by the Forward protocol, without
putting anything together, and only receivers can do that: what is not JSON goes through the task's loopback, from
``syslog`` to ``tcplog``, and is put together there as on a node. What waits stands in memory, within bounds; when they
are reached the router takes no more lines, and ECS's log driver drops what does not fit its own buffer. The service
itself never waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.logging.processing import (
    DOCUMENT,
    LONGEST_LINE,
    PREFIX,
    TELEMETRY,
    Sink,
    constants,
    document,
    exporter,
    joining,
    put_together,
    redaction,
    transform,
)

SOCKET = "/var/run/fluent.sock"
"""Where ECS's log driver brings lines."""
LOOPBACK = 24231
"""TCP port, inside the task, through which text goes once around."""
WAITING = 16 * 1024 * 1024
"""Bytes of text that may wait for their way around."""
IMAGE, VERSION = "SERVICE_IMAGE", "SERVICE_VERSION"
"""Environment variables: the service's digest reference, and the first digits of its digest."""
CONTAINER = 'attributes["container"]'


@dataclass(frozen=True, kw_only=True)
class Router(Sink):
    """What a router is to do."""

    platform: str
    service: str
    """Whose task it is, and the name of its own container."""
    namespace: str
    """Of the services of one environment: the cluster's name."""
    socket: str = SOCKET
    loopback: int = LOOPBACK


def configuration(router: Router) -> dict[str, Any]:
    """The Collector's configuration, as its YAML has it."""
    whole = f'log.attributes["partial_message"] == nil and IsMatch(log.body, "^{PREFIX} F \\\\{{")'
    return {
        "receivers": {
            "fluentforward": {"endpoint": f"unix://{router.socket}"},
            "tcplog": {
                "listen_address": f"127.0.0.1:{router.loopback}",
                "max_log_size": LONGEST_LINE,
                "operators": [*_come_around(), *put_together(CONTAINER)],
            },
        },
        "processors": {
            "transform/line": transform(_line()),
            "filter/lines": {"error_mode": "ignore", "logs": {"log_record": [f"not ({whole})".replace("log.", "")]}},
            "filter/text": {"error_mode": "ignore", "logs": {"log_record": [whole.replace("log.", "")]}},
            "transform/around": transform(_around()),
            # One for both: ECS takes 64 KiB of a task definition, and the redaction is long.
            "transform/document": transform(_common(router), joining(), redaction(), document("UUID()", _own(router))),
        },
        "exporters": {
            "syslog": {
                "endpoint": "127.0.0.1",
                "port": router.loopback,
                "network": "tcp",
                "protocol": "rfc5424",
                "tls": {"insecure": True},
                "sending_queue": _once_a_second(),
            },
            "elasticsearch": exporter(router, lines=False),
        },
        "service": {
            "telemetry": TELEMETRY,
            "pipelines": {
                "logs/lines": {
                    "receivers": ["fluentforward"],
                    "processors": ["transform/line", "filter/lines", "transform/document"],
                    "exporters": ["elasticsearch"],
                },
                "logs/around": {
                    "receivers": ["fluentforward"],
                    "processors": ["transform/line", "filter/text", "transform/around"],
                    "exporters": ["syslog"],
                },
                "logs/text": {
                    "receivers": ["tcplog"],
                    "processors": ["transform/document"],
                    "exporters": ["elasticsearch"],
                },
            },
        },
    }


def _once_a_second() -> dict[str, Any]:
    """Each batch has a connection of its own, and lines of two that are read at the same time would get mixed; so
    there is a second from one to the next, as long as no more than half of what may wait comes in it."""
    return {
        "enabled": True,
        "block_on_overflow": True,
        "num_consumers": 1,
        "sizer": "bytes",
        "queue_size": WAITING,
        "batch": {"sizer": "bytes", "flush_timeout": "1s", "min_size": WAITING // 2},
    }


def _line() -> dict[str, Any]:
    """As a container runtime writes it. The tag is ``<container>-firelens-<task>``; a line over 16 KiB comes in pieces,
    of which each but the last says that it is not the last."""
    tag = r"^(?P<container>.+)-firelens-(?P<task>[^-]+)$"
    time = 'FormatTime(log.time, "%Y-%m-%dT%H:%M:%S.%fZ")'
    piece = 'log.attributes["partial_message"] == "true" and log.attributes["partial_last"] != "true"'
    return {
        "context": "log",
        "statements": [
            f'merge_maps(log.attributes, ExtractPatterns(log.attributes["fluent.tag"], "{tag}"), "upsert")',
            'set(log.cache["kind"], "F")',
            f'set(log.cache["kind"], "P") where {piece}',
            f'set(log.body, Concat([{time}, log.attributes["source"], log.cache["kind"], log.body], " "))',
        ],
    }


def _around() -> dict[str, Any]:
    """What ``syslog`` sends: the line, and whose it is."""
    return {
        "context": "log",
        "statements": [
            'set(log.attributes["appname"], log.attributes["container"])',
            'set(log.attributes["proc_id"], log.attributes["task"])',
            'set(log.attributes["message"], log.body)',
        ],
    }


def _come_around() -> list[dict[str, Any]]:
    return [
        {
            "type": "regex_parser",
            "regex": r"^<\d+>1 \S+ \S+ (?P<container>\S+) (?P<task>\S+) \S+ \S+ (?P<line>(?s:.*))$",
        },
        {"type": "move", "from": "attributes.line", "to": "body"},
    ]


def _common(router: Router) -> dict[str, Any]:
    known = {
        "service.name": router.service,
        "service.version": f"${{env:{VERSION}}}",
        "orchestrator.namespace": router.namespace,
    }
    statements = constants(router, router.platform, known)
    return {"context": "resource", "conditions": [f"{DOCUMENT} == nil"], "statements": statements}


def _own(router: Router) -> list[str]:
    """What differs from line to line of a task."""
    image = f'["${{env:{IMAGE}}}"]'
    return [
        'set(log.body["container.name"], log.attributes["container"])',
        'set(log.body["service.node.name"], log.attributes["task"])',
        'set(log.body["orchestrator.resource.name"], log.attributes["task"])',
        f'set(log.body["container.image.hash.all"], {image}) where log.attributes["container"] == "{router.service}"',
    ]
