"""A stack's dashboards as files, for a Grafana that no sidecar fills: a cloud's managed one, or one elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from components.kubernetes import monitoring_dashboards
from components.monitoring import collector, dashboards
from components.monitoring.dashboards import View
from components.spec import Environment
from components.spec.monitoring import Monitoring
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

_TASK, _REVISION = "aws_ecs_task_arn", "aws_ecs_task_revision"
"""Labels that the collector on ECS notes: which task, and of which version."""


def texts(environment: Environment) -> dict[str, str]:
    """Uid -> the dashboard's JSON. DeliveryError where nobody watches the stack."""
    given = environment.monitoring
    if environment.platform == "kubernetes" and given is not None:
        return monitoring_dashboards.texts(environment, given)
    if environment.platform == "gke":
        if given is not None:
            return monitoring_dashboards.texts(environment, given)
        if environment.gcp is not None and environment.gcp.monitoring is not None:
            managed = Monitoring(prometheus="existing", scrape_interval=environment.gcp.monitoring.interval)
            return monitoring_dashboards.texts(environment, managed)
    cloud = environment.aws if environment.platform == "aws-ecs" else environment.azure
    if environment.platform in ("aws-ecs", "azure-aci") and cloud is not None and cloud.monitoring is not None:
        return _collected(environment)
    key = {"aws-ecs": "aws.monitoring", "azure-aci": "azure.monitoring"}.get(environment.platform, "monitoring")
    raise DeliveryError(
        f"Nobody watches stack {environment.stack!r}: there is nothing that its dashboards could show.",
        Exit.BAD_INPUT,
        remedy=f"Set caas:{key}.",
    )


def _collected(environment: Environment) -> dict[str, str]:
    """Of what the collectors send. Only ECS tells which version a task is of."""
    runbooks = environment.monitoring.runbooks if environment.monitoring is not None else None
    links = dashboards.DashboardLinks(environment.project, environment.stack, None, runbooks)
    made = [dashboards.delivery(links)]
    versions = environment.platform == "aws-ecs"
    for service in environment.services:
        if service.metrics_path is None:
            continue
        whose = collector.subject(service, environment)
        labels = (_TASK, _REVISION) if versions else ("instance", "instance")
        view = View(collector.place(whose).matchers, instance=labels[0], version=labels[1], pattern="(.+)")
        made.append(dashboards.service(whose, view, links))
        if versions:
            made.append(dashboards.rollout(whose, view, links))
    return {one["uid"]: json.dumps(one, indent=1, sort_keys=True) for one in made}


def write(environment: Environment, into: Path) -> list[Path]:
    """Write a file for each; their paths. DeliveryError where that cannot be done."""
    found = texts(environment)
    try:
        into.mkdir(parents=True, exist_ok=True)
        return [_written(into / f"{uid}.json", text) for uid, text in sorted(found.items())]
    except OSError as error:
        raise DeliveryError(
            f"The dashboards cannot be written to {into}: {error.strerror}.",
            Exit.BAD_INPUT,
            remedy="Name another directory with --into.",
        ) from error


def _written(path: Path, text: str) -> Path:
    path.write_text(f"{text}\n", encoding="utf-8")
    return path
