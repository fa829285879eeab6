"""Wrong settings of what is told of a deployment, and of the freeze."""

from __future__ import annotations

from tests.spec.wrong_case import DEV, MARKER, PROD, stack

NOTIFICATIONS = [
    stack(
        "webhook-not-set",
        "notifications.webhook",
        "a key in caas:secrets that is set; set are: none",
        "pulumi config set --secret --path 'caas:secrets.chat'",
        {"notifications.webhook": "chat"},
    ),
    stack(
        "webhook-as-a-url",
        "notifications.webhook",
        "never the secret itself",
        "write that KEY here",
        {"notifications.webhook": f"https://hooks.example.org/services/{MARKER}"},
    ),
    stack(
        "notified-of-what-there-is-not",
        "notifications.on[0]",
        "start, success, failure, freeze",
        "one of",
        {"notifications.on": ["rollout"]},
        line="rollout",
    ),
    stack(
        "grafana-with-credentials",
        "notifications.grafana",
        "without credentials",
        "https://grafana.example.org",
        {"notifications.grafana": f"https://ada:{MARKER}@grafana.example.org"},
    ),
    stack(
        "elasticsearch-without-scheme",
        "notifications.elasticsearch",
        "a URL of http or https",
        "write it like",
        {"notifications.elasticsearch": "search.example.org:9200"},
    ),
    stack(
        "notifications-misspelt",
        "notifications.webhok",
        "webhook",
        "mean webhook",
        {"notifications.webhok": "chat"},
    ),
]

FREEZES = [
    stack(
        "freeze-off-in-prod",
        "gate.freeze",
        "warn or refuse in prod",
        "write warn",
        {"gate.freeze": "off"},
        stack="prod",
        file=PROD,
    ),
    stack(
        "freeze-without-a-source",
        "gate.freeze",
        "gate.prometheus says who knows",
        "'caas:gate.prometheus' http://prometheus:9090 --stack dev",
        {"gate.freeze": "refuse"},
        file=DEV,
    ),
    stack(
        "bake-without-a-source",
        "gate.bake",
        "gate.prometheus says who has counted",
        "'caas:gate.prometheus' http://prometheus:9090 --stack dev",
        {"gate.bake": 5},
        file=DEV,
    ),
    stack("bake-over-a-day", "gate.bake", "from 0 to 1440 (minutes)", "1440 minutes or less", {"gate.bake": 1441}),
    stack("freeze-not-known", "gate.freeze", "off, warn, refuse", "one of", {"gate.freeze": "always"}),
]
