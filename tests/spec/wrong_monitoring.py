"""Wrong settings of who watches the services, and who is told."""

from __future__ import annotations

from tests.spec.wrong_case import MARKER, PROD, stack

MONITORING = [
    stack(
        "nobody-told-in-prod",
        "monitoring.receivers",
        "required in prod: at least one of slack, pagerDuty, email, webhook that gets pages",
        "'caas:monitoring.receivers.slack.webhook' KEY --stack prod",
        {"monitoring": {}},
        stack="prod",
        file=PROD,
        line="monitoring",
    ),
    stack(
        "receiver-not-set",
        "monitoring.receivers.slack.webhook",
        "a key in caas:secrets that is set; set are: none",
        "pulumi config set --secret --path 'caas:secrets.KEY'",
        {"monitoring": {"receivers": {"slack": {"webhook": "chat"}}}},
    ),
    stack(
        "receiver-as-a-url",
        "monitoring.receivers.slack.webhook",
        "never the secret itself",
        "write that KEY here",
        {"monitoring": {"receivers": {"slack": {"webhook": f"https://hooks.example.org/{MARKER}"}}}},
    ),
    stack(
        "settings-of-a-prometheus-that-exists",
        "monitoring.retention",
        "retention only where prometheus is own",
        "remove retention",
        {"monitoring": {"prometheus": "existing", "retention": 5}},
    ),
    stack(
        "severity-not-known",
        "monitoring.receivers.webhook.severities[0]",
        "page, ticket",
        "one of",
        {"monitoring": {"receivers": {"webhook": {"url": "chat", "severities": ["sms"]}}}},
        line="sms",
    ),
    stack(
        "mail-server-without-port",
        "monitoring.receivers.email.smarthost",
        "host:port of a mail server",
        "write it like smtp.example.org:587",
        {
            "monitoring": {
                "receivers": {
                    "email": {"to": ["a@example.org"], "sender": "b@example.org", "smarthost": "smtp.example.org"}
                }
            }
        },
    ),
    stack(
        "mail-to-nobody-s-address",
        "monitoring.receivers.email.sender",
        "an address of e-mail",
        "write it like team@example.org",
        {
            "monitoring": {
                "receivers": {"email": {"to": ["a@example.org"], "sender": "team", "smarthost": "smtp.example.org:25"}}
            }
        },
    ),
    stack(
        "monitoring-misspelt",
        "monitoring.retension",
        "retention",
        "mean retention",
        {"monitoring": {"retension": 5}},
    ),
    stack(
        "interval-too-long",
        "monitoring.scrapeInterval",
        "a whole number from 1 to 300 (seconds)",
        "write 300 seconds or less",
        {"monitoring": {"scrapeInterval": 3000}},
    ),
]
