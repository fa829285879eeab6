"""How a team delivers: DORA's four figures of a stack, as `caas dora` exports them."""

from __future__ import annotations

from components.monitoring.dashboards.document import Document, build
from components.monitoring.dashboards.links import DashboardLinks
from components.monitoring.dashboards.panels import COUNT, SECONDS, SHARE, Panel, figure, graph

_DAY = 86400.0


def delivery(links: DashboardLinks) -> Document:
    """The dashboard of one stack's deployments."""
    where = f'project="{links.project}",stack="{links.stack}"'

    def metric(name: str) -> str:
        # One figure, also where a Pushgateway and a node exporter both bring it.
        return f"max(caas_dora_{name}{{{where}}})"

    figures: list[Panel] = [
        figure(
            "Deployments a day",
            "DORA's deployment frequency, over the window.",
            COUNT,
            metric("deployments_per_day"),
            steps=((1 / 7, "orange"), (1.0, "green")),
            lowest="red",
            decimals=2,
        ),
        figure(
            "Lead time",
            "DORA: median from a commit to the deployment that brought it.",
            SECONDS,
            metric("lead_time_seconds"),
            steps=((_DAY, "orange"), (7 * _DAY, "red")),
            absent="no commit known",
        ),
        figure(
            "Change failure rate",
            "DORA: share of the deployments that failed or were taken back.",
            SHARE,
            metric("change_failure_ratio"),
            steps=((0.15, "orange"), (0.3, "red")),
        ),
        figure(
            "Time to restore",
            "DORA: median from a failure to the next release that went well.",
            SECONDS,
            metric("time_to_restore_seconds"),
            steps=((3600.0, "orange"), (_DAY, "red")),
            absent="nothing failed",
        ),
        figure(
            "Not yet restored",
            "Failures after which no release has gone well yet.",
            COUNT,
            metric("unrestored_failures"),
            steps=((1.0, "red"),),
        ),
    ]
    graphs: list[Panel] = [
        graph(
            "Deployments in the window",
            "Deployments that went well, and those that failed or were taken back.",
            COUNT,
            {"went well": metric("deployments"), "failed": metric("failed_deployments")},
            width=12,
        ),
        graph(
            "Lead time and time to restore",
            "Medians over the window.",
            SECONDS,
            {"lead time": metric("lead_time_seconds"), "time to restore": metric("time_to_restore_seconds")},
            width=12,
        ),
    ]
    rows = {"Now": figures, "Over time": graphs}
    return build(f"{links.stack}: delivery", "delivery", links, rows, since="now-30d")
