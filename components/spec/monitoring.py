"""Who watches the services of an environment, and who is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import LABEL_VALUE, URL, Frozen, SecretKey, ServiceName, Unit
from components.spec.service import DigestReference

Severity = Literal["page", "ticket"]
SMARTHOST = r"^[A-Za-z0-9.-]+:[0-9]{1,5}$"
FOLDER = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$"
ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
Address = Annotated[str, StringConstraints(pattern=ADDRESS)]
Link = Annotated[str, StringConstraints(pattern=URL)]

_SEVERITIES = "Which alerts it gets: page wakes somebody, ticket waits for the morning."


class Slack(Frozen):
    """A channel of Slack, or of a chat that takes Slack's messages."""

    webhook: SecretKey = Field(description="A key in caas:secrets with the URL of an incoming webhook.")
    channel: str | None = Field(None, description="Default: the webhook's own.")
    severities: tuple[Severity, ...] = Field(("page", "ticket"), description=_SEVERITIES)


class PagerDuty(Frozen):
    """A service of PagerDuty."""

    key: SecretKey = Field(
        description="A key in caas:secrets with the routing key (Events API v2); on aws-ecs and azure-aci with the "
        "key of an integration for CloudWatch or Azure."
    )
    severities: tuple[Severity, ...] = Field(("page",), description=_SEVERITIES)


class Email(Frozen):
    """Mail: by a server that takes STARTTLS, or by the cloud's own where that tells people itself."""

    to: tuple[Address, ...] = Field(min_length=1, description="Who gets it.")
    sender: Address | None = Field(
        None, description="From whom it comes. Required where an Alertmanager of the environment's own sends it."
    )
    smarthost: Annotated[str, StringConstraints(pattern=SMARTHOST)] | None = Field(
        None, description="host:port of the mail server. Required as the sender is."
    )
    username: str | None = Field(None, description="Default: no login.")
    password: SecretKey | None = Field(None, description="A key in caas:secrets.")
    severities: tuple[Severity, ...] = Field(("ticket",), description=_SEVERITIES)


class Webhook(Frozen):
    """Whoever takes Alertmanager's own messages."""

    url: SecretKey = Field(description="A key in caas:secrets with the URL.")
    severities: tuple[Severity, ...] = Field(("page", "ticket"), description=_SEVERITIES)


class Receivers(Frozen):
    """Who is told. Without any, alerts are seen in Prometheus only, and prod refuses that.

    On aws-ecs and azure-aci they become subscriptions of the topic, or receivers of the action group.
    """

    slack: Slack | None = Field(None, description="A chat.")
    pager_duty: PagerDuty | None = Field(None, description="Whoever is on call.")
    email: Email | None = Field(None, description="Mail.")
    webhook: Webhook | None = Field(
        None,
        description="Any other program; on aws-ecs one that takes SNS's messages, on azure-aci Azure's common schema.",
    )
    dead_mans_switch: SecretKey | None = Field(
        None,
        description="A key in caas:secrets with a URL that is called every minute for as long as alerts can be sent: "
        "who waits there tells somebody when the calls stop. Default: nobody waits.",
    )


class RemoteWrite(Frozen):
    """A store outside the cluster that gets every sample too."""

    url: Link = Field(description="URL that takes Prometheus' remote write.")
    token: SecretKey | None = Field(None, description="A key in caas:secrets with a bearer token.")


class Dashboards(Frozen):
    """The environment's dashboards, as ConfigMaps that the sidecar of a Grafana picks up."""

    grafana: Literal["existing", "install"] = Field(
        "existing",
        description="existing: one that is there, or will be. install: the chart's, beside its operator; nobody "
        "reaches it from outside the cluster.",
    )
    password: SecretKey | None = Field(
        None, description="A key in caas:secrets with the password of `admin`. Required where Grafana is installed."
    )
    namespace: ServiceName | None = Field(
        None,
        description="Namespace of a Grafana that exists: it finds the dashboards there, and may ask the environment's "
        "Prometheus. Default: they stand beside Prometheus, or the services where that exists, for a sidecar that "
        "looks in every namespace.",
    )
    folder: Annotated[str, StringConstraints(pattern=FOLDER)] | None = Field(
        None, description="Folder in Grafana. Default: <project>-<stack>."
    )
    datasource: str | None = Field(
        None,
        description="Name of the data source in Grafana that they ask. Default: the environment's own Prometheus, "
        "which becomes one where Grafana's namespace is known, or else Grafana's default.",
    )


class Monitoring(Frozen):
    """Metrics, and alerts on each service's objective, by prometheus-operator. Where a cloud's own Prometheus watches
    (`aws.monitoring`, `azure.monitoring`) it says who is told, and where the runbooks are."""

    operator: Literal["existing", "install"] = Field(
        "existing",
        description="Whether an operator watches the cluster already, or the chart kube-prometheus-stack is installed "
        "with operator, kube-state-metrics and node metrics.",
    )
    prometheus: Literal["own", "existing"] = Field(
        "own",
        description="own: a Prometheus and an Alertmanager for this environment. existing: only what one that exists "
        "is to read, found by labels.",
    )
    labels: dict[str, Annotated[str, StringConstraints(pattern=LABEL_VALUE)]] = Field(
        default_factory=dict,
        description="Put on every PodMonitor and PrometheusRule: what an existing Prometheus selects them by, such as "
        "`release: kube-prometheus-stack`.",
    )
    scrape_interval: Annotated[int, Field(ge=1, le=300), Unit("seconds")] = Field(
        30, description="Seconds between two looks at a service."
    )
    retention: Annotated[int, Field(ge=1, le=400), Unit("days")] | None = Field(
        None, description="Days that metrics are kept. Default: dev 7, staging 15, prod 35."
    )
    storage: Annotated[int, Field(ge=1, le=16384), Unit("GiB")] | None = Field(
        None, description="GiB of disk. Default: dev none (metrics go with the pod), staging 10, prod 50."
    )
    receivers: Receivers = Field(default_factory=Receivers, description="Who is told.")
    remote_write: RemoteWrite | None = Field(None, description="A store outside the cluster. Default: none.")
    prometheus_image: DigestReference | None = Field(None, description="Default: the operator's own choice.")
    alertmanager_image: DigestReference | None = Field(None, description="Default: the operator's own choice.")
    grafana: Link | None = Field(
        None, description="URL of the Grafana that has the dashboards; alerts link to it. Default: no link."
    )
    dashboards: Dashboards = Field(
        default_factory=Dashboards, description="Where the dashboards stand, and whether a Grafana is installed."
    )
    logs: Link | None = Field(
        None, description="URL of the Kibana that shows the logs; alerts link to it. Default: no link."
    )
    runbooks: Link | None = Field(
        None, description="URL that holds docs/runbooks. Default: alerts name the files' paths."
    )
