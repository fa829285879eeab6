"""Where a dashboard leads to: the logs of what it shows, the runbook, the deployments."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery, AnnotationTarget, DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, DataSourceRef

DEPLOYMENT_TAGS = ("caas", "deployment")
"""The first tags of the annotation that `caas` leaves of each deployment."""
TAG = "caas"
"""Of every dashboard, so that each links to the others of its stack."""
_SHOWN = 100
"""Deployments that a dashboard marks at the most."""


@dataclass(frozen=True)
class DashboardLinks:
    """Where the dashboards of one environment lead to. None: there is no such place, and no link."""

    project: str
    stack: str
    kibana: str | None = None
    """URL of the Kibana that shows the logs."""
    runbook: str | None = None
    """URL of the page that says what to do."""

    def logs(self, service: str | None) -> str | None:
        """Kibana's page of a service's log lines (None: of the whole environment), in the dashboard's time range."""
        if self.kibana is None:
            return None
        terms = {"service.environment": self.stack, **({"service.name": service} if service else {})}
        query = quote(" and ".join(f'{field}:"{value}"' for field, value in terms.items()), safe="")
        span = "from:'${__from:date:iso}',to:'${__to:date:iso}'"
        return (
            f"{self.kibana.rstrip('/')}/app/discover#/?_g=(time:({span}))&_a=(query:(language:kuery,query:'{query}'))"
        )

    def built(self, service: str | None) -> list[DashboardLink]:
        """As Grafana shows them above a dashboard."""
        others = DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS).tags([TAG, self.project, self.stack])
        places = (("Logs", self.logs(service)), ("Runbook", self.runbook))
        return [
            others.as_dropdown(True).keep_time(True).icon("apps"),
            *(
                DashboardLink(title).type(DashboardLinkType.LINK).url(url).target_blank(True).icon("external link")
                for title, url in places
                if url is not None
            ),
        ]

    def deployments(self, service: str | None) -> AnnotationQuery:
        """The marks of the stack's deployments; of those that brought the service, where one is named."""
        tags = [*DEPLOYMENT_TAGS, self.project, self.stack, *([service] if service else [])]
        return (
            AnnotationQuery()
            .name("Deployments")
            .datasource(DataSourceRef("grafana", "-- Grafana --"))
            .enable(True)
            .icon_color("blue")
            .type("tags")
            .target(AnnotationTarget().limit(_SHOWN).match_any(False).tags(tags).type("tags"))
        )
