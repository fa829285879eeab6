"""``caas dashboards``: files that Grafana imports, of what somebody watches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.monitoring.dashboards import queries
from components.spec import Environment
from delivery import dashboards
from delivery.errors import DeliveryError
from tests.components.aws import worlds as aws
from tests.components.azure import worlds as azure
from tests.components.worlds import SIDECAR
from tests.components.worlds import environment as on_kubernetes

COLLECTED = {"collector": SIDECAR, "emails": ["team@example.com"]}


def read(environment: Environment, into: Path) -> dict[str, dict[str, Any]]:
    """Each file's dashboard by its kind."""
    made = dashboards.write(environment, into)
    found = {path.stem: json.loads(path.read_text()) for path in made}
    assert all(one["uid"] == stem for stem, one in found.items())
    return {stem.rpartition("-")[2]: one for stem, one in found.items()}


def test_on_kubernetes_they_are_those_that_are_declared(tmp_path: Path) -> None:
    found = read(on_kubernetes(monitoring={"prometheus": "existing"}), tmp_path / "new")
    assert set(found) == {"service", "rollout", "capacity", "delivery"}


def test_on_ecs_versions_are_told_apart_by_the_task_s_revision(tmp_path: Path) -> None:
    found = read(aws.environment(aws={"monitoring": COLLECTED}), tmp_path)
    assert set(found) == {"service", "rollout", "delivery"}
    asked = [query.expression for query in queries(found["rollout"])]
    assert all("aws_ecs_task_revision" in one for one in asked)
    assert all('service="web"' in one for one in asked)


def test_on_container_instances_nobody_tells_versions_apart(tmp_path: Path) -> None:
    assert set(read(azure.environment(azure={"monitoring": COLLECTED}), tmp_path)) == {"service", "delivery"}


@pytest.mark.parametrize(
    ("environment", "key"),
    [(on_kubernetes, "caas:monitoring"), (aws.environment, "caas:aws.monitoring")],
)
def test_where_nobody_watches_there_is_nothing_to_show(environment: Any, key: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="Nobody watches stack 'staging'") as refused:
        dashboards.write(environment(stack="staging"), tmp_path)
    assert refused.value.remedy == f"Set {key}."


def test_a_place_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeliveryError, match="cannot be written to"):
        dashboards.write(on_kubernetes(monitoring={"prometheus": "existing"}), tmp_path / "file" / "in")
