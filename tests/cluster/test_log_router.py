"""What a container on ECS writes reaches a real Elasticsearch through the router of its task: a real Collector that is
spoken to as ECS's log driver does, by the Forward protocol on a socket."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.logging import router
from delivery import log_setup
from delivery.output import Output
from sandbox import toolchain
from sandbox.driver import Endpoint
from tests.cluster.lines import ELASTICSEARCH, Index, ask, until
from tests.components.worlds import environment

pytestmark = pytest.mark.cluster

IMAGE = "registry.example.org/web@sha256:" + "a" * 64
TASK = "0123456789abcdef0123456789abcdef"
PIECE = 16384
"""Bytes at which the driver breaks a line."""
MANY = 500


class Driver:
    """ECS's log driver, for the containers of one task."""

    def __init__(self, path: Path) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(path))

    def write(self, text: str, container: str = "web", stream: str = "stdout") -> None:
        """One line, in pieces where it is long."""
        pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)] or [""]
        for number, piece in enumerate(pieces):
            record = {"log": piece, "container_id": "c", "container_name": container, "source": stream}
            if len(pieces) > 1:
                last = "true" if number == len(pieces) - 1 else "false"
                record |= {"partial_message": "true", "partial_id": "p", "partial_last": last}
            self._send(f"{container}-firelens-{TASK}", record)

    def _send(self, tag: str, record: dict[str, str]) -> None:
        when = time.time_ns()
        stamp = b"\xd7\x00" + struct.pack(">II", when // 10**9, when % 10**9)
        fields = b"".join(_text(key) + _text(value) for key, value in record.items())
        self._connection.sendall(b"\x93" + _text(tag) + stamp + bytes([0x80 | len(record)]) + fields)

    def close(self) -> None:
        self._connection.close()


def _text(value: str) -> bytes:
    encoded = value.encode()
    return b"\xdb" + struct.pack(">I", len(encoded)) + encoded


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Task:
    """A router that runs, and where its lines arrive."""

    def __init__(self, driver: Driver, index: Index, process: subprocess.Popen[bytes]) -> None:
        self.driver, self.index, self.process = driver, index, process

    def count(self, container: str) -> int:
        """How many documents of one container there are."""
        return self.index.count({"term": {"container.name": container}})

    def lines(self, container: str, most: int = 50) -> list[dict[str, Any]]:
        """The documents of one container."""
        return self.index.search({"term": {"container.name": container}}, most)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory, sandbox: Endpoint) -> Iterator[Task]:
    directory = tmp_path_factory.mktemp("router")
    index = Index(f"router-{os.getpid()}")
    described = router.Router(
        environment=index.environment,
        platform="aws-ecs",
        service="web",
        namespace="shop-prod",
        endpoint=ELASTICSEARCH,
        credential=None,
        socket=str(directory / "fluent.sock"),
        loopback=_free_port(),
    )
    variables = {
        **os.environ,
        "ROUTER_CONFIG": json.dumps(router.configuration(described)),
        router.IMAGE: IMAGE,
        router.VERSION: "a" * 12,
    }
    index.install()
    program = toolchain.current((toolchain.LOGS,)).tool("collector")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), "--config=env:ROUTER_CONFIG"], env=variables, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: (directory / "fluent.sock").exists(), 20, "the router's socket")
        driver = Driver(directory / "fluent.sock")
        yield Task(driver, index, process)
        driver.close()
    finally:
        process.terminate()
        process.wait(timeout=40)
        index.remove()


def test_a_line_of_json_arrives_with_the_fields_that_every_platform_has(task: Task) -> None:
    said = {"msg": "request", "level": "INFO", "trace_id": "0af7651916cd43dd8448eb211c80319c", "status": 200}
    task.driver.write(json.dumps({**said, "authorization": "Bearer abcdefgh.ijklmnop"}))
    until(lambda: task.count("web") == 1, 20, "the line")
    (line,) = task.lines("web")
    assert line["message"] == "request"
    assert (line["log.level"], line["trace.id"]) == ("info", said["trace_id"])
    assert line["app"]["status"] == 200
    assert line["app"]["authorization"] == "[redacted]"
    assert (line["service.name"], line["service.version"]) == ("web", "a" * 12)
    assert (line["service.environment"], line["cloud.platform"]) == (task.index.environment, "aws-ecs")
    assert line["container.image.hash.all"] == [IMAGE]
    assert (line["service.node.name"], line["orchestrator.namespace"]) == (TASK, "shop-prod")
    assert line["log.iostream"] == "stdout"
    assert line["@timestamp"][:4] == time.strftime("%Y")


def test_a_trace_is_one_document_and_a_long_line_is_whole(task: Task) -> None:
    long = "0123456789abcdef" * 4096 + " the end"
    for text in (
        "before",
        "plain, with Authorization: Bearer abcdefgh.ijklmnop and password=hunter2",
        "Traceback (most recent call last):",
        '  File "shop.py", line 7, in <module>',
        "ValueError: one document",
        long,
        "last",
    ):
        task.driver.write(text, "helper", "stderr")
    until(lambda: task.count("helper") == 4, 30, "four documents")
    found = {line["message"][:20]: line for line in task.lines("helper")}
    assert found["0123456789abcdef0123"]["message"] == long
    trace = found["plain, with Authoriz"]["message"]
    assert trace.count("[redacted]") == 2
    assert trace.splitlines()[1:] == [
        "Traceback (most recent call last):",
        '  File "shop.py", line 7, in <module>',
        "ValueError: one document",
    ]
    assert "hunter2" not in repr(found)
    assert found["last"]["log.iostream"] == "stderr"
    assert "container.image.hash.all" not in found["last"]


def test_every_line_of_many_is_there_once(task: Task) -> None:
    for number in range(MANY):
        task.driver.write(json.dumps({"msg": "numbered", "n": number}), "many")
    until(lambda: task.count("many") >= MANY, 30, "every line")
    assert sorted(line["app"]["n"] for line in task.lines("many", MANY * 2)) == list(range(MANY))


def test_an_elasticsearch_that_exists_is_told_and_may_be_told_again(sandbox: Endpoint) -> None:
    logging = {"agent": IMAGE, "elasticsearch": ELASTICSEARCH}
    described = environment(stack="dev", logging=logging)
    for _ in range(2):
        done = log_setup.install(described, Output(), basic=False)
    assert done.elasticsearch == (
        "_ingest/pipeline/caas-logs",
        "_index_template/caas-logs-dev",
        "_index_template/caas-logs-events",
    )
    (found,) = ask("GET", "_index_template/caas-logs-dev")["index_templates"]
    assert found["index_template"]["index_patterns"] == ["logs-caas.app-dev"]
    assert found["index_template"]["template"]["mappings"]["dynamic"] is False
