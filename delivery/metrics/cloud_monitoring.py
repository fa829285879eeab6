"""What Google's load balancer counted for one backend service: on GKE, one version behind a Gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import urllib3

from components.slo import Budget
from delivery.gate import Sample
from delivery.prometheus import MetricsError
from delivery.proxies import Pools

ENDPOINT = "https://monitoring.googleapis.com"
REQUESTS = "loadbalancing.googleapis.com/https/backend_request_count"
LATENCIES = "loadbalancing.googleapis.com/https/backend_latencies"
"""A distribution, in milliseconds."""
LIMIT = urllib3.Timeout(connect=3, read=10)
"""Seconds to connect and to answer, for one call."""

Answer = Mapping[str, Any]


class CloudMonitoring:
    """One project's metrics. MetricsError where they cannot be had."""

    def __init__(self, project: str, token: str, endpoint: str = ENDPOINT) -> None:
        """``token``: an OAuth access token with the scope monitoring.read."""
        self._url = f"{endpoint}/v3/projects/{project}/timeSeries"
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._pool = Pools(timeout=LIMIT, retries=urllib3.Retry(total=2))

    def sample(self, backend: str, budget: Budget, end: datetime, seconds: int) -> Sample:
        """What a backend service answered in the seconds before ``end``; all zero where nothing is known of it."""
        requests = self._ask(REQUESTS, backend, end, seconds)
        return read(requests, self._ask(LATENCIES, backend, end, seconds), budget)

    def _ask(self, metric: str, backend: str, end: datetime, seconds: int) -> Answer:
        fields = question(metric, backend, end, seconds)
        try:
            answer = self._pool.request("GET", f"{self._url}?{urlencode(fields)}", headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise MetricsError(f"Cloud Monitoring does not answer: {error}") from error
        if answer.status != 200:
            said = answer.data[:300].decode(errors="replace").strip()
            raise MetricsError(f"Cloud Monitoring answered {answer.status}: {said}")
        try:
            found: Answer = json.loads(answer.data)
        except ValueError as error:
            raise MetricsError("Cloud Monitoring answered with no JSON") from error
        return found


def question(metric: str, backend: str, end: datetime, seconds: int) -> dict[str, str]:
    """What is asked about a metric: its growth in the window, one point, by class of status."""
    return {
        "filter": f'metric.type="{metric}" AND resource.labels.backend_target_name="{backend}"',
        "interval.startTime": _text(end - timedelta(seconds=seconds)),
        "interval.endTime": _text(end),
        "aggregation.alignmentPeriod": f"{seconds}s",
        "aggregation.perSeriesAligner": "ALIGN_DELTA",
        "aggregation.crossSeriesReducer": "REDUCE_SUM",
        "aggregation.groupByFields": "metric.labels.response_code_class",
    }


def read(requests: Answer, latencies: Answer, budget: Budget) -> Sample:
    """The counts in the answers to the two questions. MetricsError where more follows, or a form is not known."""
    for answer in (requests, latencies):
        if answer.get("nextPageToken"):
            raise MetricsError("Cloud Monitoring answered with a part only")
    counts = list(_points(requests))
    total = sum(int(value["int64Value"]) for _, value in counts)
    failed = sum(int(value["int64Value"]) for kind, value in counts if kind == "500")
    spread = [value["distributionValue"] for _, value in _points(latencies)]
    timed = sum(int(each.get("count", 0)) for each in spread)
    return Sample(total, failed, timed, sum(_slow(each, budget.threshold * 1000) for each in spread))


def _points(answer: Answer) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(class of status, value) of each point; the class is written 200 or 500."""
    for series in answer.get("timeSeries", ()):
        kind = str(series.get("metric", {}).get("labels", {}).get("response_code_class", ""))
        for point in series.get("points", ()):
            yield kind, point["value"]


def _slow(distribution: Mapping[str, Any], milliseconds: float) -> float:
    """How many lie over the threshold. The bucket that holds it is divided as if its values lay evenly in it."""
    options = distribution["bucketOptions"].get("exponentialBuckets")
    if options is None:
        raise MetricsError("Cloud Monitoring answered with buckets of a form that is not known here")
    scale, factor, finite = float(options["scale"]), float(options["growthFactor"]), int(options["numFiniteBuckets"])
    slow = 0.0
    for index, text in enumerate(distribution.get("bucketCounts", ())):
        # Bucket 0 lies below the scale, the one after the finite ones has no end.
        low = 0.0 if index == 0 else scale * factor ** (index - 1)
        high = scale * factor**index if index <= finite else float("inf")
        if low >= milliseconds:
            slow += int(text)
        elif high > milliseconds:
            slow += int(text) * ((high - milliseconds) / (high - low) if high != float("inf") else 1.0)
    return slow


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
