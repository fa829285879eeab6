"""The configuration of the agent that reads containers' logs on a node: the OpenTelemetry Collector.

docs/adr/0032-log-agent.md says why it is this one, and why two receivers read the same files:

- ``filelog/lines`` takes lines that are JSON. A batch goes on when Elasticsearch has taken the one before, and only
  then is the place in the file noted: an agent that is killed reads again what was on its way, and nothing is lost.
- ``filelog/text`` takes all others and puts together what belongs together: pieces of a long line, and the lines of a
  stack trace. What it has put together waits on disk.

A document's id is made from where its line stands and when it was written. What is read twice is there once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from components.logging.names import APP, stream
from components.logging.redaction import redactions
from components.naming import name

POD_LOGS = "/var/log/pods"
CHECKPOINTS = "/var/lib/agent"
"""Where the agent notes how far it has read, and keeps what waits."""
HEALTH_PORT = 13133
GATES = ("stanza.synchronousLogEmitter",)
"""Feature gates: without this one the place in a file is noted before its lines have gone on."""
LONGEST_LINE = "2MiB"

_PREFIX = r"\\S+ std(out|err)"
"""Before each line, from the container runtime (CRI): the time, the stream, F for full or P for a piece."""

CONTINUES = (
    r"\\s|$|[})\\]]|Caused by|Suppressed:|Traceback \\(most|During handling of|The above exception|"
    r"\\.\\.\\. \\d|--- |goroutine \\d|created by |\\[signal |exit status |"
    r"[A-Za-z_][\\w.$]*(Error|Exception|Warning|Interrupt|Exit|Throwable)(:|$)|"
    r"[\\w/.-]+\\.[\\w.*()\\[\\]-]+\\(.*\\)$"
)
"""How a line begins that goes on with the one before: traces of Java, Python, Go, .NET, Node."""


@dataclass(frozen=True)
class Agent:
    """What an agent is to do."""

    environment: str
    """The environment's name; its stream's, too."""
    platform: str
    namespace: str
    """The one namespace whose pods it reads."""
    endpoint: str = "${env:ELASTICSEARCH_ENDPOINT}"
    credential: Literal["api-key", "password"] | None = "api-key"
    """What the variable ELASTICSEARCH_CREDENTIAL holds; None: Elasticsearch asks for none."""
    user: str = ""
    """Who has the password."""
    ca_file: str | None = None
    compression: str = "gzip"
    constants: Mapping[str, str] = field(default_factory=dict)
    """Further fields of every document."""
    pods: str = POD_LOGS
    checkpoints: str = CHECKPOINTS
    with_metadata: bool = True
    """Whether the API is asked for the pods' labels and digests."""
    node: str = "${env:NODE_NAME}"


def configuration(agent: Agent) -> dict[str, Any]:
    """The Collector's configuration, as its YAML has it."""
    extensions: dict[str, Any] = {
        "file_storage": {"directory": agent.checkpoints, "create_directory": True, "fsync": False},
        "health_check": {"endpoint": f"0.0.0.0:{HEALTH_PORT}"},
    }
    enriched = ["k8sattributes"] if agent.with_metadata else []
    return {
        "extensions": extensions,
        "receivers": {"filelog/lines": _receiver(agent, []), "filelog/text": _receiver(agent, _put_together())},
        "processors": {
            "filter/lines": {
                "error_mode": "ignore",
                # A batch that comes again after a failure has its documents already.
                "logs": {"log_record": [f'IsString(body) and not IsMatch(body, "^{_PREFIX} F \\\\{{")']},
            },
            "transform/source": {"error_mode": "silent", "log_statements": [_source()]},
            **{
                f"transform/{kind}": {"error_mode": "silent", "log_statements": [_constant(agent), _document(kind)]}
                for kind in ("lines", "text")
            },
            **({"k8sattributes": _metadata(agent)} if agent.with_metadata else {}),
        },
        "exporters": {
            "elasticsearch/lines": _exporter(agent, lines=True),
            "elasticsearch/text": _exporter(agent, lines=False),
        },
        "service": {
            "extensions": list(extensions),
            "telemetry": {"logs": {"level": "warn", "encoding": "json"}, "metrics": {"level": "none"}},
            "pipelines": {
                "logs/lines": {
                    "receivers": ["filelog/lines"],
                    "processors": ["filter/lines", "transform/source", *enriched, "transform/lines"],
                    "exporters": ["elasticsearch/lines"],
                },
                "logs/text": {
                    "receivers": ["filelog/text"],
                    "processors": ["transform/source", *enriched, "transform/text"],
                    "exporters": ["elasticsearch/text"],
                },
            },
        },
    }


