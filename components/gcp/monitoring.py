"""Who watches the services on GKE: Google Cloud Managed Service for Prometheus, which a cluster made here has.

Its collectors and its evaluator of rules are the cluster's; declared is what they look at (``PodMonitoring``), the
objective's rules (``Rules``), and on request whom its Alertmanager tells. A Prometheus of the environment's own is the
other choice: ``caas:monitoring``, as on any Kubernetes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components.base import Component, Transform
from components.gcp.account import settings
from components.kubernetes.cluster import Cluster
from components.kubernetes.metadata import Scope, field_manager
from components.monitoring import objectives
from components.monitoring.alertmanager import TOGETHER, page_silences_ticket
from components.monitoring.dashboards import on_kubernetes
from components.monitoring.rules import document
from components.spec.environment import Environment
from components.spec.service import Service
from components.tags import labels, selector

API = "monitoring.googleapis.com/v1"
PORT = "http"
"""Name of the port at which a service's pods answer."""
LABELS = ("pod", "container")
"""What the collectors note beside cluster and namespace: by the pod's name versions are told apart."""

PUBLIC, ALERTMANAGER = "gmp-public", "alertmanager"
"""Namespace and name of the Secret from which the managed Alertmanager takes its configuration."""


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """What watching is made of.

    :param environment: Services and objectives; whom to tell is read from its ``gcp.monitoring`` part.
    :param cluster: The namespace that the services run in.
    :param secrets: The URLs of webhooks, by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    cluster: Cluster
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class Monitoring(Component):
    """For each service with metrics: where to look, and the rules that follow from its objective."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:Monitoring", name, opts, args.transforms)
        watch = settings(args.environment).monitoring
        if watch is None:
            raise ValueError("gcp.monitoring is required where Google's managed Prometheus watches")
        self._prefix, self._args = name, args
        self._inside = self.child(provider=args.cluster.provider)
        for spec in args.environment.services:
            if spec.metrics_path is not None:
                self._look(spec, watch.interval)
                self._rules(spec, watch.interval)
        if watch.webhooks:
            self._tell([args.secrets[key] for key in watch.webhooks])
        self.finish({})

    def _scope(self, spec: Service) -> Scope:
        environment = self._args.environment
        return Scope(field_manager(environment), self._args.cluster.namespace, labels(environment, spec))

    def _look(self, spec: Service, interval: int) -> None:
        CustomResource(
            f"{self._prefix}-{spec.name}-pods",
            api_version=API,
            kind="PodMonitoring",
            metadata=self._scope(spec).metadata(spec.name),
            spec=pod_monitoring(spec, self._args.environment, interval),
            opts=self._inside,
        )

    def _rules(self, spec: Service, interval: int) -> None:
        CustomResource(
            f"{self._prefix}-{spec.name}-rules",
            api_version=API,
            kind="Rules",
            metadata=self._scope(spec).metadata(spec.name),
            spec=self._args.cluster.namespace.apply(
                lambda namespace: rules(spec, self._args.environment, namespace, interval)
            ),
            opts=self._inside,
        )

    def _tell(self, urls: Sequence[pulumi.Output[str]]) -> None:
        scope = Scope(field_manager(self._args.environment), None, labels(self._args.environment))
        metadata = scope.metadata(ALERTMANAGER)
        metadata["namespace"] = PUBLIC
        configuration: pulumi.Output[str] = pulumi.Output.secret(
            pulumi.Output.all(*urls).apply(lambda known: json.dumps(alertmanager(known), indent=1))
        )
        Secret(
            f"{self._prefix}-alertmanager",
            metadata=metadata,
            string_data={"alertmanager.yaml": configuration},
            opts=self._inside,
        )


def pod_monitoring(spec: Service, environment: Environment, interval: int) -> dict[str, Any]:
    """Where the managed collectors look: every pod of the service, a new version's too."""
    return {
        "selector": {"matchLabels": {"app.kubernetes.io/name": selector(environment, spec)["app.kubernetes.io/name"]}},
        "endpoints": [{"port": PORT, "path": spec.metrics_path, "interval": f"{interval}s"}],
        "targetLabels": {"metadata": list(LABELS)},
    }


def rules(spec: Service, environment: Environment, namespace: str, interval: int) -> dict[str, Any]:
    """The objective's rules, as Google's evaluator takes them: those of a rule file."""
    whose = objectives.subject(spec, environment, interval)
    place = on_kubernetes(namespace, spec.name).place
    return document(objectives.rule_groups(whose, place, objectives.Links()))


def alertmanager(urls: Sequence[str]) -> dict[str, Any]:
    """Everybody is told of everything; a ticket is silent while the same service pages."""
    return {
        "route": {
            "receiver": "webhooks",
            "group_by": TOGETHER,
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "1h",
        },
        "inhibit_rules": [page_silences_ticket()],
        "receivers": [{"name": "webhooks", "webhook_configs": [{"url": url, "send_resolved": True} for url in urls]}],
    }
