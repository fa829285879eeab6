"""The index of the lines: which fields there are, and how long a line is kept.

Only named fields are indexed by name. What else a service writes stands below ``app``, where a field may be a string
in one line and an object in the next, and no line is refused for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.logging.names import COMMON, PIPELINE, policy, stream

PRIORITY = 500
"""Above Elasticsearch's own template for ``logs-*-*``, which has 100."""
LONGEST_KEYWORD = 1024
"""Characters of a value that can be looked up whole; longer ones are kept and not indexed (Lucene's limit is 32766
bytes, and a line with a longer one would be refused)."""
DEEPEST = 100
"""Levels of objects in a line; the engine's own default of 20 refuses the line."""
LARGEST_SHARD = "50gb"

KEYWORDS = (
    "cloud.platform",
    "container.image.hash.all",
    "container.name",
    "data_stream.dataset",
    "data_stream.namespace",
    "data_stream.type",
    "event.action",
    "event.dataset",
    "event.kind",
    "event.outcome",
    "host.name",
    "log.iostream",
    "log.level",
    "log.logger",
    "orchestrator.namespace",
    "orchestrator.resource.name",
    "service.environment",
    "service.name",
    "service.node.name",
    "service.version",
    "span.id",
    "trace.id",
)
"""Names of the Elastic Common Schema that are looked up whole."""


def index_template(
    environment: str, *, replicas: int, basic: bool = True, pattern: str | None = None
) -> dict[str, Any]:
    """The body of ``PUT _index_template/<name>``.

    :param environment: Whose lifecycle applies.
    :param replicas: Copies of each shard; a cluster of one node can hold none.
    :param basic: Whether the server has Elastic's basic features: data streams, lifecycles, the types ``flattened``
        and ``constant_keyword``. Without them lines go into one index that nothing ends, and ``app`` is kept and not
        searched.
    :param pattern: Which streams. Default: the environment's lines.
    """
    settings: dict[str, Any] = {
        "index.number_of_shards": 1,
        "index.number_of_replicas": replicas,
        # A date that is none is kept in the line and left out of the index, and the line is not refused.
        "index.mapping.ignore_malformed": True,
        "index.refresh_interval": "5s",
        "index.default_pipeline": PIPELINE,
        **({"index.lifecycle.name": policy(environment), "index.codec": "best_compression"} if basic else {}),
    }
    template: dict[str, Any] = {
        "index_patterns": [pattern or stream(environment)],
        "priority": PRIORITY,
        "template": {"settings": settings, "mappings": mappings(basic=basic)},
        "_meta": {"managed_by": "caas", "environment": environment},
    }
    return {**template, "data_stream": {}} if basic else template


def mappings(*, basic: bool = True) -> dict[str, Any]:
    """Fields by name; what is not named is kept with the line and makes no field."""
    anything: dict[str, Any] = (
        {"type": "flattened", "ignore_above": LONGEST_KEYWORD, "depth_limit": DEEPEST}
        if basic
        else {"type": "object", "enabled": False}
    )
    fields: dict[str, Any] = {
        "@timestamp": {"type": "date"},
        "message": {"type": "match_only_text" if basic else "text"},
        "event.created": {"type": "date"},
        "event.ingested": {"type": "date"},
        "event.start": {"type": "date"},
        "event.end": {"type": "date"},
        "event.duration": {"type": "long"},
        "event.reason": {"type": "keyword", "ignore_above": LONGEST_KEYWORD},
        "error.stack_trace": {"type": "text"},
        "log.offset": {"type": "long"},
        "log.file.path": {"type": "keyword", "ignore_above": LONGEST_KEYWORD},
        "labels": anything,
        "app": anything,
        "caas": anything,
        **{field: {"type": "keyword", "ignore_above": LONGEST_KEYWORD} for field in KEYWORDS},
    }
    return {"dynamic": False, "date_detection": False, "numeric_detection": False, "properties": nested(fields)}


