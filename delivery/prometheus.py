"""Asks a Prometheus how a version of a service does. Every question is bounded; an answer that fails is an error."""

from __future__ import annotations

import json
import math
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from components.slo import Queries
from delivery.gate import Sample

TOKEN = "CAAS_PROMETHEUS_TOKEN"  # noqa: S105 - its name
"""Environment variable of the bearer token, where Prometheus asks for one."""
LIMIT = 10.0
"""Seconds for one question."""


class MetricsError(Exception):
    """The source of the metrics did not answer, or not with numbers."""


class Prometheus:
    """One server, by its HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def sample(self, queries: Queries) -> Sample:
        """What a version answered in the window of the queries; all zero where nothing is known of it.

        Raises MetricsError where the server does not answer, and where the histogram lacks the objective's bound: its
        requests would all count as slow.
        """
        requests, failed = self.number(queries.requests), self.number(queries.failed)
        timed, fast = self.number(queries.timed), self.number(queries.fast)
        if fast is None and (timed or 0) >= 1:
            raise MetricsError(
                f"the histogram has no bucket for {queries.fast}: set slo.latency.threshold to one of its upper bounds"
            )
        slow = max(0.0, (timed or 0.0) - (fast or 0.0))
        return Sample(requests or 0.0, failed or 0.0, timed or 0.0, slow)

    def number(self, query: str) -> float | None:
        """The one value of an instant query; None where there is no series. MetricsError where that fails."""
        result = self._ask(query)
        if not result:
            return None
        try:
            value = float(result[0]["value"][1])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise MetricsError(f"{self.url} answered {query!r} with no number") from error
        return None if math.isnan(value) else value

    def labels(self, query: str) -> list[dict[str, Any]]:
        """The labels of each series that an instant query gives. MetricsError where that fails."""
        found = [one.get("metric") if isinstance(one, dict) else None for one in self._ask(query)]
        if not all(isinstance(one, dict) for one in found):
            raise MetricsError(f"{self.url} answered {query!r} with no series")
        return [one for one in found if isinstance(one, dict)]

    def _ask(self, query: str) -> list[Any]:
        body = urllib.parse.urlencode({"query": query}).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/query", data=body)  # noqa: S310 - the spec allows http(s)
        if token := os.environ.get(TOKEN):
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=LIMIT) as response:  # noqa: S310
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(300).decode(errors="replace")
            raise MetricsError(f"{self.url} answered {error.code}: {said.strip()}") from error
        except (OSError, ValueError) as error:
            raise MetricsError(f"{self.url} does not answer: {getattr(error, 'reason', error)}") from error
        try:
            if answer["status"] == "success":
                return list(answer["data"]["result"])
        except (KeyError, TypeError):
            pass  # Not Prometheus at all: the same to whoever asked.
        raise MetricsError(f"{self.url} did not understand {query!r}")
