"""A workload on Kubernetes that breaks no rule, to be changed in one place by a fixture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.pods import DEPLOYMENT, PODS
from policies.rule import Resource

DIGEST = "sha256:" + "a" * 64
IMAGE = f"registry.example.com/shop@{DIGEST}"
LABELS = {"app.kubernetes.io/name": "shop"}

CONTAINER: Mapping[str, Any] = {
    "name": "shop",
    "image": IMAGE,
    "imagePullPolicy": "IfNotPresent",
    "securityContext": {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
    "livenessProbe": {"tcpSocket": {"port": 8080}},
}

POD: Mapping[str, Any] = {
    "automountServiceAccountToken": False,
    "serviceAccountName": "shop",
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone"}],
}


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The base with some values changed, however deep. None stands for a key that is not there."""
    result = dict(base)
    for key, value in change.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return result


def workload(
    container: Mapping[str, Any] | None = None,
    *,
    pod: Mapping[str, Any] | None = None,
    spec: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    kind: str = "containers",
    type_: str = DEPLOYMENT,
    parent: str | None = None,
) -> Resource:
    """A good workload with changes to its container, its pod, its specification, its metadata.

    :param kind: The list that the container stands in.
    """
    inner: Any = merged({**POD, kind: [merged(CONTAINER, container or {})]}, pod or {})
    for step in reversed(PODS[type_]):
        # The labels of the pods stand beside their specification.
        inner = {"metadata": {"labels": LABELS}, "spec": inner} if step == "spec" else {step: inner}
    body = merged(inner, {"metadata": {"name": "shop", "namespace": "shop-prod"}})
    if spec:
        body = merged(body, {"spec": spec})
    return Resource(type_, "shop", merged(body, {"metadata": metadata or {}}), f"urn:{type_}::shop", parent)
