"""What containers on Container Instances write reaches a real Elasticsearch: a workspace that refuses what it does not
know, the real forwarder as a process of its own, a real Collector, and an Elasticsearch that is asked what it has.

One run: lines of every kind, and many, while the forwarder is killed, the Collector is, and Elasticsearch is away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from components.logging import intake
from components.logging.forwarder.settings import CLIENT as CLIENT_VARIABLE
from components.logging.forwarder.settings import CONFIGURATION, Settings
from components.logging.forwarder.settings import WORKSPACE as WORKSPACE_VARIABLE
from sandbox import ports, toolchain
from sandbox.driver import Endpoint
from tests.cluster.gate import Gate
from tests.cluster.lines import Index, until
from tests.components.logging.log_analytics import CLIENT, WORKSPACE, LogAnalytics, at, serve, stored

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "shopteam.azurecr.io/web@sha256:" + "a" * 64
GROUP = "web-5e0b6f7c"
MANY = 3000
START = f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%M}:00.0000000Z"
OTHERS = 7
"""Documents beside the many: of ten rows, four are one trace."""
OWN = "shop-prod-log-forwarder"
LONG = "0123456789abcdef" * 2000
"""As long as a value of the workspace may be."""
TRACE = ("Traceback (most recent call last):", '  File "shop.py", line 7, in <module>', "ValueError: one document")


class Group:
    """The forwarder's container group: both programs, started as often as it takes."""

    def __init__(self, directory: Path, workspace: LogAnalytics, index: Index, gate: Gate, port: int) -> None:
        self._directory = directory
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        described = intake.Intake(
            environment=index.environment,
            platform="azure-aci",
            namespace="shop-prod",
            endpoint=gate.url,
            credential=None,
            port=port,
        )
        settings = Settings(
            own=OWN,
            services=("web", "shop"),
            continues=intake.continues(),
            elasticsearch=gate.url,
            stream=index.name,
            platform="azure-aci",
            credential=None,
            collector=port,
            lookback=86400 * 2,
            pause=0.2,
            patience=4,
            api=workspace.url,
            metadata=workspace.url,
        )
        collector = toolchain.current((toolchain.LOGS,)).tool("collector")
        self._commands = {
            "collector": [str(collector), "--config=env:COLLECTOR_CONFIG"],
            "forwarder": [sys.executable, "-m", "components.logging.forwarder"],
        }
        self._variables = {
            **os.environ,
            "COLLECTOR_CONFIG": json.dumps(intake.configuration(described)),
            CONFIGURATION: settings.encoded(),
            WORKSPACE_VARIABLE: WORKSPACE,
            CLIENT_VARIABLE: CLIENT,
        }

    def start(self, name: str) -> None:
        """One of the two, as Azure starts it again."""
        with (self._directory / f"{name}.log").open("ab") as log:
            self._programs[name] = subprocess.Popen(
                self._commands[name], cwd=ROOT, env=self._variables, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self, name: str) -> None:
        """End it as a lack of memory would."""
        self._programs[name].kill()
        self._programs[name].wait(timeout=20)

    def stop(self) -> list[int]:
        """End both in order; what they said last."""
        for program in self._programs.values():
            program.terminate()
        return [program.wait(timeout=40) for program in self._programs.values()]


def rows() -> list[dict[str, str]]:
    """What the workspace holds: one line of each kind, and many, over fifty minutes."""
    said = {"msg": "request", "level": "INFO", "trace_id": "0af7651916cd43dd8448eb211c80319c", "status": 200}

    def row(seconds: float, message: str, **changes: str) -> dict[str, str]:
        return stored(at(seconds, START), message, **{"Group": GROUP, "Image": IMAGE, **changes})

    helper = {"Container": "helper", "Identity": "c2", "Image": "shopteam.azurecr.io/helper@sha256:" + "b" * 64}
    return [
        row(0, json.dumps({**said, "authorization": "Bearer abcdefgh.ijklmnop"}), Source="stdout"),
        row(0, "plain, with Authorization: Bearer abcdefgh.ijklmnop and password=hunter2", **helper),
        *(row(0, line, **helper) for line in TRACE),
        row(0, LONG, **helper),
        row(0, "last", Source="stderr", **helper),
        row(0, "the forwarder's own", Group=OWN),
        *(row(1, "alike in everything") for _ in range(3)),
        *(row(number * 3000 / MANY, json.dumps({"msg": "numbered", "n": number})) for number in range(MANY)),
    ]


