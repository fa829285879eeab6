"""A service that begins to fail pages somebody, and one that is well again stops: through a Prometheus and an
Alertmanager that the operator makes, with a period that is short enough for a test."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox import toolchain
from sandbox.source.api import Api
from tests.cluster import hello
from tests.cluster.load import Load, until
from tests.cluster.receiver import Receiver, receiver
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


def fail(watched: Scene, share: float) -> None:
    """Have the service answer this share of its requests with an error."""
    request = urllib.request.Request(
        f"{hello.INGRESS}/admin/switches",
        data=json.dumps({"errorRate": share}).encode(),
        headers={"Host": watched.host, "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
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


def watch(watched: Scene, told: Receiver) -> None:
    """Apply a service that can be made to fail, with a day as its period, and whom it tells."""
    service = hello.with_environment(HELLO_ADMIN="true")
    service |= {"replicas": 1, "slo": {"period": 1}}
    monitoring = {"scrapeInterval": 2, "receivers": {"webhook": {"url": "hook"}}}
    watched.describe(service, monitoring=monitoring)
    set_secret(watched, "hook", told.url)
    watched.up()


def test_five_percent_of_errors_page_a_webhook_and_recovery_resolves_it(
    tmp_path: Path, sandbox_variables: dict[str, str]
) -> None:
    hey = str(toolchain.current().tool("hey"))
    with receiver() as told, scene(tmp_path, sandbox_variables, "alert") as watched:
        watch(watched, told)
        prometheus = Prometheus(watched)
        until(lambda: sees(prometheus), 120, "Prometheus reads the service by its PodMonitor, and the counts")
        with Load(hey, watched.host, rate=10, workers=4):
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


def sees(prometheus: Prometheus) -> bool:
    """Whether it reads the service, and knows how many instances there are."""
    return bool(prometheus.ask('up{container="hello"} == 1')) and bool(
        prometheus.ask('kube_deployment_status_replicas_available{deployment="hello"} == 1')
    )


def judges(prometheus: Prometheus) -> bool:
    """Whether both halves of the objective have a figure."""
    return len(prometheus.ask('service:slo_bad:ratio_rate10s{service="hello"}')) == 2
