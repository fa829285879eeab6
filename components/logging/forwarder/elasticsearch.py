"""Asks Elasticsearch what it has: how far a forwarder before this one has come, and whether a line has arrived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from components.logging.forwarder import http
from components.logging.forwarder.settings import Settings
from components.logging.forwarder.times import SECOND

AT_ONCE = 1000
"""Ids in one question."""
INGESTED = "event.created"
"""The document's field with the point at which the workspace took the line."""


class Elasticsearch:
    """The lines of one environment."""

    def __init__(self, settings: Settings, credential: str) -> None:
        self._settings = settings
        self._url = f"{settings.elasticsearch.rstrip('/')}/{settings.stream}/_search"
        self._headers = {"Authorization": f"ApiKey {credential}"} if settings.credential == "api-key" else {}

    def newest(self) -> int | None:
        """When the workspace took the newest line that has arrived, in ticks; None where there is none."""
        own = {"term": {"cloud.platform": self._settings.platform}}
        body = {"size": 0, "query": own, "aggs": {"newest": {"max": {"field": INGESTED}}}}
        found = self._search(body).get("aggregations", {}).get("newest", {}).get("value")
        return None if found is None else int(found) * (SECOND // 1000)

    def present(self, ids: Sequence[str]) -> set[str]:
        """Which of these documents are there."""
        found: set[str] = set()
        for some in _portions(ids):
            body = {"size": len(some), "_source": False, "query": {"ids": {"values": list(some)}}}
            found |= {hit["_id"] for hit in self._search(body)["hits"]["hits"]}
        return found

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        """An index that is not there yet holds nothing; a shard that is away must not look like that."""
        options = "ignore_unavailable=true&allow_no_indices=true&allow_partial_search_results=false"
        return http.ask("Elasticsearch", f"{self._url}?{options}", self._headers, body)


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