def nested(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Dotted names as Elasticsearch answers with them: objects with properties."""
    result: dict[str, Any] = {}
    for field, kind in sorted(fields.items()):
        *parents, last = field.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {"properties": {}})["properties"]
        place[last] = dict(kind)
    return result


def lifecycle(retention: int) -> dict[str, Any]:
    """The body of ``PUT _ilm/policy/<name>``.

    An index is deleted whole, counted from when the next one took over, so a line is kept for ``retention`` days at
    the least and for a seventh longer at the most.

    :param retention: Days.
    """
    turn = max(1, min(30, retention // 7))
    rollover = {"max_primary_shard_size": LARGEST_SHARD, "max_age": f"{turn}d"}
    return {
        "policy": {
            "phases": {
                "hot": {"min_age": "0ms", "actions": {"rollover": rollover, "set_priority": {"priority": 100}}},
                "delete": {"min_age": f"{retention}d", "actions": {"delete": {}}},
            },
            "_meta": {"managed_by": "caas"},
        }
    }


_CUT = f"""
String line = ctx.message;
int end = line.indexOf(' ');
ctx['@timestamp'] = line.substring(0, end);
ctx['log.iostream'] = line.substring(end + 1, end + 7);
ctx.message = line.substring(end + 10);
ctx.remove('{COMMON}');
"""
"""A full line as the container runtime wrote it: the time, the stream (both names have six letters), F, the text."""

_TAKEN_OUT = """
if (!(ctx.app instanceof Map)) { ctx.remove('app'); return; }
Map app = ctx.app;
for (key in ['msg', 'message']) { if (app[key] instanceof String) { ctx.message = app.remove(key); break; } }
for (key in ['level', 'severity', 'log.level']) {
  if (app[key] instanceof String) { ctx['log.level'] = app[key].toLowerCase(); break; }
}
for (key in ['trace_id', 'traceId', 'trace.id']) {
  if (app[key] instanceof String) { ctx['trace.id'] = app[key]; break; }
}
for (key in ['span_id', 'spanId', 'span.id']) {
  if (app[key] instanceof String) { ctx['span.id'] = app[key]; break; }
}
for (key in ['stack_trace', 'stackTrace', 'stack']) {
  if (app[key] instanceof String) { ctx['error.stack_trace'] = app.remove(key); break; }
}
"""
"""What of a line of JSON has a name of its own, under the spellings that loggers use."""


def ingest_pipeline() -> dict[str, Any]:
    """The body of ``PUT _ingest/pipeline/<name>``: what a line from an agent (``lines.py``) brings along, what is in a
    line of JSON, and when Elasticsearch took the line, by its own clock.

    A clock that is wrong where a line was written can so be seen, and its lines be found. A line without a time, or
    with one that is no date, gets that of its arrival: a data stream takes none without.
    """
    arrived = "{{{_ingest.timestamp}}}"
    from_an_agent = f"ctx.{COMMON} != null"
    return {
        "description": "When a line arrived (managed by caas)",
        "processors": [
            {"set": {"field": "event.ingested", "value": arrived}},
            {"gsub": {"field": COMMON, "pattern": "'", "replacement": '"', "if": from_an_agent}},
            {"json": {"field": COMMON, "add_to_root": True, "if": from_an_agent, "ignore_failure": True}},
            {"script": {"lang": "painless", "source": _CUT, "if": from_an_agent, "ignore_failure": True}},
            {
                "json": {
                    "field": "message",
                    "target_field": "app",
                    "if": "ctx.app == null && ctx.message instanceof String && ctx.message.startsWith('{')",
                    # What only looks like JSON stays what it is: a text.
                    "ignore_failure": True,
                }
            },
            {"script": {"lang": "painless", "source": _TAKEN_OUT, "ignore_failure": True}},
            {"set": {"field": "@timestamp", "value": arrived, "override": False}},
            {
                "date": {
                    "field": "@timestamp",
                    "formats": ["ISO8601", "strict_date_optional_time_nanos"],
                    "output_format": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSXXX",
                    "on_failure": [
                        {"set": {"field": "event.reason", "value": "@timestamp was no date: {{{@timestamp}}}"}},
                        {"set": {"field": "@timestamp", "value": arrived}},
                    ],
                }
            },
        ],
    }
