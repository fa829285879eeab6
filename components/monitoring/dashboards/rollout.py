"""A release on its way: the old version and the new one side by side, in the figures that the gate judges."""

from __future__ import annotations

from components import slo
from components.monitoring.dashboards.document import Document, build
from components.monitoring.dashboards.links import DashboardLinks
from components.monitoring.dashboards.panels import BYTES, CORES, COUNT, PER_SECOND, RATE, SECONDS, SHARE, Panel, graph
from components.monitoring.dashboards.views import View
from components.monitoring.objectives import Subject, indicators

_VERSION = "{{version}}"


def rollout(subject: Subject, view: View, links: DashboardLinks) -> Document:
    """The dashboard of one service's versions."""
    rows = {"Old and new": _answers(subject, view), "What they use": _usage(view)}
    return build(
        f"{subject.name}: rollout",
        "rollout",
        links,
        {heading: panels for heading, panels in rows.items() if panels},
        service=subject.service.name,
        since="now-1h",
    )


def _answers(subject: Subject, view: View) -> list[Panel]:
    spec = subject.service
    availability, latency = indicators(spec, view.place)
    share = spec.slo.latency.percentile
    answered = view.by_version(f"rate({availability.all}[{RATE}])")
    failed = view.by_version(f"rate({availability.bad}[{RATE}])")
    buckets = view.by_version(f"rate({latency.all.replace('_count{', '_bucket{', 1)}[{RATE}])", "le")
    return [
        graph(
            "Share of the traffic",
            "How much of the traffic each version answers: the weights of a canary, as they came to be.",
            SHARE,
            {_VERSION: f"{answered} / on () group_left () sum({answered})"},
            stacked=True,
        ),
        graph("Requests", "Requests that each version answers in a second.", PER_SECOND, {_VERSION: answered}),
        graph(
            "Errors",
            "Share of each version's requests that got a server error. The line is the promise.",
            SHARE,
            # A version without failures has no such series: 0 of what it answered.
            {_VERSION: f"({failed} or 0 * {answered}) / {answered}"},
            limit=availability.allowed,
        ),
        graph(
            f"Latency, p{share:g}",
            "Time that so many of each version's answers are within. The line is the promise.",
            SECONDS,
            {_VERSION: f"histogram_quantile({share / 100:g}, {buckets})"},
            limit=slo.budget(spec).threshold,
        ),
        graph(
            "Instances",
            "Instances of each version that answer when they are asked for their metrics.",
            COUNT,
            {_VERSION: view.by_version(f"up{{{view.matchers}}}")},
            stacked=True,
        ),
    ]


def _usage(view: View) -> list[Panel]:
    if view.containers is None:
        return []
    cpu = view.by_version(f"rate(container_cpu_usage_seconds_total{{{view.containers}}}[{RATE}])")
    memory = view.by_version(f"container_memory_working_set_bytes{{{view.containers}}}")
    return [
        graph("CPU", "vCPU that each version uses, all its instances together.", CORES, {_VERSION: cpu}),
        graph("Memory", "Memory that each version uses, all its instances together.", BYTES, {_VERSION: memory}),
    ]
