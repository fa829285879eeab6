"""Where the lines that services write are kept, and who carries them there."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from components.spec.base import BUCKET, CIDR, DIGEST_REFERENCE, ORIGIN, Frozen, SecretKey, Unit

ROUTER = "log-router"
"""Name of the container that takes a task's lines on ECS: no sidecar of a service may have it."""
FORWARDER = "log-forwarder"
"""Name of what carries an environment's lines on Container Instances: no service may have it."""

ImageByDigest = Annotated[str, StringConstraints(pattern=DIGEST_REFERENCE)]


class Snapshots(Frozen):
    """Copies of the indices outside the cluster, every night."""

    kind: Literal["s3", "gcs", "azure"] = Field(description="What keeps them.")
    bucket: Annotated[str, StringConstraints(pattern=BUCKET)] = Field(
        description="Name of a bucket (of a container on azure) that exists. Elasticsearch's pods need the right to "
        "write to it."
    )
    kept: Annotated[int, Field(ge=1, le=3653), Unit("days")] = Field(30, description="Days that one is kept.")


def url_port(url: str) -> int:
    """The TCP port that a URL leads to."""
    found = urlsplit(url)
    return found.port or (443 if found.scheme == "https" else 80)


class Logging(Frozen):
    """Every line of every container reaches Elasticsearch as one document with the same fields."""

    agent: ImageByDigest = Field(
        description="Image of the agent by digest. On kubernetes and gke an OpenTelemetry Collector with the parts "
        "of the contrib distribution, 0.135.0 or newer; on aws-ecs the same, as the router of each task (FireLens); on "
        "azure-aci the same, beside the forwarder."
    )
    forwarder: ImageByDigest | None = Field(
        None,
        description="Image by digest of what reads the lines out of the workspace on azure-aci: build it from "
        "components/logging/forwarder and push it where the services' images are. Its first start goes back a day. "
        "Required there.",
    )
    elasticsearch: Annotated[str, StringConstraints(pattern=ORIGIN)] | None = Field(
        None,
        description="URL of an Elasticsearch that exists, 8.14 or newer. Default: Elasticsearch, Logstash and Kibana "
        "are declared in the cluster, by Elastic's operator (ECK).",
    )
    kibana: Annotated[str, StringConstraints(pattern=ORIGIN)] | None = Field(
        None,
        description="URL of the Kibana of that Elasticsearch: `caas log-setup` brings it a data view, saved "
        "searches and a dashboard. Only with elasticsearch.",
    )
    addresses: tuple[Annotated[str, StringConstraints(pattern=CIDR)], ...] = Field(
        (),
        description="Where elasticsearch is, such as the subnets of its VPC endpoint: services on aws-ecs, and the "
        "forwarder on azure-aci, are let out to these and no others. Required there, unless azure.network names a "
        "network that exists.",
    )
    api_key: SecretKey | None = Field(
        None,
        description="A key in caas:secrets with an API key that may add lines to logs-caas.app-<environment>, on "
        "azure-aci read them besides, and nothing else. Only with elasticsearch, and required there unless the tier is "
        "dev.",
    )
    password: SecretKey | None = Field(
        None,
        description="A key in caas:secrets with the password that the agent gets at the Elasticsearch that is declared "
        "here; required there.",
    )
    operator: Literal["install", "existing"] = Field(
        "install", description="Whether ECK's operator is declared, too, or one watches the cluster already."
    )
    nodes: Annotated[int, Field(ge=1, le=50)] | None = Field(
        None, description="Nodes of Elasticsearch. Default: dev 1, staging and prod 3, each in a zone of its own."
    )
    storage: Annotated[int, Field(ge=1, le=65536), Unit("GiB")] = Field(
        50, description="GiB of disk for each node of Elasticsearch."
    )
    snapshots: Snapshots | None = Field(None, description="Copies outside the cluster. Default: none.")

    @property
    def elasticsearch_port(self) -> int:
        """The TCP port on which the Elasticsearch that exists answers."""
        return url_port(self.elasticsearch or "")
