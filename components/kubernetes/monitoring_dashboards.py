"""How the dashboards of an environment come into Grafana: ConfigMaps that its sidecar finds by their labels. Pure.

What the dashboards show is made in ``components/monitoring/dashboards/``, the same for every platform.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.kubernetes.metadata import monitoring_namespace, namespace_name
from components.monitoring import dashboards
from components.monitoring.dashboards.document import UID_LIMIT
from components.monitoring.objectives import subject
from components.naming import name
from components.spec.environment import Environment
from components.spec.monitoring import Monitoring

CHART_NAMESPACE = "monitoring"
"""Where the chart's operator stands, and its Grafana."""
GRAFANA_LABELS = {"app.kubernetes.io/name": "grafana"}
"""On the pods of Grafana's own chart, which kube-prometheus-stack brings."""
DASHBOARD, SOURCE = "grafana_dashboard", "grafana_datasource"
"""Labels by which the sidecar of kube-prometheus-stack's Grafana finds dashboards and data sources."""
FOLDER = "grafana_folder"
"""Annotation of a dashboard's ConfigMap: the folder that it is shown in."""
LIMIT = 1024 * 1024
"""Bytes that a ConfigMap holds at the most: 1 MiB."""


def grafana_namespace(monitoring: Monitoring) -> str | None:
    """Where Grafana runs; None where that is not known."""
    if monitoring.dashboards.grafana == "install":
        return CHART_NAMESPACE
    return monitoring.dashboards.namespace


def texts(environment: Environment, monitoring: Monitoring) -> dict[str, str]:
    """Uid -> the dashboard's JSON: of each service that has metrics, of the stack, and of the cluster where somebody
    watches the whole of it. Only what the Prometheus that is asked can answer."""
    links = dashboards.DashboardLinks(environment.project, environment.stack, monitoring.logs, monitoring.runbooks)
    own = monitoring.prometheus == "own"
    made = [dashboards.delivery(links)]
    if not own:
        made.append(dashboards.capacity(links))
    for service in environment.services:
        if service.metrics_path is None:
            continue
        whose = subject(service, environment, monitoring.scrape_interval)
        view = dashboards.on_kubernetes(namespace_name(environment), service.name)
        if own:
            # It reads the services and the counts, and no kubelet: there are no figures of containers.
            view = replace(view, containers=None)
        made += [dashboards.service(whose, view, links), dashboards.rollout(whose, view, links)]
    asked = monitoring.dashboards.datasource or (source_name(environment) if declares_source(monitoring) else None)
    found = made if asked is None else [dashboards.asking(one, asked) for one in made]
    return {one["uid"]: json.dumps(one, indent=1, sort_keys=True) for one in found}


def folder(environment: Environment, monitoring: Monitoring) -> str:
    """The folder that the dashboards are shown in."""
    return monitoring.dashboards.folder or f"{environment.project}-{environment.stack}"


def declares_source(monitoring: Monitoring) -> bool:
    """Whether the environment's own Prometheus becomes a data source: where Grafana may ask it."""
    return monitoring.prometheus == "own" and grafana_namespace(monitoring) is not None


def source_name(environment: Environment) -> str:
    """The environment's Prometheus, as people see it in Grafana."""
    return f"{environment.project} {environment.stack}"


def source_uid(environment: Environment) -> str:
    """As Grafana knows it; also the name of its ConfigMap."""
    return name("caas", environment.project, environment.stack, limit=UID_LIMIT)


def source(environment: Environment, monitoring: Monitoring, port: int) -> str:
    """Grafana's document of the environment's Prometheus as a data source.

    :param port: At which it answers.
    """
    one = {
        "name": source_name(environment),
        "uid": source_uid(environment),
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://prometheus-operated.{monitoring_namespace(environment)}.svc:{port}",
        "editable": False,
        "jsonData": {"timeInterval": f"{monitoring.scrape_interval}s", "httpMethod": "POST"},
    }
    return json.dumps({"apiVersion": 1, "datasources": [one]}, indent=1, sort_keys=True)


def grafana_values(password: Any) -> Mapping[str, Any]:
    """The chart's Grafana: with the environment's dashboards only, reached by nobody from outside, and with no right
    to read another namespace's objects.

    :param password: The administrator's; a secret.
    """
    here = {"enabled": True, "labelValue": "1", "searchNamespace": CHART_NAMESPACE}
    return {
        "enabled": True,
        "adminPassword": password,
        "defaultDashboardsEnabled": False,
        "ingress": {"enabled": False},
        "rbac": {"namespaced": True},
        "serviceMonitor": {"enabled": False},
        "sidecar": {
            "dashboards": {
                **here,
                "label": DASHBOARD,
                "folderAnnotation": FOLDER,
                "provider": {"foldersFromFilesStructure": True},
            },
            "datasources": {
                **here,
                "label": SOURCE,
                "defaultDatasourceEnabled": False,
                "alertmanager": {"enabled": False},
            },
        },
    }
