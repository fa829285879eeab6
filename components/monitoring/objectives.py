"""The rules that follow from a service's objective: what is recorded, and who is told of what. Pure.

Every platform hands in where it finds a service's metrics; names, windows, thresholds and texts are the same on all.
What no traffic and no metrics mean: docs/adr/0030-alerts-from-the-objective.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from components import slo
from components.monitoring.burn_rates import BurnRate, burn_rates
from components.monitoring.rules import AlertRule, RecordingRule, RuleGroup, duration
from components.spec.environment import Environment
from components.spec.service import Service

RATIO = "service:slo_bad:ratio_rate"
"""Recorded with a window's name behind it: the share of bad requests, 0 to 1."""
BAD = "service:slo_bad:increase"
"""Recorded with a long window's name behind it: how many requests were bad."""
BUDGET = "service:slo_budget:ratio"
"""Recorded: the share of requests that may be bad, 0 to 1."""

MINIMUM_BAD = 5
"""Bad requests in the long window below which nobody is told: one failure of two requests at night is no trend."""
HIGHEST = 0.9
"""No alert waits for more than this share: with a loose objective the factor would ask for more than everything."""
UNSEEN = 300
"""Seconds without any metric after which somebody is told; never fewer than ten scrapes."""
SLOWEST = 60
"""Seconds between two evaluations of the long windows at the most."""


@dataclass(frozen=True)
class Links:
    """Where somebody who is told looks further. What is None is left out."""

    runbooks: str = "docs/runbooks"
    """Directory or URL that holds a page for each alert."""
    dashboard: str | None = None
    logs: str | None = None
    deployment: str | None = None
    """The deployment that came before, in words; may hold a template of Prometheus."""


def runbooks(environment: Environment) -> str:
    """Where an environment's runbooks are."""
    said = environment.monitoring.runbooks if environment.monitoring is not None else None
    return said or Links().runbooks


@dataclass(frozen=True)
class Place:
    """Where a platform's Prometheus finds a service, and how it counts the service's instances."""

    matchers: str
    """Of the series that the service's instances give, such as ``namespace="shop",pod=~"web-.*"``."""
    wanted: str | None = None
    """PromQL: how many instances there should be. None where the platform does not say."""
    running: str | None = None
    """PromQL: how many instances there are. None where the platform does not say."""


@dataclass(frozen=True)
class Subject:
    """Whose objective it is."""

    service: Service
    project: str
    environment: str
    owner: str | None
    scrape: int
    """Seconds between two looks at the service."""

    @property
    def identity(self) -> dict[str, str]:
        """Labels of everything that is recorded or told of it."""
        return {"project": self.project, "environment": self.environment, "service": self.service.name}

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.service.name} in {self.environment}"


def subject(service: Service, environment: Environment, scrape: int) -> Subject:
    """A service of an environment, looked at every ``scrape`` seconds."""
    return Subject(service, environment.project, environment.stack, environment.owner, scrape)


@dataclass(frozen=True)
class Indicator:
    """One half of the objective: which requests count, and which of them are bad."""

    slo: str
    alert: str
    allowed: float
    """Share of the requests that may be bad, 0 to 1."""
    fault: str
    """What is wrong with a bad one, in words."""
    all: str
    """Counter of all requests, with its matchers."""
    good: str | None
    """Counter of the good ones; None where ``bad`` is counted."""
    bad: str | None

    def all_rate(self, window: int) -> str:
        """Requests a second."""
        return f"sum(rate({self.all}[{duration(window)}]))"

    def bad_rate(self, window: int) -> str:
        """Bad requests a second; nothing where the metrics are missing, 0 where there are no bad ones."""
        if self.bad is None:
            return f"({self.all_rate(window)} - sum(rate({self.good}[{duration(window)}])))"
        return f"(sum(rate({self.bad}[{duration(window)}])) or 0 * {self.all_rate(window)})"

    def ratio(self, window: int) -> str:
        """The share of bad requests: 0 where nobody asks, nothing where the metrics are missing."""
        bad = self.bad_rate(window)
        return f"clamp_min({bad} / ({self.all_rate(window)} > 0) or 0 * {bad}, 0)"


