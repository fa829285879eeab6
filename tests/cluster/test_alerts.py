"""A service that begins to fail pages somebody, and one that is well again stops: through a Prometheus and an
Alertmanager that the operator makes, with a period that is short enough for a test. A page ends a release that is
under way: the gate asks the sandbox's own such Prometheus, which takes the same rules."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from delivery import prometheus as gates
from delivery.exit_codes import Exit
from sandbox import toolchain
from sandbox.source.api import Api
from sandbox.source.monitoring import WATCH
from tests.cluster import hello
from tests.cluster.load import Load, until
from tests.cluster.receiver import Receiver, receiver
from tests.cluster.routes import Watched
from tests.cluster.scene import Scene, scene

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

PAGE = ("ServiceFailsTooOften", "page")
WITHIN = 180
"""Seconds in which somebody is paged."""


class Prometheus:
    """The environment's own, asked through the cluster's API: nothing else reaches it from outside."""

    def __init__(self, watched: Scene) -> None:
        self._api = Api(Path(watched.kubeconfig))
        namespace = f"{watched.target.namespace}-monitoring"
        self._path = f"/api/v1/namespaces/{namespace}/services/prometheus-operated:web/proxy/api/v1"

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that a question gives; none while it does not answer."""
        text = urllib.parse.urlencode({"query": query})
        found = self._api.get(f"{self._path}/query?{text}", absent=(404, 500, 502, 503)) or {}
        series: list[dict[str, Any]] = found.get("data", {}).get("result", [])
        return series

    def firing(self) -> list[str]:
        """The names of the alerts that fire."""
        return sorted(one["metric"]["alertname"] for one in self.ask('ALERTS{alertstate="firing"}'))


def fail(watched: Scene, share: float, url: str = hello.INGRESS) -> None:
    """Have the service answer this share of its requests with an error.

    :param url: Where it is told so: by the ingress, unless another way leads to a single version.
    """
    request = urllib.request.Request(
        f"{url}/admin/switches",
        data=json.dumps({"errorRate": share}).encode(),
        headers={"Host": watched.host, "Content-Type": "application/json"},
        method="POST",
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        assert json.load(answer)["errorRate"] == share


def set_secret(watched: Scene, key: str, value: str) -> None:
    """As a person does, with the value on stdin."""
    made = watched.project.pulumi("stack", "init", "--no-select")
    assert made.code == 0, made.text
    command = ["pulumi", "--non-interactive", "config", "set", "--secret", "--path", f"caas:secrets.{key}"]
    subprocess.run(
        [*command, "--stack", watched.project.stack],
        input=value,
        text=True,
        cwd=watched.project.directory,
        env=watched.project.variables,
        check=True,
        capture_output=True,
    )


def described(turn: str = "1") -> dict[str, Any]:
    """A service that can be made to fail, with a day as its period; a release of it stays at its first step.

    :param turn: Another one is another version.
    """
    service = hello.shifting("canary", {"step": {"minutes": 2}}, replicas=1, slo={"period": 1})
    service["environment"] |= {"HELLO_ADMIN": "true", "TURN": turn}
    return service


def settings() -> dict[str, Any]:
    """An environment that has a Prometheus and an Alertmanager of its own, and whose gate asks the sandbox's."""
    labels = {"release": "sandbox"}
    watching = {"scrapeInterval": 2, "labels": labels, "receivers": {"webhook": {"url": "hook"}}}
    return {"monitoring": watching, "gate": {**hello.GATE, "prometheus": WATCH}}


def watch(watched: Scene, told: Receiver) -> None:
    """Apply the service, and whom it tells."""
    watched.describe(described(), **settings())
    set_secret(watched, "hook", told.url)
    watched.up()


@dataclass(frozen=True)
class Paged:
    """A service that is watched, and somebody who is told."""

    watched: Scene
    told: Receiver
    hey: str


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory, sandbox_variables: dict[str, str]) -> Iterator[Paged]:
    hey = str(toolchain.current().tool("hey"))
    with receiver() as told, scene(tmp_path_factory.mktemp("paged"), sandbox_variables, "alert") as watched:
        watch(watched, told)
        yield Paged(watched, told, hey)