def more_than(index: Index, least: int) -> bool:
    return index.count() > least


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, sandbox: Endpoint) -> Iterator[Index]:
    """Where everything has arrived, after the forwarder and the Collector were killed, and Elasticsearch was away."""
    index, directory = Index(f"forwarder-{os.getpid()}"), tmp_path_factory.mktemp("forwarder")
    index.install()
    with ExitStack() as stack:
        stack.callback(index.remove)
        workspace = stack.enter_context(serve(LogAnalytics(rows=rows())))
        gate = stack.enter_context(Gate(ports.ELASTICSEARCH))
        group = Group(directory, workspace, index, gate, free_port())
        stack.callback(group.stop)
        for name in ("collector", "forwarder"):
            group.start(name)
        for name, least in (("forwarder", 200), ("collector", 1000)):
            until(partial(more_than, index, least), 60, f"{least} documents")
            group.kill(name)
            assert index.count() < MANY, "it was killed when all was done"
            group.start(name)
        until(lambda: index.count() > 1700, 60, "1700 documents")
        gate.close()
        until(lambda: gate.refused > 1, 30, "both programs, or one twice, before a closed gate")
        assert index.count() < MANY, "Elasticsearch went when all was done"
        gate.open()
        until(lambda: index.count() >= MANY + OTHERS, 120, "every document")
        assert group.stop() == [0, 0]
        yield index


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lines(index: Index, container: str) -> list[dict[str, Any]]:
    """The documents of one container that are not numbered."""
    own, many = {"term": {"container.name": container}}, {"match": {"message": "numbered"}}
    return index.search({"bool": {"must": [own], "must_not": [many]}})


def test_every_line_is_there_once_though_everybody_was_away_once(index: Index) -> None:
    assert index.count() == MANY + OTHERS
    found = [number for number in index.every("n") if number is not None]
    assert sorted(found) == list(range(MANY))


def test_a_line_of_json_arrives_with_the_fields_that_every_platform_has(index: Index) -> None:
    (line,) = [one for one in lines(index, "web") if one["message"] == "request"]
    assert (line["log.level"], line["trace.id"]) == ("info", "0af7651916cd43dd8448eb211c80319c")
    assert line["app"]["status"] == 200
    assert line["app"]["authorization"] == "[redacted]"
    assert (line["service.name"], line["service.version"]) == ("web", "a" * 12)
    assert (line["service.environment"], line["cloud.platform"]) == (index.environment, "azure-aci")
    assert line["container.image.hash.all"] == [IMAGE]
    assert (line["service.node.name"], line["orchestrator.resource.name"]) == (GROUP, GROUP)
    assert line["orchestrator.namespace"] == "shop-prod"
    assert line["log.iostream"] == "stdout"
    assert line["event.created"] == START
    assert line["@timestamp"][:19] == START[:19]


def test_a_trace_is_one_document_and_secrets_have_not_left(index: Index) -> None:
    found = {line["message"][:10]: line for line in lines(index, "helper")}
    assert sorted(found) == ["0123456789", "last", "plain, wit"]
    trace = found["plain, wit"]
    assert trace["message"].count("[redacted]") == 2
    assert trace["message"].splitlines()[1:] == list(TRACE)
    assert "hunter2" not in repr(found)
    assert "log.iostream" not in trace
    assert found["last"]["log.iostream"] == "stderr"
    assert found["0123456789"]["message"] == LONG
    assert (trace["service.name"], trace["container.name"]) == ("web", "helper")
    assert "service.version" not in trace


def test_lines_that_are_alike_are_all_there_and_the_forwarder_s_own_are_not(index: Index) -> None:
    alike = [line for line in lines(index, "web") if line["message"] == "alike in everything"]
    assert len(alike) == 3
    assert index.count({"term": {"service.node.name": OWN}}) == 0
