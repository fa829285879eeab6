"""A service's rules at their real windows, judged by Prometheus itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.monitoring.objectives import Links, Place, Subject, rule_groups
from components.monitoring.rules import RuleGroup
from components.spec.service import Service
from tests.components.monitoring.promtool import Alert, Stretch, counters, gauge, run
from tests.components.worlds import service as described

WHERE = 'namespace="shop-prod",pod="web-77bd5fcb57-gqs95"'
PLACE = Place(
    matchers='namespace="shop-prod",pod=~"web-.*"',
    wanted='sum(kube_deployment_spec_replicas{namespace="shop-prod",deployment="web"})',
    running='sum(kube_deployment_status_replicas_available{namespace="shop-prod",deployment="web"})',
)
LINKS = Links(
    runbooks="https://example.com/runbooks/",
    dashboard="https://grafana.example.com/d/caas-service",
    logs="https://kibana.example.com/app/discover",
    deployment="release 7",
)
UP = f"up{{{WHERE}}}"
WANTED = 'kube_deployment_spec_replicas{namespace="shop-prod",deployment="web"}'
RUNNING = 'kube_deployment_status_replicas_available{namespace="shop-prod",deployment="web"}'

FAST = Alert("ServiceFailsTooOften", "page", "1h/5m", "availability")
SIX_HOURS = Alert("ServiceFailsTooOften", "page", "6h/30m", "availability")
DAY = Alert("ServiceFailsTooOften", "ticket", "1d/2h", "availability")
THREE_DAYS = Alert("ServiceFailsTooOften", "ticket", "3d/6h", "availability")
SLOW = Alert("ServiceAnswersTooSlowly", "page", "1h/5m", "latency-p99")

CALM = Stretch(90, requests=600)
"""An hour and a half of ten requests a second, all well."""


def groups(**changes: Any) -> tuple[RuleGroup, ...]:
    spec = Service.model_validate({"name": "web", **described(**changes)})
    return rule_groups(Subject(spec, "shop", "prod", "owners", 30), PLACE, LINKS)


def fast() -> tuple[RuleGroup, ...]:
    """What must not wait; the long windows are tried apart, for they take promtool long."""
    return groups()[:1]


def world(*stretches: Stretch, instances: int = 3) -> dict[str, str]:
    minutes = sum(one.minutes for one in stretches)
    steady = gauge([(minutes, instances)])
    up = gauge([(one.minutes, 1 if one.present else 0) for one in stretches])
    return {**counters(stretches, WHERE), UP: up, WANTED: steady, RUNNING: steady}


def test_five_percent_of_failures_page_within_twenty_minutes_and_recovery_resolves(tmp_path: Path) -> None:
    series = world(CALM, Stretch(30, requests=600, failed=30), Stretch(60, requests=600))
    labels = {
        "project": "shop",
        "environment": "prod",
        "service": "web",
        "owner": "owners",
        "severity": "page",
        "slo": "availability",
        "burn_rate": "14.4",
        "windows": "1h/5m",
    }
    annotations = {
        "summary": "1.667% of the requests of web in prod fail over 1h; 0.1% may, in 30 days.",
        "dashboard_url": "https://grafana.example.com/d/caas-service",
        "logs_url": "https://kibana.example.com/app/discover",
        "runbook_url": "https://example.com/runbooks/ServiceFailsTooOften.md",
        "deployment": "release 7",
    }
    told = {
        "eval_time": "110m",
        "alertname": "ServiceFailsTooOften",
        "exp_alerts": [{"exp_labels": labels, "exp_annotations": annotations}],
    }
    # 1.44 percent of the last hour are reached after 17.3 minutes of 5 percent, and two more must pass.
    expected = {89: [], 106: [], 110: [FAST], 119: [FAST], 129: [], 179: []}
    assert run(fast(), series, tmp_path, firing=expected, exactly=[told]) == ""


def test_an_outage_pages_within_five_minutes(tmp_path: Path) -> None:
    series = world(CALM, Stretch(10, requests=600, failed=600))
    assert run(fast(), series, tmp_path, firing={90: [], 95: [FAST]}) == ""


HALF_A_DAY = 720


@pytest.mark.parametrize(
    ("burn", "expected"),
    [
        (8, {120: [], 360: [SIX_HOURS, THREE_DAYS]}),
        (4, {360: [], 1260: [DAY, THREE_DAYS]}),
        (1.5, {1200: [], 1740: [THREE_DAYS]}),
        (0.9, {minute: [] for minute in range(60, 2000, 240)}),
    ],
    ids=["six-hours", "a-day", "three-days", "within-the-budget"],
)
def test_the_slower_it_burns_the_later_it_is_told(
    burn: float, expected: dict[int, list[Alert]], tmp_path: Path
) -> None:
    burning = Stretch(max(expected) + 1, requests=600, failed=0.6 * burn, slow=5)
    series = world(Stretch(HALF_A_DAY, requests=600), burning)
    firing = {HALF_A_DAY + minute: alerts for minute, alerts in expected.items()}
    assert run(groups(), series, tmp_path, firing=firing, every=60) == ""


def test_slow_answers_page_as_failures_do(tmp_path: Path) -> None:
    series = world(CALM, Stretch(30, requests=600, slow=300), Stretch(30, requests=600))
    expected = {89: [], 106: [], 112: [SLOW], 119: [SLOW], 129: [], 149: []}
    assert run(fast(), series, tmp_path, firing=expected) == ""


def test_without_traffic_nothing_fails_and_nothing_is_told(tmp_path: Path) -> None:
    series = world(CALM, Stretch(100, requests=0))
    ratio = 'service:slo_bad:ratio_rate5m{service="web"}'
    labels = 'service:slo_bad:ratio_rate5m{environment="prod",project="shop",service="web",slo="%s"}'
    zero = [{"labels": labels % slo, "value": 0} for slo in ("availability", "latency-p99")]
    firing: dict[int, list[Alert]] = {100: [], 180: []}
    assert run(fast(), series, tmp_path, firing=firing, values={(100, ratio): zero}) == ""


@pytest.mark.parametrize(("minutes", "expected"), [(10, []), (30, [FAST])], ids=["four", "twelve"])
def test_a_handful_of_failures_at_night_is_no_trend(minutes: int, expected: list[Alert], tmp_path: Path) -> None:
    few = Stretch(minutes, requests=0.4, failed=0.4)
    assert run(fast(), world(Stretch(60), few), tmp_path, firing={60 + minutes - 1: expected}) == ""


def test_metrics_that_stop_while_instances_run_page(tmp_path: Path) -> None:
    series = world(CALM, Stretch(30, present=False), Stretch(20, requests=600))
    blind = Alert("ServiceNotScraped", "page")
    assert run(fast(), series, tmp_path, firing={94: [], 97: [blind], 119: [blind], 122: []}) == ""


def test_metrics_that_never_came_page_as_well(tmp_path: Path) -> None:
    series = {WANTED: gauge([(20, 3)]), RUNNING: gauge([(20, 3)])}
    assert run(fast(), series, tmp_path, firing={7: [Alert("ServiceNotScraped", "page")]}) == ""


@pytest.mark.parametrize("lacks", ["_bucket", "requests_total"])
def test_metrics_of_another_name_or_without_the_bucket_get_a_ticket(lacks: str, tmp_path: Path) -> None:
    series = {name: each for name, each in world(Stretch(30, requests=600)).items() if lacks not in name}
    missing = Alert("ServiceMetricsMissing", "ticket")
    assert run(fast(), series, tmp_path, firing={14: [], 17: [missing]}) == ""


def test_a_service_of_which_nothing_runs_pages(tmp_path: Path) -> None:
    series = world(CALM, Stretch(30, present=False)) | {RUNNING: gauge([(90, 3), (20, 0), (10, 3)])}
    del series[UP]
    down = Alert("ServiceDown", "page")
    assert run(fast(), series, tmp_path, firing={90: [], 92: [down], 109: [down], 111: []}) == ""


def test_a_restart_of_all_counters_is_no_failure_and_hides_none(tmp_path: Path) -> None:
    again = Stretch(30, requests=600, restarts=True)
    bad = Stretch(20, requests=600, failed=30)
    series = world(CALM, again, bad, Stretch(10, requests=600, failed=30, restarts=True))
    expected: dict[int, list[Alert]] = {**{minute: [] for minute in range(88, 138, 6)}, 142: [FAST]}
    assert run(fast(), series, tmp_path, firing=expected) == ""


@pytest.mark.parametrize(("availability", "limit"), [(99.9, "0.0144"), (99, "0.144"), (90, "0.9"), (50, "0.9")])
def test_a_loose_objective_can_still_be_missed(availability: float, limit: str) -> None:
    first, _ = groups(slo={"availability": availability})
    assert f"> {limit} and" in first.alerts[0].expr


def test_every_rule_says_whose_it_is() -> None:
    rules = [rule for group in groups() for rule in group.rules]
    assert len(rules) == 35
    identity = {"project": "shop", "environment": "prod", "service": "web"}
    assert all(identity.items() <= dict(rule.labels).items() for rule in rules)
    alerts = [alert for group in groups() for alert in group.alerts]
    assert {alert.labels["severity"] for alert in alerts} == {"page", "ticket"}
    assert all({"owner", "severity", "slo"} <= alert.labels.keys() for alert in alerts)


def test_a_service_without_metrics_has_no_rules() -> None:
    spec = Service.model_validate({"name": "web", **described(), "metricsPath": None})
    assert rule_groups(Subject(spec, "shop", "prod", None, 30), PLACE, LINKS) == ()


def test_what_the_platform_does_not_count_is_not_asked_for() -> None:
    spec = Service.model_validate({"name": "web", **described()})
    first, _ = rule_groups(Subject(spec, "shop", "prod", None, 30), Place('job="web"'), Links())
    names = [alert.alert for alert in first.alerts]
    assert names == ["ServiceFailsTooOften", "ServiceAnswersTooSlowly", "ServiceNotScraped", "ServiceMetricsMissing"]
    assert first.alerts[2].expr == ('count(max_over_time(up{job="web"}[1h])) > 0 unless on() sum(up{job="web"}) > 0')
    assert "owner" not in first.alerts[0].labels
    assert first.alerts[0].annotations == {
        "summary": "{{ $value | humanizePercentage }} of the requests of web in prod fail over 1h; "
        "0.1% may, in 30 days.",
        "runbook_url": "docs/runbooks/ServiceFailsTooOften.md",
    }
