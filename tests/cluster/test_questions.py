"""The gate's questions, answered by Prometheus' own engine from series that are written down."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from components import slo
from components.spec.service import Service
from sandbox import toolchain
from tests.components.worlds import service as described

pytestmark = pytest.mark.cluster

OLD = 'namespace="shop",pod="web-77bd5fcb57-gqs95"'
NEW = 'namespace="shop",pod="web-candidate-5b7c9d8f66-2xk4p"'
SERIES = {
    # The old version: 20 requests in two seconds, one in a hundred fails; health checks beside them.
    f'http_requests_total{{{OLD},path="/",code="200"}}': "0+198x60",
    f'http_requests_total{{{OLD},path="/",code="500"}}': "0+2x60",
    f'http_requests_total{{{OLD},path="/ready",code="200"}}': "0+1000x60",
    # The new one appears in the 50th interval of two seconds, with 300 requests that nobody saw begin.
    f'http_requests_total{{{NEW},path="/",code="200"}}': "_x49 300+10x10",
    f'http_requests_total{{{NEW},path="/",code="503"}}': "_x49 30 30x10",
    # Half of its answers take longer than two seconds; the bound is written as some libraries write it.
    f'http_request_duration_seconds_count{{{NEW},path="/"}}': "_x49 330+10x10",
    f'http_request_duration_seconds_bucket{{{NEW},path="/",le="2.0"}}': "_x49 165+5x10",
    # Another service whose name begins alike, and another namespace.
    'http_requests_total{namespace="shop",pod="web-api-77bd5fcb57-gqs95",path="/",code="500"}': "0+999x60",
    f'http_requests_total{{{OLD.replace("shop", "other")},path="/",code="500"}}': "0+999x60",
}


def answered(tmp_path: Path, expected: dict[str, float]) -> subprocess.CompletedProcess[str]:
    """promtool's verdict on these answers at 120 s."""
    cases = [
        {"expr": query, "eval_time": "120s", "exp_samples": [{"labels": "{}", "value": value}]}
        for query, value in expected.items()
    ]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    test = {"interval": "2s", "input_series": series, "promql_expr_test": cases}
    file = tmp_path / "questions.yaml"
    YAML().dump({"evaluation_interval": "2s", "tests": [test]}, file)
    promtool = str(toolchain.current((toolchain.CLUSTER,)).tool("promtool"))
    return subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)


def test_prometheus_answers_what_was_meant(tmp_path: Path, sandbox_variables: dict[str, str]) -> None:
    web = Service.model_validate({"name": "web", **described(slo={"latency": {"threshold": 2000}})})
    old = slo.queries(web, "shop", "web", 30)
    new = slo.queries(web, "shop", "web-candidate", 30)
    # Over 30 s: the old one's growth; the new one's whole count, as its series began within them.
    expected = {old.requests: 3000.0, old.failed: 30.0, new.requests: 430.0, new.failed: 30.0}
    expected |= {new.timed: 430.0, new.fast: 215.0}
    done = answered(tmp_path, expected)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = answered(tmp_path, {new.failed: 0.0})
    assert wrong.returncode != 0
