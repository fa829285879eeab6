"""How Prometheus finds a service in the cluster, and the rules of its objective. Pure documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from components import slo
from components.kubernetes.metadata import namespace_name
from components.logging import kibana
from components.monitoring.alertmanager import SWITCH
from components.monitoring.objectives import Links, Place, rule_groups, subject
from components.monitoring.rules import AlertRule, RuleGroup, document
from components.naming import name
from components.spec.environment import Environment
from components.spec.monitoring import Monitoring
from components.spec.service import Service

API = "monitoring.coreos.com/v1"

DASHBOARD_LENGTH = 40
"""Characters of a dashboard's unique id in Grafana, at the most."""


def place(service: Service, namespace: str) -> Place:
    """Both versions of it, while there are two. The counts are kube-state-metrics'."""
    both = f'namespace="{namespace}",deployment=~"{service.name}(-{slo.CANDIDATE})?"'
    return Place(
        matchers=f'namespace="{namespace}",pod=~"{service.name}(-{slo.CANDIDATE})?-[a-z0-9]+-?[a-z0-9]{{5}}"',
        wanted=f"sum(kube_deployment_spec_replicas{{{both}}})",
        running=f"sum(kube_deployment_status_replicas_available{{{both}}})",
    )


def links(service: Service, environment: Environment, monitoring: Monitoring) -> Links:
    """Where somebody who is told looks further."""
    uid = name("caas", environment.project, environment.stack, service.name, "service", limit=DASHBOARD_LENGTH)
    dashboard = f"{monitoring.grafana.rstrip('/')}/d/{uid}" if monitoring.grafana else None
    asked = f'service.environment:"{environment.stack}" and service.name:"{service.name}"'
    query = f"_a=(query:(language:kuery,query:'{quote(asked, safe='')}'))"
    logs = f"{monitoring.logs.rstrip('/')}/app/discover#/?{query}" if monitoring.logs else None
    if environment.logging is not None and environment.logging.kibana is not None:
        search = kibana.identity(environment.stack, "deployment")
        logs = f"{environment.logging.kibana.rstrip('/')}/app/discover#/view/{search}?{query}"
    runbooks = monitoring.runbooks or Links().runbooks
    return Links(runbooks=runbooks, dashboard=dashboard, logs=logs)


def rules_spec(service: Service, environment: Environment, monitoring: Monitoring) -> dict[str, Any]:
    """A PrometheusRule's ``spec``."""
    whose = subject(service, environment, monitoring.scrape_interval)
    where = place(service, namespace_name(environment))
    return document(rule_groups(whose, where, links(service, environment, monitoring)))


def texts(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The annotations of each alert of a PrometheusRule."""
    return (rule["annotations"] for group in spec["groups"] for rule in group["rules"] if "alert" in rule)


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
