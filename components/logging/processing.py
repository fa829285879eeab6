"""What becomes of a line on its way to Elasticsearch, whoever brings it: put together, redacted, made a document, sent.

Parts of an OpenTelemetry Collector's configuration. A line stands in the body as a container runtime (CRI) writes it:
the time, the stream, F for a full line or P for a piece, and the text. ``agent.py`` has it so from the node's files,
``router.py`` makes it so from what ECS gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from components.logging.names import APP, stream
from components.logging.redaction import SIGNS, redactions
from components.naming import name

LONGEST_LINE = "2MiB"

PREFIX = r"\\S+ std(out|err)"
"""Before each line, from the container runtime (CRI): the time, the stream, F for full or P for a piece."""

CONTINUES = (
    r"\\s|$|[})\\]]|Caused by|Suppressed:|Traceback \\(most|During handling of|The above exception|"
    r"\\.\\.\\. \\d|--- |goroutine \\d|created by |\\[signal |exit status |"
    r"[A-Za-z_][\\w.$]*(Error|Exception|Warning|Interrupt|Exit|Throwable)(:|$)|"
    r"[\\w/.-]+\\.[\\w.*()\\[\\]-]+\\(.*\\)$"
)
"""How a line begins that goes on with the one before: traces of Java, Python, Go, .NET, Node."""

LINE = 'let line = body; let at = indexOf(line, " "); '
"""How an expression of a receiver begins. Each use of ``body`` would be a look-up by reflection."""

TELEMETRY: Mapping[str, Any] = {
    "logs": {"level": "warn", "encoding": "json"},
    "metrics": {"level": "none"},
    "traces": {"level": "none"},
}
"""What a Collector says of itself: warnings. Nobody is sent its traces, and without this it makes them all the same."""

DOCUMENT = 'resource.attributes["document"]'
"""What all lines of a resource have in common."""


@dataclass(frozen=True, kw_only=True)
class Sink:
    """Where documents go."""

    environment: str
    """The environment's name; its stream's, too."""
    endpoint: str = "${env:ELASTICSEARCH_ENDPOINT}"
    credential: Literal["api-key", "password"] | None = "api-key"
    """What the variable ELASTICSEARCH_CREDENTIAL holds; None: Elasticsearch asks for none."""
    user: str = ""
    """Who has the password."""
    ca_file: str | None = None
    compression: str = "gzip"


def transform(*statements: dict[str, Any]) -> dict[str, Any]:
    """The processor that carries statements out; one that fails leaves the line as it is."""
    return {"error_mode": "silent", "log_statements": list(statements)}


def stands_after_the_time(what: str) -> str:
    """An expression of a receiver, after :data:`LINE`: whether a line's time and stream are followed by this text.

    By a search for fixed text, which costs a third of what a regular expression would: the text's first place in the
    line must be where the time ends.
    """
    return f'at > 0 and (indexOf(line, " stdout {what}") == at or indexOf(line, " stderr {what}") == at)'


def put_together(source: str) -> list[dict[str, Any]]:
    """Operators of a receiver. Pieces of a long line first: what is JSON as a whole is no line of text, and another
    pipeline has it.

    :param source: What tells one container's lines from another's, such as ``attributes["container"]``.
    """
    together = {
        "type": "recombine",
        "combine_field": "body",
        "source_identifier": source,
        "overwrite_with": "oldest",
        "max_log_size": LONGEST_LINE,
        "max_unmatched_batch_size": 0,
    }
    return [
        {
            **together,
            "id": "pieces",
            "combine_with": "\n",
            "is_last_entry": LINE + stands_after_the_time("F"),
            "max_batch_size": 1000,
            "force_flush_period": "5s",
        },
        {"type": "filter", "expr": LINE + stands_after_the_time("F {")},
        {
            **together,
            "id": "trace",
            "combine_with": "\n",
            "is_first_entry": f'not (body matches "^{PREFIX} F ({CONTINUES})")',
            "max_batch_size": 1000,
            "force_flush_period": "1s",
        },
    ]


def redaction(line: str = "log.body", conditions: Sequence[str] = ()) -> dict[str, Any]:
    """Credentials are taken out of the raw line. Expressions cost most: only lines with a sign of one see them.

    :param line: Where the line stands.
    :param conditions: When it has a sign of a credential. Default: each sign is looked for.
    """
    return {
        "context": "log",
        "conditions": list(conditions) or [f"Index({line}, {_quoted(sign)}) >= 0" for sign in SIGNS],
        "statements": [
            f"replace_pattern({line}, {_quoted(each.pattern)}, {_quoted(each.replacement.replace('$', '$$'))})"
            for each in redactions()
        ],
    }


def joining() -> dict[str, Any]:
    """Pieces of one line go together without a break; lines of a trace keep theirs."""
    return {
        "context": "log",
        "conditions": ['IsString(log.body) and Index(log.body, "\\n") >= 0'],
        "statements": [
            f'replace_pattern(log.body, "\\n{PREFIX} (P|F)\\\\S* ", "") where IsMatch(log.body, "^{PREFIX} P")',
            f'replace_pattern(log.body, "\\n{PREFIX} (P|F)\\\\S* ?", "\\n")',
        ],
    }


def document(identity: str, more: Sequence[str] = ()) -> dict[str, Any]:
    """A line becomes its document; what is in a line of JSON, Elasticsearch's pipeline takes out of it. A batch that
    comes again after a failure is left as it is.

    The resource's attribute ``document`` holds what all its lines have in common; see :func:`constants`.

    :param identity: The expression that gives the document's id.
    :param more: Statements about the document, once it is the body.
    """
    text = 'log.cache["text"]'
    record = f"^(?P<time>{PREFIX.split(' ')[0]}) (?P<stream>stdout|stderr) [FP]\\\\S* ?(?P<text>(?s:.*))$"
    statements = [
        f'merge_maps(log.cache, ExtractPatterns(log.body, "{record}"), "upsert")',
        f"set({text}, log.body) where {text} == nil",
        'set(log.cache["time"], FormatTime(log.observed_time, "%Y-%m-%dT%H:%M:%S.%fZ")) where log.cache["time"] == nil',
    ]
    statements += [
        f"set(log.body, {DOCUMENT})",
        'set(log.body["@timestamp"], log.cache["time"])',
        'set(log.body["log.iostream"], log.cache["stream"])',
        'set(log.body["log.offset"], log.attributes["log.file.record_offset"])',
        f'set(log.body["message"], {text})',
    ]
    statements += [*more, f'set(log.attributes["elasticsearch.document_id"], {identity})']
    return {"context": "log", "conditions": ["IsString(log.body)"], "statements": statements}


def constants(sink: Sink, platform: str, more: Mapping[str, str]) -> list[str]:
    """Statements that begin a resource's document with what is known beforehand."""
    known = {
        "data_stream.type": "logs",
        "data_stream.dataset": APP,
        "data_stream.namespace": name(sink.environment),
        "event.dataset": APP,
        "service.environment": sink.environment,
        "cloud.platform": platform,
        **more,
    }
    return [f"set({DOCUMENT}, {{}})", *(f'set({DOCUMENT}["{key}"], "{value}")' for key, value in sorted(known.items()))]