def _receiver(agent: Agent, operators: Sequence[dict[str, Any]]) -> dict[str, Any]:
    files = f"{agent.pods}/{agent.namespace}_*/*/*.log"
    return {
        # The kubelet gives a full file a date (0.log.20260102-030405), and compresses it when the next is full.
        "include": [files, f"{files}.2*"],
        "exclude": ["/**/*.gz", "/**/*.tmp"],
        "start_at": "beginning",
        "include_file_path": True,
        "include_file_name": False,
        "include_file_record_offset": True,
        "poll_interval": "500ms",
        "max_log_size": LONGEST_LINE,
        "storage": "file_storage",
        # For ever: as long as the kubelet keeps a file, its lines are not lost.
        "retry_on_failure": {"enabled": True, "initial_interval": "500ms", "max_interval": "5s", "max_elapsed_time": 0},
        "operators": [
            *operators,
            {"type": "move", "from": 'attributes["log.file.path"]', "to": 'resource["log.file.path"]'},
        ],
    }


def _put_together() -> list[dict[str, Any]]:
    """Pieces of a long line first: what is JSON as a whole is no line of text, and the other receiver has the rest."""
    together = {
        "type": "recombine",
        "combine_field": "body",
        "source_identifier": 'attributes["log.file.path"]',
        "overwrite_with": "oldest",
        "max_log_size": LONGEST_LINE,
        "max_unmatched_batch_size": 0,
    }
    return [
        {
            **together,
            "id": "pieces",
            "combine_with": "\n",
            "is_last_entry": f'body matches "^{_PREFIX} F"',
            "max_batch_size": 1000,
            "force_flush_period": "5s",
        },
        {"type": "filter", "expr": f'body matches "^{_PREFIX} F \\\\{{"'},
        {
            **together,
            "id": "trace",
            "combine_with": "\n",
            "is_first_entry": f'not (body matches "^{_PREFIX} F ({CONTINUES})")',
            "max_batch_size": 1000,
            "force_flush_period": "1s",
        },
    ]


def _source() -> dict[str, Any]:
    """Whose line it is, from its file's path; once for each batch."""
    found = r"^.*/(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_(?P<uid>[^_/]+)/(?P<container>[^/]+)/(?P<restart>\\d+)\\.log"
    path = 'resource.attributes["log.file.path"]'
    statements = [f'merge_maps(resource.cache, ExtractPatterns({path}, "{found}"), "upsert")']
    statements += [
        f'set(resource.attributes["{attribute}"], resource.cache["{group}"])'
        for attribute, group in (
            ("k8s.namespace.name", "namespace"),
            ("k8s.pod.name", "pod"),
            ("k8s.pod.uid", "uid"),
            ("k8s.container.name", "container"),
            ("k8s.container.restart_count", "restart"),
        )
    ]
    whence = ", ".join(f'resource.cache["{group}"]' for group in ("uid", "container", "restart"))
    statements.append(f'set(resource.attributes["source"], Concat([{whence}], "/"))')
    return {"context": "resource", "statements": statements}


