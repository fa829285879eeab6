"""Rules of who watches an environment and who is told. Pure generators of findings."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from components.spec.environment import Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Path, Shown
from components.spec.files import SET_LINE
from components.spec.monitoring import Monitoring

OPERATED = ("kubernetes", "gke")
"""Platforms on which prometheus-operator runs."""

WATCHED = {"aws-ecs": "aws", "azure-aci": "azure"}
"""Platforms whose own Prometheus watches, and the part of the settings that says so."""

SHARED = {"receivers", "runbooks"}
"""What of the monitoring is also read there, in Python's names."""

OWN = ("retention", "storage", "receivers", "remoteWrite", "prometheusImage", "alertmanagerImage")
"""What only a Prometheus of the environment's own can be told."""


def environment(settings: Settings, keys: frozenset[str], stack: str, level: Tier | None) -> Iterator[Finding]:
    """Every rule of this module."""
    given = settings.monitoring
    if given is None:
        return
    for path, key in _secrets(given):
        if key not in keys:
            limit = f"a key in {NAMESPACE}:secrets that is set; set are: {', '.join(sorted(keys)) or 'none'}"
            remedy = SET_LINE.format(namespace=NAMESPACE, key="KEY", stack=stack)
            # Never repeated: a URL with a token is easily written in its key's place.
            yield Finding(path, Shown.HIDDEN, limit, f"{remedy}, and write that KEY here")
    if settings.platform not in OPERATED:
        yield from _in_a_cloud(given, settings)
        return
    if given.prometheus == "existing":
        yield from _existing(given)
    elif level == "prod":
        yield from _told(given, stack)
    yield from _grafana(given)
    yield from _mailed(given)


def _in_a_cloud(given: Monitoring, settings: Settings) -> Iterator[Finding]:
    """Who is told by the cloud's own receivers, and nothing that only the operator does."""
    cloud = WATCHED[settings.platform]
    watch = settings.aws if cloud == "aws" else settings.azure
    if watch is None or watch.monitoring is None:
        limit = f"{cloud}.monitoring beside it: that says who watches, and {NAMESPACE}:monitoring who is told"
        yield Finding(("monitoring",), Shown.HIDDEN, limit, f"set {cloud}.monitoring, or remove monitoring")
    for name in sorted(given.model_fields_set - SHARED):
        where = " and ".join(OPERATED)
        limit = f"only receivers and runbooks on {settings.platform}: prometheus-operator runs on {where}"
        yield Finding(("monitoring", to_camel(name)), Shown.HIDDEN, limit, f"remove {to_camel(name)}")
    path = ("monitoring", "receivers")
    if given.receivers.slack is not None:
        limit = f"no slack on {settings.platform}: Slack does not take the cloud's messages"
        yield Finding((*path, "slack"), Shown.HIDDEN, limit, "write the channel's own e-mail address under email.to")
    if given.receivers.dead_mans_switch is not None:
        limit = f"no deadMansSwitch on {settings.platform}: nothing there calls a URL in health"
        yield Finding((*path, "deadMansSwitch"), Shown.HIDDEN, limit, "remove deadMansSwitch")


def _mailed(given: Monitoring) -> Iterator[Finding]:
    """An Alertmanager sends mail by somebody's server."""
    mail = given.receivers.email
    for name, example in (("sender", "caas@example.org"), ("smarthost", "smtp.example.org:587")):
        if mail is not None and getattr(mail, name) is None:
            limit, remedy = "required where an Alertmanager sends the mail", f"write it like {example}"
            yield Finding(("monitoring", "receivers", "email", name), Shown.ABSENT, limit, remedy)


def _existing(given: Monitoring) -> Iterator[Finding]:
    names = {"remoteWrite": "remote_write", "prometheusImage": "prometheus_image"}
    names["alertmanagerImage"] = "alertmanager_image"
    for key in OWN:
        if names.get(key, key) in given.model_fields_set:
            limit = f"{key} only where prometheus is own: one that exists has its own settings"
            yield Finding(("monitoring", key), Shown.HIDDEN, limit, f"remove {key}, or write prometheus: own")


def _grafana(given: Monitoring) -> Iterator[Finding]:
    """A Grafana that is installed stands beside the chart's operator, has a password of somebody's own, and shows the
    environment's own Prometheus; of one that exists nothing of that can be said."""
    shown, path = given.dashboards, ("monitoring", "dashboards")
    if shown.grafana == "existing":
        if shown.password is not None:
            limit = "password only where grafana is install: one that exists has its own"
            yield Finding((*path, "password"), Shown.HIDDEN, limit, "remove password, or write grafana: install")
        return
    if given.operator != "install" or given.prometheus != "own":
        limit = "install only where operator is install and prometheus is own: it is of the same chart, and shows that"
        yield Finding((*path, "grafana"), shown.grafana, limit, "write grafana: existing")
    if shown.password is None:
        limit = "a key in caas:secrets with the password of its administrator, which is otherwise the chart's"
        remedy = f"pulumi config set --path '{NAMESPACE}:monitoring.dashboards.password' KEY"
        yield Finding((*path, "password"), Shown.ABSENT, limit, remedy)
    if shown.namespace is not None:
        limit = "namespace only where grafana is existing: the chart's stands beside its operator"
        yield Finding((*path, "namespace"), shown.namespace, limit, "remove namespace")


def _told(given: Monitoring, stack: str) -> Iterator[Finding]:
    told = given.receivers
    known = (told.slack, told.pager_duty, told.email, told.webhook)
    if not any(one is not None and "page" in one.severities for one in known):
        limit = "required in prod: at least one of slack, pagerDuty, email, webhook that gets pages"
        remedy = (
            f"pulumi config set --path '{NAMESPACE}:monitoring.receivers.slack.webhook' KEY --stack {stack}, "
            "with the URL under that KEY in caas:secrets"
        )
        yield Finding(("monitoring", "receivers"), Shown.ABSENT, limit, remedy)


def _secrets(given: Monitoring) -> Iterator[tuple[Path, str]]:
    """Every key in caas:secrets that is referred to, with its place."""
    told, top = given.receivers, ("monitoring", "receivers")
    places: tuple[tuple[Path, str | None], ...] = (
        ((*top, "slack", "webhook"), told.slack.webhook if told.slack else None),
        ((*top, "pagerDuty", "key"), told.pager_duty.key if told.pager_duty else None),
        ((*top, "email", "password"), told.email.password if told.email else None),
        ((*top, "webhook", "url"), told.webhook.url if told.webhook else None),
        ((*top, "deadMansSwitch"), told.dead_mans_switch),
        (("monitoring", "dashboards", "password"), given.dashboards.password),
        (("monitoring", "remoteWrite", "token"), given.remote_write.token if given.remote_write else None),
    )
    yield from ((path, key) for path, key in places if key is not None)
