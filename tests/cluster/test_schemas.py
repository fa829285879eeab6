"""Every object that an environment declares on Kubernetes is one that the API server takes, read strictly: no unknown
field, no wrong type, nothing that admission refuses. It is asked for a dry run, so nothing is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.client import DynamicClient  # type: ignore[import-untyped] # the stubs leave it out

from components import release
from components.spec import Environment
from sandbox.driver import Endpoint
from tests.components.inventory import WORLDS
from tests.components.worlds import environment, service
from tests.static.manifests import manifests, recording

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

NAMESPACE = "caas-schemas"
OTHERS = ("networking.gke.io/", "monitoring.googleapis.com/")
"""API groups whose definitions the sandbox's cluster does not have: those of GKE's load balancer and of its managed
Prometheus."""

World = tuple[Callable[[str], Environment], str]
ON_KUBERNETES: list[World] = [
    (world, stack) for world, stack in WORLDS if world(stack).platform in ("kubernetes", "gke")
]


@pytest.fixture(scope="module")
def api(sandbox: Endpoint) -> Iterator[DynamicClient]:
    """The cluster, with a namespace in which objects can be tried."""
    settings = client.Configuration()
    config.load_kube_config(str(sandbox.kubeconfig), client_configuration=settings, persist_config=False)
    core = client.CoreV1Api(client.ApiClient(settings))
    try:
        core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    except ApiException as error:
        if error.status != 409:
            raise
    yield DynamicClient(client.ApiClient(settings))
    core.delete_namespace(NAMESPACE)


def refused(api: DynamicClient, manifest: dict[str, Any]) -> str | None:
    """What the API server says against an object; None where it takes it."""
    body = {**manifest, "metadata": {**manifest["metadata"]}}
    kind = api.resources.get(api_version=body["apiVersion"], kind=body["kind"])
    if kind.namespaced:
        body["metadata"]["namespace"] = NAMESPACE
    try:
        api.create(kind, body=body, query_params=[("dryRun", "All"), ("fieldValidation", "Strict")])
    except ApiException as error:
        return None if error.status == 409 else str(error.body)
    return None


@pytest.mark.parametrize("world", ON_KUBERNETES, ids=[f"{w(s).platform}-{s}" for w, s in ON_KUBERNETES])
def test_every_object_is_taken(world: World, api: DynamicClient) -> None:
    make, stack = world
    objects = [one for one in manifests(recording(make(stack))) if not one["apiVersion"].startswith(OTHERS)]
    assert {"Namespace", "Deployment", "Service", "NetworkPolicy"} <= {one["kind"] for one in objects}
    assert [(one["kind"], said) for one in objects if (said := refused(api, one))] == []


def test_every_object_of_a_new_version_is_taken(api: DynamicClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(release.VARIABLE, json.dumps({"web": 2}))
    described = service(ingress={"path": "/"}, rollout={"strategy": "canary"}, secrets={"KEY": {"config": "key"}})
    gate: dict[str, Any] = {
        "kubernetes": {"gateway": "ingress/front"},
        "gate": {"prometheus": "http://prometheus:9090"},
    }
    objects = manifests(recording(environment({"web": described}, secrets=("key",), **gate)))
    new = {one["kind"] for one in objects if one["metadata"]["name"].startswith("web-candidate")}
    kinds = {"ConfigMap", "Deployment", "Service", "Secret", "NetworkPolicy", "PodDisruptionBudget", "HTTPRoute"}
    assert new == kinds
    assert [(one["kind"], said) for one in objects if (said := refused(api, one))] == []


@pytest.mark.parametrize("prometheus", ["own", "existing"])
def test_every_object_of_who_watches_is_taken(prometheus: str, api: DynamicClient) -> None:
    told = {"receivers": {"webhook": {"url": "hook"}}} if prometheus == "own" else {}
    monitoring = {"prometheus": prometheus, "dashboards": {"namespace": "grafana"}, **told}
    objects = manifests(recording(environment(secrets=("hook",), monitoring=monitoring)))
    dashboards = [one for one in objects if one["metadata"].get("labels", {}).get("grafana_dashboard") == "1"]
    assert len(dashboards) == {"own": 3, "existing": 4}[prometheus]
    assert {"PodMonitor", "PrometheusRule", "ConfigMap"} <= {one["kind"] for one in objects}
    assert [(one["kind"], said) for one in objects if (said := refused(api, one))] == []


def test_a_misspelt_field_is_refused(api: DynamicClient) -> None:
    make, stack = ON_KUBERNETES[0]
    (service,) = (one for one in manifests(recording(make(stack))) if one["kind"] == "Service")
    said = refused(api, {**service, "spec": {**service["spec"], "sessionAffinty": "None"}})
    assert said is not None
    assert "sessionAffinty" in said
