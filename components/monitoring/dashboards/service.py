"""A service's golden signals (traffic, errors, latency, saturation) and what is left of its error budget."""

from __future__ import annotations

from components import slo
from components.monitoring.burn_rates import burn_rates
from components.monitoring.dashboards.document import Document, build
from components.monitoring.dashboards.links import DashboardLinks
from components.monitoring.dashboards.panels import (
    BYTES,
    CORES,
    COUNT,
    PER_SECOND,
    RATE,
    SECONDS,
    SHARE,
    Panel,
    figure,
    graph,
)
from components.monitoring.dashboards.views import View
from components.monitoring.objectives import BUDGET, RATIO, Indicator, Subject, indicators
from components.monitoring.rules import duration


def service(subject: Subject, view: View, links: DashboardLinks) -> Document:
    """The dashboard of one service."""
    return build(
        f"{subject.name}: signals and error budget",
        "service",
        links,
        {
            "Error budget": [*_budgets(subject, view), _alerts(subject), _burning(subject)],
            "Signals": _signals(subject, view),
            "Saturation": _saturation(subject, view),
        },
        service=subject.service.name,
    )


def _budgets(subject: Subject, view: View) -> list[Panel]:
    availability, latency = indicators(subject.service, view.place)
    objective = subject.service.slo
    return [
        *_budget(
            availability,
            objective.period,
            "Availability",
            f"Share of the requests of {objective.period} days without a server error; {objective.availability:g} % "
            "are promised.",
        ),
        *_budget(
            latency,
            objective.period,
            "Fast enough",
            f"Share of the answers of {objective.period} days within {objective.latency.threshold} ms; "
            f"{objective.latency.percentile:g} % are promised.",
        ),
    ]


def _budget(half: Indicator, days: int, title: str, meaning: str) -> list[Panel]:
    every = f"sum(increase({half.all}[{days}d]))"
    bad = (
        f"({every} - sum(increase({half.good}[{days}d])))"
        if half.bad is None
        # No series of bad ones: none has been bad. Without any metrics it stays nothing.
        else f"(sum(increase({half.bad}[{days}d])) or 0 * {every})"
    )
    return [
        figure(
            title,
            meaning,
            SHARE,
            f"1 - {bad} / {every}",
            steps=((1 - half.allowed, "green"),),
            lowest="red",
            decimals=3,
        ),
        figure(
            f"{title}: budget left",
            "Share of what the promise allows to go wrong and that has not gone wrong. Below 0 it is overdrawn.",
            SHARE,
            f"1 - {bad} / {every} / {half.allowed:g}",
            steps=((0.0, "orange"), (0.25, "green")),
            lowest="red",
        ),
    ]


def _alerts(subject: Subject) -> Panel:
    where = _where(subject)
    return figure(
        "Alerts that fire",
        "Of this service, pages and tickets.",
        COUNT,
        f'count(ALERTS{{{where},alertstate="firing"}}) or 0 * count({BUDGET}{{{where}}})',
        steps=((1.0, "red"),),
    )


def _burning(subject: Subject) -> Panel:
    where = _where(subject)
    rates = burn_rates(subject.service.slo.period, subject.scrape)
    windows = sorted({one.long for one in rates})
    return graph(
        "Burn rate",
        "Times the pace at which a budget lasts exactly for its period, over the windows that the alerts ask. "
        f"The line: {rates[1].factor:g}, from which on somebody is called.",
        COUNT,
        {
            f"{{{{slo}}}}, {duration(window)}": f"{RATIO}{duration(window)}{{{where}}} / on (slo) {BUDGET}{{{where}}}"
            for window in windows
        },
        limit=rates[1].factor,
        width=24,
    )


def _where(subject: Subject) -> str:
    return ",".join(f'{key}="{value}"' for key, value in subject.identity.items())


def _signals(subject: Subject, view: View) -> list[Panel]:
    spec = subject.service
    availability, latency = indicators(spec, view.place)
    code = spec.slo.metrics.code
    buckets = latency.all.replace("_count{", "_bucket{", 1)
    shares = sorted({50.0, 90.0, spec.slo.latency.percentile})
    rate = f"rate({availability.all}[{RATE}])"
    return [
        graph(
            "Traffic",
            "Requests answered in a second, by status. Health checks and metrics are not counted.",
            PER_SECOND,
            {f"{{{{{code}}}}}": f"sum by ({code}) ({rate})"},
            stacked=True,
        ),
        graph(
            "Errors",
            "Share of the requests that got a server error. The line is the promise.",
            SHARE,
            {"failed": f"(sum(rate({availability.bad}[{RATE}])) or 0 * sum({rate})) / sum({rate})"},
            limit=availability.allowed,
        ),
        graph(
            "Latency",
            "Time that so many of the answers are within. The line is the promise.",
            SECONDS,
            {
                f"p{share:g}": f"histogram_quantile({share / 100:g}, sum by (le) (rate({buckets}[{RATE}])))"
                for share in shares
            },
            limit=slo.budget(spec).threshold,
        ),
    ]


def _saturation(subject: Subject, view: View) -> list[Panel]:
    spec, by = subject.service, view.instance
    availability, _ = indicators(spec, view.place)
    legend = f"{{{{{by}}}}}"
    panels: list[Panel] = [
        graph(
            "Instances",
            "Instances that answer when they are asked for their metrics.",
            COUNT,
            {"answer": f"sum(up{{{view.matchers}}})"},
        ),
        graph(
            "Traffic by instance",
            "Requests in a second of each instance: they should be alike.",
            PER_SECOND,
            {legend: f"sum by ({by}) (rate({availability.all}[{RATE}]))"},
        ),
    ]
    if view.containers is None:
        return panels
    return [
        *panels,
        graph(
            "CPU",
            f"vCPU that each instance uses; {spec.cpu:g} are requested.",
            CORES,
            {legend: f"sum by ({by}) (rate(container_cpu_usage_seconds_total{{{view.containers}}}[{RATE}]))"},
            limit=spec.cpu,
        ),
        graph(
            "Memory",
            f"Memory that each instance uses and cannot give back; beyond {spec.memory} MiB it is ended.",
            BYTES,
            {legend: f"sum by ({by}) (container_memory_working_set_bytes{{{view.containers}}})"},
            limit=float(spec.memory * 1024 * 1024),
        ),
    ]
