"""What an Application Gateway logged for one backend pool: on Container Instances, one version of a service.

The gateway's metrics know averages of time only, so its access log in a Log Analytics workspace is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from components.slo import Budget
from delivery.gate import Sample
from delivery.prometheus import MetricsError
from delivery.proxies import Pools

ENDPOINT = "https://api.loganalytics.azure.com"
COLUMNS = ("requests", "failed", "timed", "slow")
LIMIT = urllib3.Timeout(connect=3, read=30)
"""Seconds to connect and to answer."""


class AzureMonitor:
    """One workspace. MetricsError where it cannot be asked."""

    def __init__(self, workspace: str, token: str, endpoint: str = ENDPOINT) -> None:
        """``token``: an access token for the endpoint, of an identity that may read the workspace."""
        self._url = f"{endpoint}/v1/workspaces/{workspace}/query"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._pool = Pools(timeout=LIMIT, retries=urllib3.Retry(total=2))

    def sample(self, pool: str, budget: Budget, end: datetime, seconds: int) -> Sample:
        """What a backend pool answered in the seconds before ``end``; all zero where nothing is known of it."""
        body = json.dumps({"query": question(pool, budget, end, seconds)}).encode()
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise MetricsError(f"Azure Monitor does not answer: {error}") from error
        if answer.status != 200:
            said = answer.data[:300].decode(errors="replace").strip()
            raise MetricsError(f"Azure Monitor answered {answer.status}: {said}")
        try:
            return read(json.loads(answer.data))
        except ValueError as error:
            raise MetricsError("Azure Monitor answered with no JSON") from error


def question(pool: str, budget: Budget, end: datetime, seconds: int) -> str:
    """One row of four counts, in the workspace's own language."""
    began = end - timedelta(seconds=seconds)
    return (
        "AGWAccessLogs"
        f" | where TimeGenerated >= datetime({_text(began)}) and TimeGenerated < datetime({_text(end)})"
        f" | where BackendPoolName == {json.dumps(pool)}"
        " | summarize requests = count(), failed = countif(HttpStatus >= 500),"
        f" timed = countif(isnotnull(TimeTaken)), slow = countif(TimeTaken > {budget.threshold:g})"
    )


def read(answer: Mapping[str, Any]) -> Sample:
    """The counts in an answer to ``question``. MetricsError where they are not there, or the answer is not whole."""
    if "error" in answer:
        raise MetricsError(
            f"Azure Monitor answered with a part only: {answer['error'].get('message', '')}".rstrip(": ")
        )
    try:
        table = next(each for each in answer["tables"] if each["name"] == "PrimaryResult")
        names = [column["name"] for column in table["columns"]]
        (row,) = table["rows"]
        numbers = dict(zip(names, row, strict=True))
        return Sample(*(float(numbers[name]) for name in COLUMNS))
    except (KeyError, StopIteration, TypeError, ValueError) as error:
        raise MetricsError("Azure Monitor did not answer with the four counts") from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
