"""Who is told of a deployment: a chat by its webhook, Grafana, and whoever reads the logs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import URL, Frozen, SecretKey

Occasion = Literal["start", "success", "failure", "freeze"]


class Notifications(Frozen):
    """Where the news of a deployment goes. What does not take them never fails or delays a deployment for long."""

    webhook: SecretKey | None = Field(
        None,
        description="A key in caas:secrets that holds the URL of a webhook which takes Slack's messages (Slack, "
        "Mattermost, Rocket.Chat). Default: the environment variable CAAS_WEBHOOK_URL, or nobody.",
    )
    on: tuple[Occasion, ...] = Field(
        ("start", "success", "failure", "freeze"),
        description="What the webhook is told. failure: also what was taken back or stopped; freeze: a deployment "
        "that was refused because the error budget is spent.",
    )
    grafana: Annotated[str, StringConstraints(pattern=URL)] | None = Field(
        None,
        description="URL of a Grafana that gets an annotation for each deployment; its token is read from "
        "CAAS_GRAFANA_TOKEN.",
    )
    events: str | None = Field(
        None,
        description="File, relative to Pulumi.yaml, to which each deployment adds one line of JSON with the fields of "
        "the Elastic Common Schema; `-` writes it to standard output.",
    )
    elasticsearch: Annotated[str, StringConstraints(pattern=URL)] | None = Field(
        None,
        description="URL of an Elasticsearch that gets the same event, in the data stream logs-caas.event-default; an "
        "API key is read from CAAS_ELASTICSEARCH_API_KEY.",
    )
