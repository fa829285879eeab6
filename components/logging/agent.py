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
from typing import Any

from components.logging import lines
from components.logging.processing import (
    DOCUMENT,
    LONGEST_LINE,
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

POD_LOGS = "/var/log/pods"
CHECKPOINTS = "/var/lib/agent"
"""Where the agent notes how far it has read, and keeps what waits."""
HEALTH_PORT = 13133
GATES = ("stanza.synchronousLogEmitter",)
"""Feature gates: without this one the place in a file is noted before its lines have gone on."""
FILE = 'attributes["log.file.path"]'
IDENTITY = (
    'Murmur3Hash128(Concat([resource.attributes["source"], log.cache["time"], '
    'log.attributes["log.file.record_offset"]], "/"))'
)
"""A line that is read twice has one id."""


@dataclass(frozen=True, kw_only=True)
class Agent(Sink):
    """What an agent is to do."""

    platform: str
    namespace: str
    """The one namespace whose pods it reads."""
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
        "receivers": {
            "filelog/lines": _receiver(agent, lines.operators()),
            "filelog/text": _receiver(agent, put_together(FILE)),
        },
        "processors": {
            "filter/lines": {"error_mode": "ignore", "logs": {"log_record": [lines.others()]}},
            "transform/source": transform(_source()),
            "transform/lines": transform(_constant(agent, *lines.shared()), lines.redacted(), lines.document()),
            "transform/text": transform(_constant(agent), joining(), redaction(), document(IDENTITY)),
            **({"k8sattributes": _metadata(agent)} if agent.with_metadata else {}),
        },
        "exporters": {
            "elasticsearch/lines": exporter(agent, lines=True),
            "elasticsearch/text": exporter(agent, lines=False, storage="file_storage"),
        },
        "service": {
            "extensions": list(extensions),
            "telemetry": TELEMETRY,
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
        # Elasticsearch shows lines every five seconds.
        "poll_interval": "1s",
        "max_log_size": LONGEST_LINE,
        # Bytes that are no text are replaced when the document is written, once, and not by each of two readers.
        "encoding": "utf-8-raw",
        "storage": "file_storage",
        # For ever: as long as the kubelet keeps a file, its lines are not lost.
        "retry_on_failure": {"enabled": True, "initial_interval": "500ms", "max_interval": "5s", "max_elapsed_time": 0},
        "operators": [
            *operators,
            {"type": "move", "from": FILE, "to": 'resource["log.file.path"]'},
        ],
    }


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


def _constant(agent: Agent, *more: str) -> dict[str, Any]:
    """What every line of a batch has in common: put together once for each batch."""
    taken = {
        "service.name": "k8s.container.name",
        "container.name": "k8s.container.name",
        "service.node.name": "k8s.pod.name",
        "orchestrator.resource.name": "k8s.pod.name",
        "orchestrator.namespace": "k8s.namespace.name",
        "container.image.hash.all": "container.image.repo_digests",
    }
    labels = {"service.name": "app.kubernetes.io/name", "service.version": "caas/digest"}
    statements = constants(agent, agent.platform, {"host.name": agent.node, **agent.constants})
    statements += [
        f'set({DOCUMENT}["{key}"], resource.attributes["{attribute}"]) where resource.attributes["{attribute}"] != nil'
        for key, attribute in sorted(taken.items())
    ]
    statements += [
        f'set({DOCUMENT}["{key}"], resource.attributes["label.{label}"]) '
        f'where resource.attributes["label.{label}"] != nil'
        for key, label in sorted(labels.items())
    ]
    statements += [
        "set(resource.cache, resource.attributes)",
        'keep_matching_keys(resource.cache, "^label\\\\.")',
        'replace_all_patterns(resource.cache, "key", "^label\\\\.", "")',
        # A dot would make an object of the name before it, and a name cannot be both.
        'replace_all_patterns(resource.cache, "key", "[./]", "_")',
        f'set({DOCUMENT}["labels"], resource.cache) where Len(resource.cache) > 0',
        *more,
    ]
    return {"context": "resource", "conditions": [f"{DOCUMENT} == nil"], "statements": statements}
