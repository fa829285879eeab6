"""The cluster as an environment sees it: provider, closed namespace, login."""

from __future__ import annotations

import base64
import json
from typing import Any

import pulumi
import pulumi_kubernetes
import pytest

from components import platform
from components.kubernetes.cluster import Cluster, ClusterArgs
from tests.components.recorder import record
from tests.components.worlds import environment

PROVIDER = "pulumi:providers:kubernetes"
MARKER = "marker-8e2a"


def test_the_namespace_is_closed() -> None:
    recording = record(lambda: Cluster("cluster", ClusterArgs(environment=environment())).namespace)
    labels = recording.one("kubernetes:core/v1:Namespace").inputs["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
    policy = recording.one("kubernetes:networking.k8s.io/v1:NetworkPolicy").inputs["spec"]
    assert policy["podSelector"] == {}
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy
    (rule,) = policy["egress"]
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert recording.result == "caas-staging"


def test_the_stack_may_name_namespace_kubeconfig_and_context() -> None:
    settings = {"namespace": "shop", "kubeconfig": "/etc/shop.yaml", "context": "blue"}
    recording = record(lambda: platform.declare(environment(kubernetes=settings), {}))
    assert recording.one("kubernetes:core/v1:Namespace").inputs["metadata"]["name"] == "shop"
    provider = recording.one(PROVIDER).inputs
    assert (provider["kubeconfig"], provider["context"]) == ("/etc/shop.yaml", "blue")
    assert recording.result["kubernetes"] == {
        "kubeconfig": "/etc/shop.yaml",
        "context": "blue",
        "ingressEndpoint": None,
    }


def test_a_kubeconfig_that_only_the_machine_names_stays_out_of_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"/home/{MARKER}/kubeconfig")
    recording = record(lambda: platform.declare(environment(kubernetes={"context": "blue"}), {}))
    provider = recording.one(PROVIDER).inputs
    assert "kubeconfig" not in provider
    assert (provider["context"], provider["upsertExistingObjects"]) == ("blue", "true")
    assert MARKER not in repr((recording.resources, recording.outputs, recording.result))


def test_the_stacks_kubeconfig_goes_before_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"/home/{MARKER}/kubeconfig")
    recording = record(lambda: platform.declare(environment(kubernetes={"kubeconfig": "/etc/shop.yaml"}), {}))
    assert recording.one(PROVIDER).inputs["kubeconfig"] == "/etc/shop.yaml"


def test_what_a_killed_run_left_is_adopted() -> None:
    recording = record(lambda: platform.declare(environment(), {}))
    assert recording.one(PROVIDER).inputs["upsertExistingObjects"] == "true"


def test_a_provider_that_exists_is_used() -> None:
    def program() -> None:
        mine = pulumi_kubernetes.Provider("mine", context="green")
        Cluster("cluster", ClusterArgs(environment=environment(), provider=mine))

    recording = record(program)
    assert recording.one(PROVIDER).name == "mine"
    assert "::mine::" in recording.one("kubernetes:core/v1:Namespace").provider


def test_a_login_pulls_images_and_stays_secret() -> None:
    registry = {"address": "registry.example.com/team", "username": "robot", "password": "pull"}
    world = environment(registry=registry, secrets=("pull",))

    def program() -> dict[str, Any]:
        return platform.declare(world, {"pull": pulumi.Output.secret(MARKER)})

    recording = record(program)
    secret = recording.one("kubernetes:core/v1:Secret")
    assert secret.inputs["type"] == "kubernetes.io/dockerconfigjson"
    assert any(path.startswith("stringData") for path in secret.secret_paths)
    document = json.loads(secret.inputs["stringData"][".dockerconfigjson"])
    token = base64.b64decode(document["auths"]["registry.example.com"]["auth"]).decode()
    assert token == f"robot:{MARKER}"
    pod = recording.one("kubernetes:apps/v1:Deployment").inputs["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": secret.inputs["metadata"]["name"]}]
    others = [one.inputs for one in recording.resources if one.urn != secret.urn]
    assert MARKER not in repr((others, recording.outputs, recording.result))
