"""What people find in Kibana: where the lines are, saved searches, and a dashboard of them. Pure; the ids are stable,
so that importing again changes what is there and adds nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from components.logging.names import stream
from components.naming import name

IMPORT = "api/saved_objects/_import?overwrite=true"
"""Path of the request that imports them."""
BOUNDARY = "caas-saved-objects"
FAILED = ("error", "fatal", "critical", "panic", "emergency", "alert")
COLUMNS = ("service.name", "service.version", "log.level", "message")
_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"

SEARCHES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "errors",
        "Errors by service and version",
        f"log.level: ({' or '.join(FAILED)}) or error.stack_trace: *",
        COLUMNS,
    ),
    (
        "deployment",
        "Lines of one deployment (add service.name and service.version)",
        "service.version: *",
        (*COLUMNS, "orchestrator.resource.name", "trace.id"),
    ),
    (
        "odd",
        "Odd lines: no JSON, or a time that is none",
        "event.reason: * or not log.level: *",
        ("service.name", "event.reason", "log.iostream", "message"),
    ),
)
"""Last part of the id, title, question (KQL), columns."""


def identity(environment: str, *parts: str) -> str:
    """The id of an object: ``caas-logs-<environment>[-<part>]``."""
    return "-".join(("caas-logs", name(environment), *parts))


def objects(environment: str) -> tuple[dict[str, Any], ...]:
    """Every object, what refers to another after it."""
    view = {
        "type": "index-pattern",
        "id": identity(environment),
        "attributes": {
            "title": stream(environment),
            "name": f"Lines of {environment}",
            "timeFieldName": "@timestamp",
        },
        "references": [],
    }
    searches = [_search(environment, *one) for one in SEARCHES]
    return (view, *searches, _dashboard(environment, searches))


def _search(environment: str, part: str, title: str, question: str, columns: tuple[str, ...]) -> dict[str, Any]:
    source = {"query": {"language": "kuery", "query": question}, "filter": [], "indexRefName": _INDEX}
    return {
        "type": "search",
        "id": identity(environment, part),
        "attributes": {
            "title": f"{environment}: {title}",
            "columns": list(columns),
            "sort": [["@timestamp", "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source, sort_keys=True)},
        },
        "references": [{"name": _INDEX, "type": "index-pattern", "id": identity(environment)}],
    }


def _dashboard(environment: str, searches: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The searches, one below the other, as wide as the page."""
    panels, references = [], []
    for index, search in enumerate(searches):
        called = f"panel_{index}"
        panels.append(
            {
                "type": "search",
                "gridData": {"x": 0, "y": 15 * index, "w": 48, "h": 15, "i": str(index)},
                "panelIndex": str(index),
                "embeddableConfig": {},
                "panelRefName": called,
            }
        )
        references.append({"name": f"{index}:{called}", "type": "search", "id": search["id"]})
    source = {"query": {"language": "kuery", "query": ""}, "filter": []}
    return {
        "type": "dashboard",
        "id": identity(environment, "overview"),
        "attributes": {
            "title": f"{environment}: logs",
            "panelsJSON": json.dumps(panels, sort_keys=True),
            "optionsJSON": json.dumps({"useMargins": True}),
            "timeRestore": False,
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source, sort_keys=True)},
        },
        "references": references,
    }


def ndjson(environment: str) -> str:
    """All objects as Kibana imports them: one line of JSON each."""
    return "".join(json.dumps(one, sort_keys=True) + "\n" for one in objects(environment))


def upload(environment: str) -> bytes:
    """The body of the import: a form with one file."""
    return (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="caas.ndjson"\r\n'
        "Content-Type: application/ndjson\r\n\r\n"
        f"{ndjson(environment)}\r\n--{BOUNDARY}--\r\n"
    ).encode()
