"""Rules tried on made-up series by Prometheus' own `promtool test rules`: a minute of the series is a sample."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.monitoring.rules import RuleGroup, document
from sandbox import toolchain
from sandbox.errors import SandboxError

FIRING = 'count by (alertname, severity, windows, slo) (ALERTS{alertstate="firing"})'
"""PromQL: which alerts fire."""


@dataclass(frozen=True)
class Stretch:
    """So many minutes with so much happening in each."""

    minutes: int
    requests: float = 0
    failed: float = 0
    slow: float = 0
    """Answers that take longer than the objective allows."""
    present: bool = True
    """Whether the metrics are given at all."""
    restarts: bool = False
    """Whether every counter begins anew at the beginning."""


@dataclass(frozen=True)
class Alert:
    """One that fires."""

    alert: str
    severity: str
    windows: str = ""
    slo: str = "none"

    def sample(self) -> dict[str, Any]:
        """As promtool expects it from `FIRING`."""
        labels = {"alertname": self.alert, "severity": self.severity, "windows": self.windows, "slo": self.slo}
        inside = ", ".join(f'{key}="{value}"' for key, value in labels.items() if value)
        return {"labels": f"{{{inside}}}", "value": 1}


def counters(stretches: Iterable[Stretch], where: str) -> dict[str, str]:
    """A service's series over time, in promtool's notation."""
    kinds = {
        f'http_requests_total{{{where},path="/",code="200"}}': lambda one: one.requests - one.failed,
        f'http_requests_total{{{where},path="/",code="503"}}': lambda one: one.failed,
        f'http_request_duration_seconds_count{{{where},path="/"}}': lambda one: one.requests,
        f'http_request_duration_seconds_bucket{{{where},path="/",le="0.5"}}': lambda one: one.requests - one.slow,
    }
    given = list(stretches)
    return {name: _series(given, each) for name, each in kinds.items()}


def _series(stretches: list[Stretch], grows: Any) -> str:
    parts, value = [], 0.0
    for one in stretches:
        value = 0.0 if one.restarts else value
        if one.present:
            parts.append(f"{value:g}+{grows(one):g}x{one.minutes - 1}")
        else:
            parts.append(f"_x{one.minutes}")
        value += grows(one) * one.minutes
    return " ".join(parts)


def gauge(stretches: Iterable[tuple[int, float | None]]) -> str:
    """Values that each stay for some minutes; None where there is none."""
    return " ".join(
        "_" + f"x{minutes}" if value is None else f"{value:g}x{minutes - 1}" for minutes, value in stretches
    )


def run(
    groups: Iterable[RuleGroup],
    series: Mapping[str, str],
    directory: Path,
    *,
    firing: Mapping[int, list[Alert]] | None = None,
    exactly: list[dict[str, Any]] | None = None,
    values: Mapping[tuple[int, str], list[dict[str, Any]]] | None = None,
    every: int = 1,
) -> str:
    """What promtool says is wrong; nothing where all is as expected.

    :param firing: Minute -> all alerts that fire then.
    :param exactly: promtool's own ``alert_rule_test``: labels and texts of an alert.
    :param values: Minute and PromQL -> promtool's ``exp_samples``.
    :param every: Minutes between two evaluations of the rules.
    """
    (directory / "rules.yaml").write_text(json.dumps(document(groups)), encoding="utf-8")
    asked = {(minute, FIRING): [alert.sample() for alert in alerts] for minute, alerts in (firing or {}).items()}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": each} for name, each in series.items()],
        "alert_rule_test": exactly or [],
        "promql_expr_test": [
            {"expr": expr, "eval_time": f"{minute}m", "exp_samples": samples}
            for (minute, expr), samples in {**asked, **(values or {})}.items()
        ],
    }
    file = directory / "test.yaml"
    suite = {"rule_files": ["rules.yaml"], "evaluation_interval": f"{every}m", "tests": [test]}
    file.write_text(json.dumps(suite), encoding="utf-8")
    done = subprocess.run([str(_promtool()), "test", "rules", str(file)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _promtool() -> Path:
    """The one that is there: preparing it waits for whoever else prepares something."""
    try:
        return toolchain.current((toolchain.RULES,)).tool("promtool")
    except SandboxError:
        return toolchain.ensure((toolchain.RULES,)).tool("promtool")
