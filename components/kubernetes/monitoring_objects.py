"""What prometheus-operator is asked for: a Prometheus and an Alertmanager of one environment. Pure documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.kubernetes.monitoring_dashboards import GRAFANA_LABELS
from components.naming import name as dns_name
from components.spec import defaults
from components.spec.environment import Environment
from components.spec.monitoring import Monitoring

if TYPE_CHECKING:
    from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict, NetworkPolicySpecArgsDict
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict

CHART = "kube-prometheus-stack"
CHART_VERSION = "77.0.0"
"""Brings operator 0.85."""
CHART_REPOSITORY = "https://prometheus-community.github.io/helm-charts"

USER = 10001
PORT = 9090
"""Prometheus' own."""
ALERTMANAGER_PORT = 9093
STATE_METRICS = "kube-state-metrics"
STATE_METRICS_PORT = 8080

PROMETHEUS_LABELS = {"app.kubernetes.io/name": "prometheus"}
"""The operator puts them on Prometheus' pods."""
ALERTMANAGER_LABELS = {"app.kubernetes.io/name": "alertmanager"}

HARDENED = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def chart_values(prefix: str, grafana: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The chart's operator and exporters, and none of its Prometheus, Alertmanager and rules: those are the
    environments' own.

    :param grafana: Settings of its Grafana; None where none is asked for.
    """
    return {
        "fullnameOverride": prefix,
        "prometheus": {"enabled": False},
        "alertmanager": {"enabled": False},
        "grafana": grafana or {"enabled": False},
        "defaultRules": {"create": False},
        "kube-state-metrics": {"fullnameOverride": STATE_METRICS},
        "nodeExporter": {"enabled": True},
        "prometheusOperator": {"enabled": True},
    }


def prometheus_spec(
    environment: Environment, monitoring: Monitoring, *, account: str, watched: str, own: str, told: bool
) -> dict[str, Any]:
    """It reads what the environment's labels mark in its namespace, and what is declared beside itself.

    :param watched: The services' namespace.
    :param own: The namespace that it runs in.
    :param told: Whether there is an Alertmanager beside it.
    """
    both = {
        "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": sorted((watched, own))}]
    }
    marked = {"matchLabels": marks(environment)}
    interval = f"{monitoring.scrape_interval}s"
    days = monitoring.retention or defaults.METRICS_RETENTION[environment.tier]
    spec: dict[str, Any] = {
        "replicas": 1,
        "serviceAccountName": account,
        "serviceDiscoveryRole": "EndpointSlice",
        "scrapeInterval": interval,
        "evaluationInterval": interval,
        "scrapeTimeout": f"{min(10, monitoring.scrape_interval)}s",
        "retention": f"{days}d",
        "enableAdminAPI": False,
        "securityContext": HARDENED,
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "2Gi"}},
        "externalLabels": {"caas_project": environment.project, "caas_environment": environment.stack},
        "storage": _storage(environment, monitoring),
    }
    for kind in ("podMonitor", "serviceMonitor", "rule", "scrapeConfig"):
        spec |= {f"{kind}Selector": marked, f"{kind}NamespaceSelector": both}
    if monitoring.prometheus_image is not None:
        spec["image"] = monitoring.prometheus_image
    if told:
        spec["alerting"] = {
            "alertmanagers": [{"namespace": own, "name": "alertmanager-operated", "port": "web", "apiVersion": "v2"}]
        }
    if monitoring.remote_write is not None:
        write: dict[str, Any] = {"url": monitoring.remote_write.url}
        if monitoring.remote_write.token is not None:
            write["authorization"] = {"credentials": {"name": "remote-write", "key": "token"}}
        spec["remoteWrite"] = [write]
    return spec


def alertmanager_spec(monitoring: Monitoring, environment: Environment, *, secrets: str | None) -> dict[str, Any]:
    """It reads its configuration from the Secret ``alertmanager-config`` and secret values from files.

    :param secrets: Name of the Secret that holds them; None where there are none.
    """
    spec: dict[str, Any] = {
        "replicas": 1 if environment.tier == "dev" else 2,
        "configSecret": "alertmanager-config",
        "securityContext": HARDENED,
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "automountServiceAccountToken": False,
    }
    if secrets is not None:
        spec["secrets"] = [secrets]
    if monitoring.alertmanager_image is not None:
        spec["image"] = monitoring.alertmanager_image
    return spec


def marks(environment: Environment) -> dict[str, str]:
    """The labels by which the environment's Prometheus finds what it is to read."""
    return {"app.kubernetes.io/part-of": environment.project, "caas.environment": dns_name(environment.stack)}


def state_metrics_spec(watched: str, where: str, interval: int) -> dict[str, Any]:
    """kube-state-metrics' figures of the environment's own namespace.

    :param where: Namespace of kube-state-metrics.
    """
    return {
        "staticConfigs": [{"targets": [f"{STATE_METRICS}.{where}.svc:{STATE_METRICS_PORT}"]}],
        "honorLabels": True,
        "scrapeInterval": f"{interval}s",
        "scrapeTimeout": f"{min(10, interval)}s",
        "metricRelabelings": [
            {"sourceLabels": ["namespace"], "regex": watched, "action": "keep"},
        ],
    }


def reader_rules(*, own: bool) -> list[PolicyRuleArgsDict]:
    """What Prometheus may ask of the API: where the services' pods are, and beside itself where Alertmanager is."""
    verbs = ["get", "list", "watch"]
    if not own:
        return [{"api_groups": [""], "resources": ["pods"], "verbs": verbs}]
    return [
        {"api_groups": [""], "resources": ["pods", "services"], "verbs": verbs},
        {"api_groups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs},
    ]


def prometheus_policy(watched: str, grafana: str | None) -> NetworkPolicySpecArgsDict:
    """Prometheus reads the services and whoever counts, asks the cluster's API, and tells Alertmanager.

    Its own pods, the environment's and Grafana may ask it; nobody else.

    :param grafana: Namespace of the Grafana that shows it; None where that is not known.
    """
    shows: list[NetworkPolicyPeerArgsDict] = []
    if grafana is not None:
        shows.append({**_namespace(grafana), "pod_selector": {"match_labels": GRAFANA_LABELS}})
    return {
        "pod_selector": {"match_labels": PROMETHEUS_LABELS},
        "policy_types": ["Ingress", "Egress"],
        "ingress": [
            {
                "from_": [{"pod_selector": {}}, _namespace(watched), *shows],
                "ports": [{"protocol": "TCP", "port": PORT}],
            }
        ],
        "egress": [
            {"to": [_namespace(watched)]},
            {"to": [{"pod_selector": {}}]},
            {"to": [{"namespace_selector": {}}], "ports": [{"protocol": "TCP", "port": STATE_METRICS_PORT}]},
            # The API server, and a store outside, have no pods that could be named.
            {"ports": [{"protocol": "TCP", "port": port} for port in (443, 6443)]},
        ],
    }


def alertmanager_policy() -> NetworkPolicySpecArgsDict:
    """Only Prometheus and other Alertmanagers call it; it calls whoever is told."""
    return {
        "pod_selector": {"match_labels": ALERTMANAGER_LABELS},
        "policy_types": ["Ingress", "Egress"],
        "ingress": [
            {
                "from_": [{"pod_selector": {"match_labels": PROMETHEUS_LABELS}}],
                "ports": [{"protocol": "TCP", "port": ALERTMANAGER_PORT}],
            },
            {"from_": [{"pod_selector": {"match_labels": ALERTMANAGER_LABELS}}]},
        ],
        "egress": [{}],
    }


def _namespace(name: str) -> NetworkPolicyPeerArgsDict:
    return {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": name}}}


def _storage(environment: Environment, monitoring: Monitoring) -> dict[str, Any]:
    size = monitoring.storage or defaults.METRICS_STORAGE[environment.tier]
    if size is None:
        return {"emptyDir": {"sizeLimit": "2Gi"}}
    claim: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{size}Gi"}},
    }
    if environment.kubernetes.storage_class is not None:
        claim["storageClassName"] = environment.kubernetes.storage_class
    return {"volumeClaimTemplate": {"spec": claim}}
