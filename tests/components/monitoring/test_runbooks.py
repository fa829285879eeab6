"""Every alert has a page that says what to do, and every page an alert."""

from __future__ import annotations

from pathlib import Path

from components.azure import alerts as azure_alerts
from components.monitoring.alertmanager import SWITCH
from tests.components.monitoring.test_objectives import groups

RUNBOOKS = Path(__file__).resolve().parents[3] / "docs" / "runbooks"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    alerts = {alert.alert for group in groups() for alert in group.alerts}
    alerts |= {alert.runbook for alert in azure_alerts.ALERTS}
    assert alerts | {SWITCH} == {page.stem for page in RUNBOOKS.glob("*.md")}


def test_a_runbook_says_what_it_means_where_to_look_and_what_to_do() -> None:
    for page in RUNBOOKS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.stem}: ")
        assert [line for line in text.splitlines() if line.startswith("## ")] == [
            "## What it means",
            "## Look",
            "## Do",
        ]
