"""The questions to each cloud's source, and every answer that is not the whole truth: an error that says so."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from components.slo import Budget
from delivery.gate import Sample
from delivery.metrics import azure_monitor, cloud_monitoring, cloudwatch
from delivery.metrics.azure_monitor import AzureMonitor
from delivery.metrics.cloud_monitoring import CloudMonitoring
from delivery.metrics.cloudwatch import TargetGroup
from delivery.prometheus import MetricsError

BUDGET = Budget(failed=0.001, slow=0.01, threshold=0.5)
END = datetime(2026, 11, 2, 9, 5, tzinfo=UTC)
NINE = datetime(2026, 11, 2, 9, 4, tzinfo=UTC)
GROUP = TargetGroup("app/web/50dc6c495c0c9188", "targetgroup/web-2/73e2d6bc24d8a067")


def result(name: str, *values: float, status: str = "Complete") -> dict[str, Any]:
    moments = [NINE.replace(minute=4 + at) for at in range(len(values))]
    return {"Id": name, "Label": name, "Timestamps": moments, "Values": list(values), "StatusCode": status}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    return boto3.client("cloudwatch", region_name="eu-central-1")


def test_cloudwatch_is_asked_in_its_own_form(client: Any) -> None:
    """botocore itself checks question and answer against CloudWatch's own description."""
    whole = [result("requests", 1000), result("failed", 3), result("unreached", 2)]
    timing = [result("timed", 900), result("fast", 99)]
    given = {
        "MetricDataQueries": cloudwatch.questions(GROUP, BUDGET),
        "StartTime": NINE,
        "EndTime": END,
        "ScanBy": "TimestampAscending",
    }
    with Stubber(client) as stub:
        stub.add_response("get_metric_data", {"MetricDataResults": [*whole, *timing]}, given)
        found = cloudwatch.sample(client, GROUP, BUDGET, END, 60)
    assert (found.requests, found.failed, found.timed) == (1000, 5, 900)
    assert found.slow == pytest.approx(9)
    statistics = {each["Id"]: each["MetricStat"]["Stat"] for each in given["MetricDataQueries"]}  # type: ignore[attr-defined]
    assert statistics["fast"] == "PR(:0.5)"