def _metadata(agent: Agent) -> dict[str, Any]:
    """The pods' labels and digests, asked for in this namespace and on this node only."""
    return {
        "auth_type": "serviceAccount",
        "passthrough": False,
        "wait_for_metadata": True,
        "wait_for_metadata_timeout": "10s",
        "filter": {"namespace": agent.namespace, "node_from_env_var": "NODE_NAME"},
        "extract": {
            "metadata": ["container.image.repo_digests"],
            "labels": [{"tag_name": "label.$$1", "key_regex": "(.*)", "from": "pod"}],
        },
        "pod_association": [{"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]}],
    }


def _constant(agent: Agent) -> dict[str, Any]:
    """What every line of a batch has in common: put together once for each batch."""
    document = 'resource.attributes["document"]'
    constants = {
        "data_stream.type": "logs",
        "data_stream.dataset": APP,
        "data_stream.namespace": name(agent.environment),
        "event.dataset": APP,
        "service.environment": agent.environment,
        "cloud.platform": agent.platform,
        "host.name": agent.node,
        **agent.constants,
    }
    taken = {
        "service.name": "k8s.container.name",
        "container.name": "k8s.container.name",
        "service.node.name": "k8s.pod.name",
        "orchestrator.resource.name": "k8s.pod.name",
        "orchestrator.namespace": "k8s.namespace.name",
        "container.image.hash.all": "container.image.repo_digests",
    }
    labels = {"service.name": "app.kubernetes.io/name", "service.version": "caas/digest"}
    statements = [f"set({document}, {{}})"]
    statements += [f'set({document}["{key}"], "{value}")' for key, value in sorted(constants.items())]
    statements += [
        f'set({document}["{key}"], resource.attributes["{attribute}"]) where resource.attributes["{attribute}"] != nil'
        for key, attribute in sorted(taken.items())
    ]
    statements += [
        f'set({document}["{key}"], resource.attributes["label.{label}"]) '
        f'where resource.attributes["label.{label}"] != nil'
        for key, label in sorted(labels.items())
    ]
    statements += [
        "set(resource.cache, resource.attributes)",
        'keep_matching_keys(resource.cache, "^label\\\\.")',
        'replace_all_patterns(resource.cache, "key", "^label\\\\.", "")',
        # A dot would make an object of the name before it, and a name cannot be both.
        'replace_all_patterns(resource.cache, "key", "[./]", "_")',
        f'set({document}["labels"], resource.cache) where Len(resource.cache) > 0',
    ]
    return {"context": "resource", "conditions": ['resource.attributes["document"] == nil'], "statements": statements}


def _document(kind: str) -> dict[str, Any]:
    """A line becomes its document; what is in a line of JSON, Elasticsearch's pipeline takes out of it. A batch that
    comes again after a failure is left as it is."""
    text = 'log.cache["text"]'
    record = f"^(?P<time>{_PREFIX.split(' ')[0]}) (?P<stream>stdout|stderr) [FP]\\\\S* (?P<text>(?s:.*))$"
    statements = [
        f'merge_maps(log.cache, ExtractPatterns(log.body, "{record}"), "upsert")',
        f"set({text}, log.body) where {text} == nil",
        'set(log.cache["time"], FormatTime(log.observed_time, "%Y-%m-%dT%H:%M:%S.%fZ")) where log.cache["time"] == nil',
    ]
    if kind == "text":
        statements += [
            # Pieces of one line go together without a break; lines of a trace keep theirs.
            f'replace_pattern({text}, "\\n{_PREFIX} (P|F)\\\\S* ", "") where IsMatch(log.body, "^{_PREFIX} P")',
            f'replace_pattern({text}, "\\n{_PREFIX} (P|F)\\\\S* ?", "\\n")',
        ]
    statements += [
        f"replace_pattern({text}, {_quoted(each.pattern)}, {_quoted(each.replacement.replace('$', '$$'))})"
        for each in redactions()
    ]
    statements += [
        'set(log.body, resource.attributes["document"])',
        'set(log.body["@timestamp"], log.cache["time"])',
        'set(log.body["log.iostream"], log.cache["stream"])',
        'set(log.body["log.offset"], log.attributes["log.file.record_offset"])',
        f'set(log.body["message"], {text})',
    ]
    where = 'Concat([resource.attributes["source"], log.cache["time"], log.attributes["log.file.record_offset"]], "/")'
    statements.append(f'set(log.attributes["elasticsearch.document_id"], Murmur3Hash128({where}))')
    return {"context": "log", "conditions": ["IsString(log.body)"], "statements": statements}


def _quoted(text: str) -> str:
    """A string of the transformation language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _credential(agent: Agent) -> dict[str, str]:
    value = "${env:ELASTICSEARCH_CREDENTIAL}"
    if agent.credential is None:
        return {}
    return {"api_key": value} if agent.credential == "api-key" else {"user": agent.user, "password": value}


def _exporter(agent: Agent, *, lines: bool) -> dict[str, Any]:
    """Lines wait in their file, text on disk.

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
    queue |= {"wait_for_result": True} if lines else {"storage": "file_storage"}
    return {
        "endpoints": [agent.endpoint],
        **_credential(agent),
        **({"tls": {"ca_file": agent.ca_file}} if agent.ca_file else {}),
        "logs_index": stream(agent.environment),
        "logs_dynamic_id": {"enabled": True},
        "mapping": {"mode": "bodymap"},
        "compression": agent.compression,
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
