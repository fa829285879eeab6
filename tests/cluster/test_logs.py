"""Lines of real containers reach a real Elasticsearch: all of them, once each, whoever is killed on the way."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator

import pytest

from sandbox.driver import Endpoint
from sandbox.source.api import Api
from tests.cluster.lines import ELASTICSEARCH, INSIDE, Index, Writer, agent_image, ask, process, until
from tests.cluster.scene import Scene, scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

LINES = 6000
RATE = 500


class Logs:
    """A stack with logging, and where its lines arrive."""

    def __init__(self, stack: Scene, endpoint: Endpoint) -> None:
        self.api = Api(endpoint.kubeconfig)
        self.namespace = stack.target.namespace
        self.index = Index(stack.project.stack)

    def writer(self, name: str) -> Writer:
        return Writer(self.api, self.namespace, name)

    def kill_agent(self) -> None:
        found = process(self.api, f"{self.namespace}-logging", "logging-agent", "collector")
        assert found is not None
        found.kill()

    def kill_elasticsearch(self) -> None:
        found = process(self.api, "logging", "elasticsearch", "Elasticsearch")
        assert found is not None
        found.kill()


@pytest.fixture(scope="module")
def logs(
    tmp_path_factory: pytest.TempPathFactory, sandbox: Endpoint, sandbox_variables: dict[str, str]
) -> Iterator[Logs]:
    """The sample service with an agent beside it."""
    with scene(tmp_path_factory.mktemp("logs"), sandbox_variables, "logs") as stack:
        made = Logs(stack, sandbox)
        made.index.install()
        try:
            logging = {"agent": agent_image(), "elasticsearch": INSIDE}
            stack.describe(logging=logging, notifications={"elasticsearch": ELASTICSEARCH})
            stack.up()
            yield made
        finally:
            made.index.remove()


def test_what_the_sample_service_writes_arrives_with_its_fields(logs: Logs) -> None:
    mine = {"term": {"service.name": "hello"}}
    until(lambda: logs.index.count(mine) >= 2, 60, "the service's own lines")
    line = logs.index.search(mine)[0]
    assert line["service.environment"] == logs.index.environment
    assert line["cloud.platform"] == "kubernetes"
    assert len(line["service.version"]) == 12
    assert any("@sha256:" in digest for digest in line["container.image.hash.all"])
    assert line["labels"]["app_kubernetes_io_name"] == "hello"
    assert line["event"]["ingested"] > line["@timestamp"][:10]


def test_every_line_arrives_once_although_both_are_killed(logs: Logs) -> None:
    logs.writer("killed").write(LINES, RATE)
    mine = {"term": {"service.name": "killed"}}
    until(lambda: logs.index.count(mine) > LINES // 10, 60, "the first lines")
    logs.kill_agent()
    until(lambda: logs.index.count(mine) > LINES // 2, 90, "half of the lines")
    logs.kill_elasticsearch()
    until(lambda: logs.index.count(mine) >= LINES, 150, "all lines")
    numbers = Counter(number for number in logs.index.every("n") if number is not None)
    assert set(numbers) == set(range(LINES))
    assert set(numbers.values()) == {1}


ODD = (
    b'{"msg":"before","n":-1}\n'
    b'{"msg":"a day late","time":"2001-02-03T04:05:06Z"}\n'
    b'{"msg":"string here","user":"ada"}\n'
    b'{"msg":"object there","user":{"name":"ada"},"a.b":{"c":1},"a":1}\n'
    b'{"msg":"message is an object","message":{"x":1}}\n'
    b'{"broken json": \n'
    b"bytes \xff\xfe that are no text\n"
    b"control \x01\x02\x1b[31m characters\n"
    b'{"msg":"json with a credential","password":"hunter2","it\'s":"kept"}\n'
    b'stdout F {"msg":"looks like a line of a runtime"}\n'
    b"plain, with Authorization: Bearer abcdefgh.ijklmnop and password=hunter2\n"
    b"Traceback (most recent call last):\n"
    b'  File "shop.py", line 7, in <module>\n'
    b"ValueError: one document\n"
    b'{"msg":"after","n":-2}\n'
)


def test_odd_lines_stop_nothing_and_can_be_found(logs: Logs) -> None:
    encoded = base64.b64encode(ODD).decode()
    long = 'awk \'BEGIN{for(i=0;i<65536;i++)printf "0123456789abcdef"; print " the end"}\''
    logs.writer("odd").start(["sh", "-c", f"echo {encoded} | base64 -d; {long}; sleep 3; echo last"])
    mine = {"term": {"service.name": "odd"}}
    until(lambda: "last" in {line["message"] for line in logs.index.search(mine)}, 60, "the last line")
    found = {line["message"][:200]: line for line in logs.index.search(mine)}
    assert {"before", "after", "string here", "object there", "message is an object", "last"} <= set(found)
    assert found["string here"]["app"]["user"] == "ada"
    assert found["object there"]["app"]["user"] == {"name": "ada"}
    late = found["a day late"]
    assert late["app"]["time"] == "2001-02-03T04:05:06Z"
    assert late["@timestamp"][:4] == found["before"]["@timestamp"][:4]
    assert found["json with a credential"]["app"] == {"password": "[redacted]", "it's": "kept"}
    assert {line["log.iostream"] for line in found.values()} == {"stdout"}
    assert not [line for line in found.values() if "caas_common" in line]
    texts = "\n".join(found)
    assert 'stdout F {"msg":"looks like' in texts
    assert '{"broken json":' in texts
    assert "that are no text" in texts
    assert "characters" in texts
    assert "hunter2" not in texts
    assert "abcdefgh" not in texts
    (trace,) = [line for text, line in found.items() if "Traceback" in text]
    assert trace["message"].endswith("ValueError: one document")
    (large,) = [line for text, line in found.items() if text.startswith("0123456789abcdef")]
    assert len(large["message"]) > 2**20
    assert large["message"].endswith("the end")


def test_a_deployment_is_an_event_beside_the_lines(logs: Logs) -> None:
    query = {"term": {"service.environment": logs.index.environment}}
    ask("POST", "logs-caas.event-default/_refresh")
    found = ask("POST", "logs-caas.event-default/_search", {"query": query})["hits"]["hits"]
    (event,) = [hit["_source"] for hit in found]
    assert event["event"]["action"] == "deployment-success"
    assert event["event"]["outcome"] == "success"
    assert event["caas"]["services"] == ["hello"]
    (image,) = event["caas"]["images"]
    assert image.startswith("hello=")
    assert "@sha256:" in image
