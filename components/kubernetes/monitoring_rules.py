"""How Prometheus finds a service in the cluster, and the rules of its objective. Pure documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components import slo
from components.kubernetes.metadata import namespace_name
from components.monitoring.alertmanager import SWITCH
from components.monitoring.objectives import Links, Place, Subject, rule_groups
from components.monitoring.rules import AlertRule, RuleGroup, document
from components.spec.environment import Environment
from components.spec.monitoring import Monitoring
from components.spec.service import Service

API = "monitoring.coreos.com/v1"

DASHBOARD = "caas-service"
"""Unique id of the dashboard of one service."""


def place(service: Service, namespace: str) -> Place:
    """Both versions of it, while there are two. The counts are kube-state-metrics'."""
    both = f'namespace="{namespace}",deployment=~"{service.name}(-{slo.CANDIDATE})?"'
    return Place(
        matchers=f'namespace="{namespace}",pod=~"{service.name}(-{slo.CANDIDATE})?-[a-z0-9]+-?[a-z0-9]{{5}}"',
        wanted=f"sum(kube_deployment_spec_replicas{{{both}}})",
        running=f"sum(kube_deployment_status_replicas_available{{{both}}})",
    )


def links(service: Service, environment: Environment, monitoring: Monitoring, image: str | None) -> Links:
    """Where somebody who is told looks further.

    :param image: What was declared last: the deployment that came before an alert. None where it is not known.
    """
    variables = f"var-environment={environment.stack}&var-service={service.name}"
    dashboard = monitoring.grafana and f"{monitoring.grafana.rstrip('/')}/d/{DASHBOARD}?{variables}"
    given = {"dashboard": dashboard or None, "logs": monitoring.logs, "deployment": image}
    return Links(runbooks=monitoring.runbooks, **given) if monitoring.runbooks else Links(**given)


def rules_spec(
    service: Service, environment: Environment, monitoring: Monitoring, image: str | None = None
) -> dict[str, Any]:
    """A PrometheusRule's ``spec``."""
    subject = Subject(service, environment.project, environment.stack, environment.owner, monitoring.scrape_interval)
    where = place(service, namespace_name(environment))
    return document(rule_groups(subject, where, links(service, environment, monitoring, image)))


def pod_monitor_spec(service: Service, monitoring: Monitoring, selector: Mapping[str, str]) -> dict[str, Any]:
    """Every instance of a service, its new version's too, at the port and path of its metrics."""
    interval = f"{monitoring.scrape_interval}s"
    return {
        "selector": {"matchLabels": dict(selector)},
        "podMetricsEndpoints": [
            {
                "port": "http",
                "path": service.metrics_path,
                "interval": interval,
                "scrapeTimeout": f"{min(10, monitoring.scrape_interval)}s",
            }
        ],
    }


def switch_spec(environment: Environment, monitoring: Monitoring) -> dict[str, Any]:
    """The alert that always fires, for whoever waits for it."""
    alert = AlertRule(
        SWITCH,
        "vector(1)",
        0,
        {"project": environment.project, "environment": environment.stack, "severity": "none"},
        {"summary": "Alerts can be sent.", "runbook_url": f"{(monitoring.runbooks or Links().runbooks)}/{SWITCH}.md"},
    )
    return document([RuleGroup("dead-mans-switch", 30, (alert,))])