def test_a_refusal_of_cloudwatch_is_an_error(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("get_metric_data", "AccessDenied", "not you", 403)
        with pytest.raises(MetricsError, match=r"CloudWatch does not answer: .*not you"):
            cloudwatch.sample(client, GROUP, BUDGET, END, 60)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"MetricDataResults": [result("failed", status="PartialData")]}, r"a part only \(failed\)"),
        ({"MetricDataResults": [], "NextToken": "more"}, r"a part only \(more follows\)"),
        ({"MetricDataResults": [result("timed", 10)]}, "how many answers"),
    ],
)
def test_a_part_of_cloudwatchs_answer_is_none(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(MetricsError, match=said):
        cloudwatch.read(answer)


def test_minutes_weigh_by_their_answers() -> None:
    answer = {"MetricDataResults": [result("timed", 900, 100, 0), result("fast", 100, 0)]}
    assert cloudwatch.read(answer) == Sample(0, 0, 1000, 100)


@dataclass
class Server:
    """Answers everything with one body, and keeps what it was asked."""

    url: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    asked: list[tuple[str, dict[str, list[str]], bytes, str | None]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.asked.append((path, urllib.parse.parse_qs(query), body, self.headers.get("Authorization")))
            answer = made.bodies.pop(0) if len(made.bodies) > 1 else made.bodies[0]
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{listening.server_port}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield made
    listening.shutdown()
    listening.server_close()


def test_cloud_monitoring_is_asked_for_a_windows_growth(server: Server) -> None:
    points = [{"value": {"int64Value": "7"}}]
    counted = {"timeSeries": [{"metric": {"labels": {"response_code_class": "500"}}, "points": points}]}
    server.bodies = [json.dumps(counted).encode(), b"{}"]
    assert CloudMonitoring("shop", "token", server.url).sample("web-2", BUDGET, END, 60) == Sample(7, 7, 0, 0)
    (path, fields, _, token), (_, second, _, _) = server.asked
    assert (path, token) == ("/v3/projects/shop/timeSeries", "Bearer token")
    (wanted,) = fields["filter"]
    assert wanted == f'metric.type="{cloud_monitoring.REQUESTS}" AND resource.labels.backend_target_name="web-2"'
    assert fields["interval.startTime"] == ["2026-11-02T09:04:00Z"]
    assert fields["interval.endTime"] == ["2026-11-02T09:05:00Z"]
    assert fields["aggregation.perSeriesAligner"] == ["ALIGN_DELTA"]
    assert cloud_monitoring.LATENCIES in second["filter"][0]


@pytest.mark.parametrize(
    ("counts", "slow"),
    [(["10"], 0), (["0", "0", "0", "10"], 10), (["0", "8"], 4), (["0", "0", "0", "0", "0", "5"], 5)],
    ids=["below", "above", "within-the-bucket", "without-an-end"],
)
def test_what_is_slow_is_read_off_the_buckets(counts: list[str], slow: float) -> None:
    """Bounds at 400, 600, 900, 1350 and 2025 ms; the objective at 500."""
    options = {"exponentialBuckets": {"numFiniteBuckets": 4, "growthFactor": 1.5, "scale": 400}}
    spread = {"count": str(sum(map(int, counts))), "bucketOptions": options, "bucketCounts": counts}
    latencies = {"timeSeries": [{"points": [{"value": {"distributionValue": spread}}]}]}
    assert cloud_monitoring.read({}, latencies, BUDGET).slow == pytest.approx(slow)


def test_forms_of_cloud_monitoring_that_are_not_known_are_errors() -> None:
    spread = {"count": "1", "bucketOptions": {"linearBuckets": {}}, "bucketCounts": ["1"]}
    latencies = {"timeSeries": [{"points": [{"value": {"distributionValue": spread}}]}]}
    with pytest.raises(MetricsError, match="buckets of a form"):
        cloud_monitoring.read({}, latencies, BUDGET)
    with pytest.raises(MetricsError, match="a part only"):
        cloud_monitoring.read({"nextPageToken": "more"}, {}, BUDGET)


def table(*rows: list[Any], names: tuple[str, ...] = azure_monitor.COLUMNS) -> dict[str, Any]:
    return {"tables": [{"name": "PrimaryResult", "columns": [{"name": n} for n in names], "rows": list(rows)}]}


def test_azure_is_asked_for_one_pools_log(server: Server) -> None:
    server.bodies = [json.dumps(table([1000, 3, 1000, 9])).encode()]
    assert AzureMonitor("ws", "token", server.url).sample("web-2", BUDGET, END, 60) == Sample(1000, 3, 1000, 9)
    ((path, _, body, token),) = server.asked
    assert (path, token) == ("/v1/workspaces/ws/query", "Bearer token")
    query = json.loads(body)["query"]
    assert query.startswith("AGWAccessLogs | where TimeGenerated >= datetime(2026-11-02T09:04:00Z)")
    assert 'BackendPoolName == "web-2"' in query
    assert "slow = countif(TimeTaken > 0.5)" in query


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"tables": []},
        table(),
        table([1, 2, 3, 4], [1, 2, 3, 4]),
        table([1], names=("requests",)),
        table([1, 2, 3, None]),
    ],
)
def test_an_answer_of_azure_without_the_counts_is_an_error(answer: dict[str, Any]) -> None:
    with pytest.raises(MetricsError, match="did not answer with the four counts"):
        azure_monitor.read(answer)


@pytest.mark.parametrize("source", ["Cloud Monitoring", "Azure Monitor"])
def test_a_source_that_refuses_or_is_not_there_is_an_error(source: str, server: Server) -> None:
    def ask(url: str) -> Sample:
        if source == "Azure Monitor":
            return AzureMonitor("ws", "marker-1", url).sample("web", BUDGET, END, 60)
        return CloudMonitoring("shop", "marker-1", url).sample("web", BUDGET, END, 60)

    server.bodies = [b"not you"]
    server.status = 403
    with pytest.raises(MetricsError, match=f"{source} answered 403: not you"):
        ask(server.url)
    server.status = 200
    with pytest.raises(MetricsError, match=f"{source} answered with no JSON"):
        ask(server.url)
    with pytest.raises(MetricsError, match=f"{source} does not answer") as refused:
        ask("http://127.0.0.1:9")
    assert "marker" not in str(refused.value)