def test_five_percent_of_errors_page_a_webhook_and_recovery_resolves_it(paged: Paged) -> None:
    watched, told = paged.watched, paged.told
    prometheus = Prometheus(watched)
    until(lambda: sees(prometheus), 120, "Prometheus reads the service by its PodMonitor, and the counts")
    with Load(paged.hey, watched.host, rate=10, workers=4):
        until(lambda: judges(prometheus), 60, "the rules have a ratio")
        assert prometheus.firing() == []
        fail(watched, 0.05)
        until(lambda: PAGE in told.alerts("firing"), WITHIN, "the webhook is told of a page")
        alert = told.last("ServiceFailsTooOften")
        assert alert["labels"].items() >= {"service": "hello", "environment": watched.project.stack}.items()
        assert "of the requests of hello in" in alert["annotations"]["summary"]
        assert "@sha256:" in alert["annotations"]["deployment"]
        fail(watched, 0)
        until(lambda: PAGE in told.alerts("resolved"), WITHIN, "the webhook is told that it is over")
        until(lambda: prometheus.firing() == [], 60, "nothing fires any more")
    preview = watched.project.pulumi("preview", "--expect-no-changes")
    assert preview.code == 0, preview.text


def test_a_page_during_a_release_takes_it_back_and_the_status_shows_it(paged: Paged) -> None:
    """The old version fails and the new one does not: nothing but the page is against it."""
    watched = paged.watched
    with Load(paged.hey, watched.host, rate=10, workers=4):
        until(lambda: paging(watched) == [], 120, "the sandbox's Prometheus knows the service, and no page of it")
        watched.describe(described("2"), **settings())
        command = begun(watched, "10 % to the new version, analysis 1 of 12")
        (address,) = [one["spec"]["clusterIP"] for one in watched.found("services", "api/v1") if named(one) == "hello"]
        fail(watched, 0.5, f"http://{address}")
        text, _ = command.communicate(timeout=100)
        status = json.loads(watched.project.caas("status", "--json").out)
    assert command.returncode == Exit.DEPLOYMENT_FAILED, text
    assert "since the release began somebody is paged: ServiceFailsTooOften" in text
    assert {"service": "hello", "alert": "ServiceFailsTooOften", "severity": "page"} in status["watched"]["alerts"]
    look = Watched(watched.kubeconfig, watched.target).look()
    assert look is not None
    assert (look.weights, look.held) == ({"hello": 1}, False)
    assert watched.objects() == ["hello"]


def begun(watched: Scene, line: str) -> subprocess.Popen[str]:
    """A ``caas up`` that has said a line."""
    command = subprocess.Popen(
        watched.project.caas_command("up"),
        env=watched.project.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert command.stdout is not None
    seen = []
    for said in command.stdout:
        seen.append(said)
        if line in said:
            return command
    raise AssertionError(f"it ended without {line!r}:\n{''.join(seen)}")


def named(one: Mapping[str, Any]) -> str:
    """The name of an object."""
    name: str = one["metadata"]["name"]
    return name


def paging(watched: Scene) -> list[str] | None:
    """The pages that the gate's Prometheus has of the service, pending ones too; None while it works out no rules."""
    where = f'project="caas-test",environment="{watched.project.stack}"'
    asked = gates.Prometheus(WATCH)
    if len(asked.labels(f"service:slo_bad:ratio_rate10s{{{where}}}")) < 2:
        return None
    return sorted(one["alertname"] for one in asked.labels(f'ALERTS{{{where},severity="page"}}'))


def sees(prometheus: Prometheus) -> bool:
    """Whether it reads the service, and knows how many instances there are."""
    return bool(prometheus.ask('up{container="hello"} == 1')) and bool(
        prometheus.ask('kube_deployment_status_replicas_available{deployment="hello"} == 1')
    )


def judges(prometheus: Prometheus) -> bool:
    """Whether both halves of the objective have a figure."""
    return len(prometheus.ask('service:slo_bad:ratio_rate10s{service="hello"}')) == 2
