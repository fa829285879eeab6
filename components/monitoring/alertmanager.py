"""Who is told of an alert, when, and how often: Alertmanager's configuration. Pure, and without any secret in it.

Secret values are files beside it; see ``FILES``. A severity that nobody asked for goes to whoever is told at all: there
is no receiver that swallows alerts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from components.spec.monitoring import Receivers, Severity

FILES = "/etc/alertmanager/secrets"
"""Directory that holds a directory for each Secret, in a container of the operator's."""

SWITCH = "Watchdog"
"""The alert that always fires."""

IDENTITY = ["project", "environment", "service"]
TOGETHER = [*IDENTITY, "alertname"]
"""Labels of the alerts that one message tells of."""
SYMPTOMS = "ServiceFailsTooOften|ServiceAnswersTooSlowly|ServiceNotScraped|ServiceMetricsMissing"

_TITLE = "{{ .CommonLabels.alertname }}: {{ .CommonLabels.service }} in {{ .CommonLabels.environment }}"
_TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }}\n"
    "{{ with .Annotations.deployment }}Before it: {{ . }}\n{{ end }}"
    "{{ with .Annotations.dashboard_url }}Dashboard: {{ . }}\n{{ end }}"
    "{{ with .Annotations.logs_url }}Logs: {{ . }}\n{{ end }}"
    "{{ with .Annotations.runbook_url }}What to do: {{ . }}\n{{ end }}{{ end }}"
)


def secret_keys(receivers: Receivers) -> dict[str, str]:
    """File name -> key in ``caas:secrets`` of its content."""
    keys = {
        "slack": receivers.slack.webhook if receivers.slack else None,
        "pagerduty": receivers.pager_duty.key if receivers.pager_duty else None,
        "email": receivers.email.password if receivers.email else None,
        "webhook": receivers.webhook.url if receivers.webhook else None,
        "dead-mans-switch": receivers.dead_mans_switch,
    }
    return {name: key for name, key in keys.items() if key is not None}


def somebody(receivers: Receivers) -> bool:
    """Whether anybody is told."""
    return any(True for _ in _known(receivers))


def configuration(receivers: Receivers, secret: str) -> dict[str, Any]:
    """The whole configuration.

    :param secret: Name of the Secret that is mounted with the files of `secret_keys`.
    """
    if not somebody(receivers):
        raise ValueError("nobody is told: no Alertmanager is declared then")
    files = f"{FILES}/{secret}"
    severities: tuple[Severity, ...] = get_args(Severity)
    routes: list[dict[str, Any]] = [
        {"matchers": ['severity="page"'], "receiver": "page"},
        {
            "matchers": ['severity="ticket"'],
            "receiver": "ticket",
            "group_wait": "5m",
            "group_interval": "30m",
            "repeat_interval": "24h",
        },
    ]
    told: list[dict[str, Any]] = [{"name": each, **_settings(receivers, each, files)} for each in severities]
    if receivers.dead_mans_switch is not None:
        url = {"url_file": f"{files}/dead-mans-switch", "send_resolved": False}
        told.append({"name": "dead-mans-switch", "webhook_configs": [url]})
        # A repetition is looked at once in each group's interval: half as long, so that none is left out.
        every = {"group_wait": "0s", "group_interval": "30s", "repeat_interval": "1m"}
        routes.insert(0, {"matchers": [f'alertname="{SWITCH}"'], "receiver": "dead-mans-switch", **every})
    return {
        "route": {
            "receiver": "page",
            "group_by": TOGETHER,
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "1h",
            "routes": routes,
        },
        "inhibit_rules": [
            page_silences_ticket(),
            _inhibited('alertname="ServiceDown"', f'alertname=~"{SYMPTOMS}"', IDENTITY),
        ],
        "receivers": told,
    }


def page_silences_ticket() -> dict[str, Any]:
    """A ticket is silent while the same half of the same service's objective pages."""
    return _inhibited('severity="page"', 'severity="ticket"', [*IDENTITY, "slo"])


def _inhibited(source: str, target: str, equal: list[str]) -> dict[str, Any]:
    return {"source_matchers": [source], "target_matchers": [target], "equal": equal}


def _known(receivers: Receivers) -> Iterator[tuple[str, tuple[Severity, ...]]]:
    kinds: Mapping[str, Any] = {
        "slack": receivers.slack,
        "pagerduty": receivers.pager_duty,
        "email": receivers.email,
        "webhook": receivers.webhook,
    }
    return ((kind, one.severities) for kind, one in kinds.items() if one is not None)


def _settings(receivers: Receivers, severity: Severity, files: str) -> dict[str, Any]:
    """How a severity is told: by whoever asked for it, or else by everybody."""
    asked = [kind for kind, severities in _known(receivers) if severity in severities]
    kinds = asked or [kind for kind, _ in _known(receivers)]
    made = {
        "slack": _slack,
        "pagerduty": _pager_duty,
        "email": _email,
        "webhook": _webhook,
    }
    return {f"{kind}_configs": [made[kind](receivers, files)] for kind in kinds}


def _slack(receivers: Receivers, files: str) -> dict[str, Any]:
    channel = {"channel": receivers.slack.channel} if receivers.slack and receivers.slack.channel else {}
    return {"api_url_file": f"{files}/slack", **channel, "send_resolved": True, "title": _TITLE, "text": _TEXT}


def _pager_duty(_receivers: Receivers, files: str) -> dict[str, Any]:
    details = {"text": _TEXT}
    return {"routing_key_file": f"{files}/pagerduty", "send_resolved": True, "description": _TITLE, "details": details}


def _email(receivers: Receivers, files: str) -> dict[str, Any]:
    mail = receivers.email
    if mail is None:
        raise ValueError("no mail is asked for")
    if mail.sender is None or mail.smarthost is None:
        raise ValueError("mail is sent by somebody's server: sender and smarthost are required")
    login = {"auth_username": mail.username} if mail.username is not None else {}
    if mail.password is not None:
        login["auth_password_file"] = f"{files}/email"
    return {
        "to": ", ".join(mail.to),
        "from": mail.sender,
        "smarthost": mail.smarthost,
        **login,
        "require_tls": True,
        "send_resolved": True,
        "headers": {"Subject": _TITLE},
        "text": _TEXT,
    }


def _webhook(_receivers: Receivers, files: str) -> dict[str, Any]:
    return {"url_file": f"{files}/webhook", "send_resolved": True}
