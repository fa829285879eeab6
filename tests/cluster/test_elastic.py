"""What is declared for Elastic's operator, judged by a real API server that knows the operator's own definitions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from components.kubernetes import elastic
from components.spec.environment import Environment
from sandbox import toolchain
from sandbox.driver import Endpoint
from sandbox.source.api import Api
from tests.cluster.lines import kubectl
from tests.components.worlds import environment, service

pytestmark = pytest.mark.cluster

KINDS = ("elasticsearches.elasticsearch", "kibanas.kibana", "logstashes.logstash")
AGENT = "registry.example.com/team/collector@sha256:" + "c" * 64


@pytest.fixture(scope="module")
def kubeconfig(sandbox: Endpoint) -> Iterator[str]:
    """A cluster that knows the three kinds; it forgets them afterwards."""
    definitions = toolchain.ensure((toolchain.ELASTIC,)).tool("all-crds.yaml")
    names = {f"{kind}.k8s.elastic.co" for kind in KINDS}
    documents = YAML(typ="safe").load_all(definitions.read_text(encoding="utf-8"))
    wanted = [one for one in documents if one["metadata"]["name"] in names]
    assert {one["metadata"]["name"] for one in wanted} == names
    api = Api(sandbox.kubeconfig)
    for one in wanted:
        api.apply(one)
    try:
        for name in sorted(names):
            kubectl(str(sandbox.kubeconfig), "wait", "--for=condition=Established", f"crd/{name}", "--timeout=30s")
        yield str(sandbox.kubeconfig)
    finally:
        kubectl(str(sandbox.kubeconfig), "delete", "--ignore-not-found", *(f"crd/{name}" for name in sorted(names)))


def described(tier: str) -> Environment:
    settings = {"agent": AGENT, "password": "logs"}
    services = {"web": service(scaling={"minimum": 3, "maximum": 4})}
    return environment(services, stack=tier, secrets=("logs",), logging=settings, kubernetes={"storageClass": "fast"})


def manifest(tier: str, kind: str) -> dict[str, Any]:
    made = described(tier)
    assert made.logging is not None
    version, spec = elastic.custom_resources(made.logging, made)[kind]
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "logs", "namespace": "default"}, "spec": spec}


def judged(kubeconfig: str, document: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """The server's word; nothing is created."""
    command = ["kubectl", "--kubeconfig", kubeconfig, "create", "--dry-run=server", "--validate=strict", "-f", "-"]
    return subprocess.run(command, input=json.dumps(document), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("tier", ["dev", "staging", "prod"])
def test_the_server_takes_every_custom_resource(kubeconfig: str, tier: str) -> None:
    for kind in ("Elasticsearch", "Kibana", "Logstash"):
        done = judged(kubeconfig, manifest(tier, kind))
        assert done.returncode == 0, done.stderr


def test_the_server_refuses_a_field_that_there_is_not(kubeconfig: str) -> None:
    wrong = manifest("prod", "Elasticsearch")
    wrong["spec"]["podDisruptionBudgets"] = {}
    done = judged(kubeconfig, wrong)
    assert done.returncode != 0
    assert "podDisruptionBudgets" in done.stderr