def _quoted(text: str) -> str:
    """A string of the transformation language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _credential(sink: Sink) -> dict[str, str]:
    value = "${env:ELASTICSEARCH_CREDENTIAL}"
    if sink.credential is None:
        return {}
    return {"api_key": value} if sink.credential == "api-key" else {"user": sink.user, "password": value}


def exporter(sink: Sink, *, lines: bool, storage: str | None = None) -> dict[str, Any]:
    """Lines are sent again by their receiver until Elasticsearch has them, what is put together waits.

    :param lines: Whether the receiver waits until a batch has gone.
    :param storage: The extension that keeps what waits; without one it waits in memory.

    The pause between tries doubles with each try, by a shift that overflows after 36; so the tries end before that,
    and begin anew: by the receiver for ever, for what waits on disk once.
    """
    queue: dict[str, Any] = {
        "enabled": True,
        "block_on_overflow": True,
        "num_consumers": 4 if lines else 1,
        "sizer": "items",
        "queue_size": 20000,
        "batch": {"sizer": "items", "flush_timeout": "200ms" if lines else "1s", "min_size": 100, "max_size": 2000},
    }
    if lines:
        queue["wait_for_result"] = True
    if storage is not None:
        queue["storage"] = storage
    return {
        "endpoints": [sink.endpoint],
        **_credential(sink),
        **({"tls": {"ca_file": sink.ca_file}} if sink.ca_file else {}),
        "logs_index": stream(sink.environment),
        "logs_dynamic_id": {"enabled": True},
        "mapping": {"mode": "bodymap"},
        "compression": sink.compression,
        # No limit of time: a batch that is given up here would not come again.
        "timeout": "0s",
        "retry": {
            "enabled": True,
            "max_retries": 30,
            "initial_interval": "200ms",
            "max_interval": "5s" if lines else "60s",
            "retry_on_status": [429, 500, 502, 503, 504],
        },
        "sending_queue": queue,
    }