def rule_groups(subject: Subject, place: Place, links: Links) -> tuple[RuleGroup, ...]:
    """Every rule of a service; none where it has no metrics.

    The first group is of the fastest windows and what else must not wait; the second of the others.
    """
    if subject.service.metrics_path is None:
        return ()
    fast, *slow = burn_rates(subject.service.slo.period, subject.scrape)
    halves = indicators(subject.service, place)
    name = f"{subject.project}-{subject.environment}-{subject.service.name}"
    pace = min(max(subject.scrape, min(one.short for one in slow) // 30), max(SLOWEST, subject.scrape))
    return (
        RuleGroup(
            f"{name}-fast",
            subject.scrape,
            (
                *_budgets(subject, halves),
                *_recorded(subject, halves, (fast,), ()),
                *_burns(subject, halves, (fast,), links),
                *_unseen(subject, place, links),
            ),
        ),
        RuleGroup(
            f"{name}-slow",
            pace,
            (*_recorded(subject, halves, slow, fast.windows), *_burns(subject, halves, slow, links)),
        ),
    )


def indicators(service: Service, place: Place) -> tuple[Indicator, Indicator]:
    """Availability and latency, over all of a service's instances."""
    metrics, allowed = service.slo.metrics, slo.budget(service)
    where = f"{place.matchers}{slo.served(service)}"
    percentile = f"{service.slo.latency.percentile:g}"
    return (
        Indicator(
            slo="availability",
            alert="ServiceFailsTooOften",
            allowed=allowed.failed,
            fault="fail",
            all=f"{metrics.requests}{{{where}}}",
            good=None,
            bad=f'{metrics.requests}{{{where},{metrics.code}=~"5.."}}',
        ),
        Indicator(
            slo=f"latency-p{percentile}",
            alert="ServiceAnswersTooSlowly",
            allowed=allowed.slow,
            fault=f"take longer than {service.slo.latency.threshold} ms",
            all=f"{metrics.duration}_count{{{where}}}",
            good=f'{metrics.duration}_bucket{{{where},le=~"{slo.bucket(service)}"}}',
            bad=None,
        ),
    )


def _budgets(subject: Subject, halves: tuple[Indicator, ...]) -> Iterator[RecordingRule]:
    for half in halves:
        yield RecordingRule(BUDGET, f"vector({half.allowed:g})", {**subject.identity, "slo": half.slo})


def _recorded(
    subject: Subject, halves: tuple[Indicator, ...], rates: Sequence[BurnRate], known: tuple[int, ...]
) -> Iterator[RecordingRule]:
    """One ratio for each window that is not recorded elsewhere, and the bad requests of each long one."""
    windows = sorted({window for one in rates for window in one.windows} - set(known))
    for half in halves:
        labels = {**subject.identity, "slo": half.slo}
        for window in windows:
            yield RecordingRule(f"{RATIO}{duration(window)}", half.ratio(window), labels)
        for window in sorted({one.long for one in rates}):
            yield RecordingRule(f"{BAD}{duration(window)}", f"{half.bad_rate(window)} * {window}", labels)


def _burns(
    subject: Subject, halves: tuple[Indicator, ...], rates: Sequence[BurnRate], links: Links
) -> Iterator[AlertRule]:
    for half in halves:
        labels = {**subject.identity, "slo": half.slo}
        where = "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"
        for one in rates:
            limit = f"{min(one.factor * half.allowed, HIGHEST):g}"
            long, short = duration(one.long), duration(one.short)
            yield AlertRule(
                alert=half.alert,
                expr=f"{RATIO}{long}{where} > {limit} and {RATIO}{short}{where} > {limit} "
                f"and {BAD}{long}{where} >= {MINIMUM_BAD}",
                hold=one.hold,
                labels=_labels(subject, half.slo, one.severity, {"burn_rate": f"{one.factor:g}", "windows": one.label}),
                annotations=_annotations(
                    half.alert,
                    f"{{{{ $value | humanizePercentage }}}} of the requests of {subject.name} {half.fault} over "
                    f"{long}; {half.allowed * 100:g}% may, in {subject.service.slo.period} days.",
                    links,
                ),
            )


def _unseen(subject: Subject, place: Place, links: Links) -> Iterator[AlertRule]:
    """What no ratio tells: that nothing runs, that nobody looks, or that what is seen is not what was promised."""
    metrics, hold = subject.service.slo.metrics, max(UNSEEN, 10 * subject.scrape)
    up = f"up{{{place.matchers}}}"
    if place.wanted is not None and place.running is not None:
        yield _plain(
            subject,
            links,
            "ServiceDown",
            f"({place.wanted}) > 0 unless on() ({place.running}) > 0",
            max(60, 2 * subject.scrape),
            "page",
            f"None of the {{{{ $value }}}} instances of {subject.name} is available.",
        )
    # Where nobody counts the instances, whoever was looked at within the last hour is taken to run still.
    seen = f"count(max_over_time({up}[1h]))"
    running = f"(({place.running}) or {seen}) > 0" if place.running is not None else f"{seen} > 0"
    yield _plain(
        subject,
        links,
        "ServiceNotScraped",
        f"{running} unless on() sum({up}) > 0",
        hold,
        "page",
        f"{{{{ $value }}}} instances of {subject.name} run, and no metrics are read from any of them.",
    )
    known = (
        f"count({metrics.requests}{{{place.matchers}}})",
        f'count({metrics.duration}_bucket{{{place.matchers},le=~"{slo.bucket(subject.service)}"}})',
    )
    yield _plain(
        subject,
        links,
        "ServiceMetricsMissing",
        f"sum({up}) > 0 unless on() ({known[0]} and on() {known[1]})",
        3 * hold,
        "ticket",
        f"{{{{ $value }}}} instances of {subject.name} are read, and give no {metrics.requests}, or no "
        f"{metrics.duration} with a bucket of {subject.service.slo.latency.threshold} ms.",
    )


def _plain(subject: Subject, links: Links, alert: str, expr: str, hold: int, severity: str, summary: str) -> AlertRule:
    labels = _labels(subject, "none", severity)
    return AlertRule(alert, expr, hold, labels, _annotations(alert, summary, links))


def _labels(subject: Subject, objective: str, severity: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    owner = {"owner": subject.owner} if subject.owner is not None else {}
    return {**subject.identity, **owner, "severity": severity, "slo": objective, **(more or {})}


def _annotations(alert: str, summary: str, links: Links) -> dict[str, str]:
    given = {
        "summary": summary,
        "dashboard_url": links.dashboard,
        "logs_url": links.logs,
        "runbook_url": f"{links.runbooks.rstrip('/')}/{alert}.md",
        "deployment": links.deployment,
    }
    return {key: value for key, value in given.items() if value is not None}
