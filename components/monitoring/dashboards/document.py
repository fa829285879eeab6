"""A whole dashboard: built with Grafana's own library, and read back as the document that Grafana takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from components.monitoring.dashboards.links import TAG, DashboardLinks
from components.monitoring.dashboards.panels import RATE, SOURCE, Panel
from components.naming import name

Document = dict[str, Any]
"""JSON of Grafana's dashboard schema."""

UID_LIMIT = 40
"""Characters of the uid by which Grafana knows a dashboard."""

WIDTH = 24
"""Of a dashboard, in Grafana's units."""


def build(
    title: str,
    kind: str,
    links: DashboardLinks,
    rows: Mapping[str, Sequence[Panel]],
    *,
    service: str | None = None,
    since: str = "now-6h",
) -> Document:
    """The dashboard of a kind, for one service or (None) for the stack.

    :param rows: Their titles, with the panels of each.
    :param since: From when on it shows, as Grafana writes it.
    """
    built = (
        Dashboard(title)
        .uid(name("caas", links.project, links.stack, service or "", kind, limit=UID_LIMIT))
        .tags([TAG, links.project, links.stack, *([service] if service else []), kind])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(since, "now")
        .refresh("30s")
        .timezone("browser")
        .with_variable(DatasourceVariable(SOURCE).label("Prometheus").type("prometheus"))
        .annotation(links.deployments(service))
        .links(list(links.built(service)))
    )
    for heading, panels in rows.items():
        built = built.with_row(Row(heading))
        for panel in panels:
            built = built.with_panel(panel)
    # Once through JSON: the library's own objects stay in here.
    document = cast("Document", json.loads(JSONEncoder().encode(built.build())))
    _lay_out(document["panels"])
    return document


def asking(document: Document, source: str) -> Document:
    """The dashboard that asks this data source at first, until somebody chooses another one.

    :param source: Its name in Grafana.
    """
    first, *others = document["templating"]["list"]
    chosen = {**first, "current": {"selected": True, "text": source, "value": source}}
    return {**document, "templating": {**document["templating"], "list": [chosen, *others]}}


def _lay_out(panels: Sequence[Document]) -> None:
    """From left to right, and on a new line where a panel does not fit: the library lets it stand out."""
    left, top, height = 0, 0, 0
    for panel in panels:
        place = panel["gridPos"]
        if panel["type"] == "row" or left + place["w"] > WIDTH:
            left, top, height = 0, top + height, 0
        place["x"], place["y"] = left, top
        left, height = left + place["w"], max(height, place["h"])


@dataclass(frozen=True)
class Query:
    """One question of a panel."""

    panel: str
    """The panel's title."""
    expression: str
    """PromQL, with Grafana's window of rates still in it."""
    legend: str

    def within(self, seconds: int) -> str:
        """The expression as Grafana asks it where it takes rates over so many seconds."""
        return self.expression.replace(RATE, f"{seconds}s")


def queries(document: Mapping[str, Any]) -> Iterator[Query]:
    """Every question that a dashboard asks."""
    for panel in document["panels"]:
        for target in panel.get("targets", []):
            yield Query(panel["title"], target["expr"], target.get("legendFormat", ""))
