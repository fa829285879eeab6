"""What a service's objective leaves to fail, and the questions that follow from it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components import slo
from components.spec.service import Service
from tests.components.worlds import service as described


def service(**changes: Any) -> Service:
    return Service.model_validate({"name": "web", **described(**changes)})


def test_the_budget_is_what_the_objective_leaves() -> None:
    assert slo.budget(service()) == slo.Budget(failed=0.001, slow=0.01, threshold=0.5)
    loose = service(slo={"availability": 95, "latency": {"percentile": 99.9, "threshold": 250}})
    assert slo.budget(loose) == slo.Budget(failed=0.05, slow=0.001, threshold=0.25)


def test_the_questions_about_one_version() -> None:
    asked = slo.queries(service(), "shop-dev", "web-candidate", 60)
    where = 'namespace="shop-dev",pod=~"web-candidate-[a-z0-9]+-?[a-z0-9]{5}",path!~"/metrics|/ready"'
    one = f"http_requests_total{{{where}}}"
    assert asked.requests == f"sum(({one} unless {one} offset 60s) or increase({one}[60s]))"
    assert f'{where},code=~"5.."' in asked.failed
    assert asked.timed.count(f"http_request_duration_seconds_count{{{where}}}") == 3
    assert asked.fast.count(f'http_request_duration_seconds_bucket{{{where},le=~"0\\\\.5"}}') == 3


def test_the_names_of_a_services_own_metrics() -> None:
    metrics = {"requests": "rpc_total", "duration": "rpc_seconds", "code": "status", "route": "method"}
    asked = slo.queries(service(slo={"metrics": metrics, "latency": {"threshold": 2500}}), "n", "web", 30)
    assert 'rpc_total{namespace="n",pod=~"web-' in asked.failed
    assert 'method!~"/metrics|/ready",status=~"5.."' in asked.failed
    assert "rpc_seconds_bucket{" in asked.fast
    assert 'le=~"2\\\\.5"' in asked.fast


def test_a_bound_of_whole_seconds_is_written_in_two_ways() -> None:
    asked = slo.queries(service(slo={"latency": {"threshold": 2000}}), "n", "web", 30)
    assert 'le=~"2(\\\\.0)?"' in asked.fast


def test_what_only_the_platform_asks_for_is_not_counted() -> None:
    health = {"readiness": {"path": "/a.b"}, "liveness": {"path": "/live"}, "startup": {"path": "/start"}}
    asked = slo.queries(service(health=health, metricsPath="/metrics"), "n", "web", 30)
    assert 'path!~"/a\\\\.b|/live|/metrics|/start"' in asked.requests


@pytest.mark.parametrize(
    ("deployment", "pod", "its"),
    [
        ("web", "web-77bd5fcb57-gqs95", True),
        ("web", "web-candidate-77bd5fcb57-gqs95", False),
        ("web-candidate", "web-candidate-77bd5fcb57-gqs95", True),
        ("web-candidate", "web-77bd5fcb57-gqs95", False),
        ("web", "web-api-77bd5fcb57-gqs95", False),
        ("w" * 40 + "-candidate", "w" * 40 + "-candidate-77bd5fcgqs95", True),
        ("w" * 40, "w" * 40 + "-candidate-77bd5fcgqs95", False),
    ],
    ids=["own", "new", "new-of-new", "old", "another", "cut-off", "cut-off-of-old"],
)
def test_a_versions_pods_are_told_apart_by_their_names(deployment: str, pod: str, its: bool) -> None:
    (pattern,) = set(re.findall(r'pod=~"([^"]*)"', slo.queries(service(), "n", deployment, 30).requests))
    assert bool(re.fullmatch(pattern, pod)) is its
