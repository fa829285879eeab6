"""What one service is: the same on every platform and in every environment.

Each field says its meaning, unit and default beside it; the reference page is generated from here.
Rules that need more than one field live in ``checks.py``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import (
    CIDR,
    DIGEST_REFERENCE,
    METRIC_NAME,
    AbsolutePath,
    BuildPlatform,
    EnvironmentName,
    Frozen,
    HostName,
    RelativePath,
    SecretKey,
    ServiceName,
    Unit,
    UrlPath,
)

Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[int, Field(ge=1, le=100), Unit("percent")]
Seconds = Annotated[int, Field(ge=0, le=3600), Unit("seconds")]
PositiveSeconds = Annotated[int, Field(ge=1, le=3600), Unit("seconds")]
MetricName = Annotated[str, StringConstraints(pattern=METRIC_NAME)]
DigestReference = Annotated[str, StringConstraints(pattern=DIGEST_REFERENCE)]
Vcpu = Annotated[float, Field(ge=0.01, le=64, allow_inf_nan=False), Unit("vCPU")]
Mebibytes = Annotated[int, Field(ge=16, le=524288), Unit("MiB")]


class Build(Frozen):
    """How the image is built from a Dockerfile. The result is always referred to by digest."""

    context: RelativePath = Field(description="Build context, relative to the directory of Pulumi.yaml.")
    dockerfile: RelativePath = Field("Dockerfile", description="Path of the Dockerfile inside the context.")
    target: str | None = Field(None, description="Stage to build. Default: the last one.")
    args: dict[str, str] = Field(
        default_factory=dict, description="Build arguments. Never secrets: they stay in the image's history."
    )
    platforms: tuple[BuildPlatform, ...] = Field(
        (), description="Such as linux/amd64, linux/arm64. Default: the builder's own platform."
    )
    cache_from: tuple[str, ...] = Field((), description="Image references to read build cache from.")
    cache_to: str | None = Field(
        None, description="Image reference to write build cache to. Default: cache inside the image (inline)."
    )
    secrets: dict[str, SecretKey] = Field(
        default_factory=dict,
        description="Build secrets: mount id -> key in caas:secrets. Mounted during a RUN, never stored.",
    )
    dedicated_builder: bool = Field(
        False, description="Declare a BuildKit builder of its own (pulumi-docker's BuildxBuilder) for this image."
    )
    build_on_preview: bool = Field(False, description="Build, without pushing, while previewing.")


class SecretSource(Frozen):
    """Where a secret value comes from: exactly one of the two."""

    config: SecretKey | None = Field(
        None, description="A key in caas:secrets, set by `pulumi config set --secret --path 'caas:secrets.KEY'`."
    )
    reference: str | None = Field(
        None,
        description="A secret that exists already: `name/key` of a Kubernetes Secret, an ARN on AWS, "
        "a Key Vault URI on Azure, a Secret Manager resource name on Google Cloud.",
    )


class Probe(Frozen):
    """One health probe. With a path it is an HTTP GET, without one a TCP connect."""

    path: UrlPath | None = Field(None, description="HTTP path that must answer 200 to 399. Default: TCP connect.")
    port: Port | None = Field(None, description="Default: the service's port.")
    interval: PositiveSeconds | None = Field(None, description="Seconds between probes.")
    timeout: PositiveSeconds | None = Field(None, description="Seconds to wait for one answer. Default: 5.")
    failures: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Consecutive failures that count as unhealthy."
    )


class Health(Frozen):
    """Three probes with three meanings. Readiness and liveness must differ: a service that cannot
    serve now is taken out of rotation, and only one that is stuck is restarted."""

    readiness: Probe = Field(description="May this instance get traffic? HTTP; every 15 s, 3 failures.")
    liveness: Probe = Field(
        default_factory=Probe, description="Must this instance be restarted? Default: TCP, every 30 s, 3 failures."
    )
    command: tuple[str, ...] = Field(
        (),
        description="Command inside the container that exits 0 while it need not be restarted: liveness on platforms "
        "whose own check runs there (aws-ecs). Default: none.",
    )
    startup: Probe | None = Field(
        None,
        description="Has this instance started? The others wait for it. "
        "Default: the readiness path every 10 s, 12 failures, so 120 s to start.",
    )


class Schedule(Frozen):
    """A change of the bounds at a time of day, where the platform has it (see the capability table)."""

    cron: str = Field(description="Five-field cron expression, UTC.")
    minimum: Annotated[int, Field(ge=0, le=1000)] = Field(description="Instances at the least from then on.")
    maximum: Annotated[int, Field(ge=1, le=1000)] = Field(description="Instances at the most from then on.")


class Scaling(Frozen):
    """Load decides the count, between two bounds. The count itself is then never declared."""

    minimum: Annotated[int, Field(ge=1, le=1000)] = Field(description="Instances at the least.")
    maximum: Annotated[int, Field(ge=1, le=1000)] = Field(description="Instances at the most.")
    cpu: Percent | None = Field(70, description="Target CPU, percent of the declared vCPU.")
    memory: Percent | None = Field(None, description="Target memory, percent of the declared MiB. Default: off.")
    requests: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Target requests per instance and minute, where the platform can measure them. Default: off."
    )
    scale_out_cooldown: Seconds = Field(60, description="Seconds between two steps outwards.")
    scale_in_cooldown: Seconds = Field(300, description="Seconds of calm before a step inwards.")
    schedules: tuple[Schedule, ...] = Field((), description="Other bounds at certain times.")


class Step(Frozen):
    """How far traffic moves at once, and how long it then stays there."""

    percent: Annotated[int, Field(ge=1, le=99), Unit("percent")] | None = Field(
        None, description="Share of the traffic. Default: 10 where the strategy is canary, 20 where it is linear."
    )
    minutes: Annotated[int, Field(ge=0, le=1440), Unit("minutes")] = Field(
        5, description="Minutes until the next step; of a canary, until all traffic moves."
    )


class Hook(Frozen):
    """Something that must agree before an update goes on: exactly one of the two."""

    stage: Literal[
        "reconcile",
        "before-scale-up",
        "after-scale-up",
        "test-traffic",
        "after-test-traffic",
        "production-traffic",
        "after-production-traffic",
    ] = Field(description="When it is asked.")
    function: str | None = Field(
        None, description="ARN of a Lambda function that answers whether the update may go on, where there is Lambda."
    )
    pause: Annotated[int, Field(ge=1, le=20160), Unit("minutes")] | None = Field(
        None, description="Wait for a person, at most so many minutes; then the update is taken back."
    )


class Rollout(Frozen):
    """How running instances are replaced by new ones."""

    strategy: Literal["rolling", "blue-green", "canary", "linear"] = Field(
        "rolling",
        description="How traffic moves to the new version; the capability table says where each is to be had.",
    )
    max_surge: Annotated[int, Field(ge=0, le=100), Unit("percent")] = Field(
        100, description="Extra instances during an update, percent of the count."
    )
    max_unavailable: Annotated[int, Field(ge=0, le=100), Unit("percent")] = Field(
        0, description="Missing instances during an update, percent of the count."
    )
    min_ready: Seconds = Field(0, description="Seconds a new instance must stay ready before it counts.")
    progress_deadline: Annotated[int, Field(ge=10, le=3600), Unit("seconds")] = Field(
        300, description="Seconds without progress after which the update has failed."
    )
    drain: Annotated[int, Field(ge=0, le=600), Unit("seconds")] = Field(
        30, description="Seconds that an instance keeps serving open connections after it left rotation."
    )
    step: Step | None = Field(
        None, description="How traffic moves where the strategy is canary (one step, then all) or linear (equal steps)."
    )
    bake: Annotated[int, Field(ge=0, le=1440), Unit("minutes")] | None = Field(
        None,
        description="Minutes that the old version stays ready beside the new one once that has all traffic, so that "
        "going back takes seconds; not for rolling. Default: 10.",
    )
    hooks: tuple[Hook, ...] = Field((), description="Who must agree before the update goes on; not for rolling.")
    endpoint_lag: Annotated[int, Field(ge=0, le=60), Unit("seconds")] = Field(
        5, description="Seconds until every load balancer has noticed that an instance leaves; it serves on meanwhile."
    )
    stop_timeout: Annotated[int, Field(ge=1, le=900), Unit("seconds")] = Field(
        60, description="Seconds from the stop signal to the kill; at least drain + endpointLag."
    )


class Latency(Frozen):
    """How fast answers are, for nearly all of them."""

    percentile: Annotated[float, Field(ge=50, le=99.99, allow_inf_nan=False), Unit("percent")] = Field(
        99, description="Share of the answers that must be fast enough."
    )
    threshold: Annotated[int, Field(ge=1, le=600000), Unit("milliseconds")] = Field(
        500,
        description="Milliseconds that these may take; where Prometheus measures, an upper bound of one of the "
        "histogram's buckets.",
    )


class Metrics(Frozen):
    """What the service's own metrics are called, where Prometheus reads them."""

    requests: MetricName = Field(
        "http_requests_total", description="Counter of answered requests, with the label `code`."
    )
    duration: MetricName = Field(
        "http_request_duration_seconds", description="Histogram of the time to an answer, in seconds."
    )
    code: MetricName = Field("code", description="The counter's label that holds the HTTP status.")
    route: MetricName = Field(
        "path", description="Label that holds the route: health and metrics are not counted, as nobody waits for them."
    )


class Objective(Frozen):
    """What the service promises (its SLO): gate, alerts and error budget all follow from it."""

    availability: Annotated[float, Field(ge=50, le=99.999, allow_inf_nan=False), Unit("percent")] = Field(
        99.9, description="Share of the requests that are not answered with a server error (5xx)."
    )
    latency: Latency = Field(default_factory=Latency, description="How fast answers are, for nearly all of them.")
    period: Annotated[int, Field(ge=1, le=90), Unit("days")] = Field(
        30, description="Days over which the promise is kept and the error budget is counted."
    )
    metrics: Metrics = Field(default_factory=Metrics, description="What the service's own metrics are called.")


class Ingress(Frozen):
    """The service's address for the world outside the platform."""

    host: HostName | None = Field(None, description="Default: <service>.<domain of the environment>.")
    path: UrlPath = Field("/", description="Path prefix that leads to this service.")
    tls: bool = Field(True, description="Serve HTTPS; plain HTTP redirects. Only dev may turn it off.")
    tls_secret: str | None = Field(
        None,
        description="An existing certificate by name (Kubernetes Secret, ACM ARN). Default: managed by the platform.",
    )
    class_name: str | None = Field(None, description="Ingress class. Default: the environment's.")


class Volume(Frozen):
    """A directory in the container that is not part of the image."""

    path: AbsolutePath = Field(description="Where it is mounted.")
    kind: Literal["scratch", "persistent"] = Field(
        "scratch", description="scratch is emptied with the instance; persistent is shared and survives it."
    )
    size: Annotated[int, Field(ge=1, le=65536), Unit("MiB")] = Field(64, description="MiB.")
    read_only: bool = Field(False, description="The containers may not write to it.")


class Sidecar(Frozen):
    """A helper container beside the service, by digest."""

    image: DigestReference = Field(description="As repository@sha256:….")
    command: tuple[str, ...] = Field((), description="Replaces the image's entry point.")
    args: tuple[str, ...] = Field((), description="Replaces the image's arguments.")
    cpu: Vcpu = Field(0.05, description="vCPU.")
    memory: Mebibytes = Field(32, description="MiB.")
    environment: dict[EnvironmentName, str] = Field(default_factory=dict, description="Plain environment variables.")
    port: Port | None = Field(None, description="The TCP port that it listens on. Default: none.")


class Egress(Frozen):
    """One place outside the environment that a service may call."""

    cidr: Annotated[str, StringConstraints(pattern=CIDR)] = Field(description="Addresses, such as 10.20.0.0/16.")
    ports: tuple[Port, ...] = Field((), description="TCP ports. Default: every port.")


class Service(Frozen):
    """A service: described once, run on any platform."""

    name: ServiceName = Field(description="The key under caas:services.")
    build: Build | None = Field(None, description="Build the image from a Dockerfile. Exactly one of build and image.")
    image: DigestReference | None = Field(None, description="An image that exists, as repository@sha256:….")
    port: Port = Field(description="The TCP port that the container listens on.")
    cpu: Vcpu = Field(0.25, description="vCPU per instance: requested, and the base of the CPU target.")
    memory: Mebibytes = Field(256, description="MiB per instance: requested and the limit.")
    environment: dict[EnvironmentName, str] = Field(default_factory=dict, description="Plain environment variables.")
    secrets: dict[EnvironmentName, SecretSource] = Field(
        default_factory=dict, description="Environment variables whose values are secret."
    )
    command: tuple[str, ...] = Field((), description="Replaces the image's entry point.")
    args: tuple[str, ...] = Field((), description="Replaces the image's arguments.")
    health: Health = Field(description="Three probes with three meanings; readiness and liveness must differ.")
    replicas: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        None, description="A fixed count. Exactly one of replicas and scaling."
    )
    scaling: Scaling | None = Field(
        None, description="Load decides the count, between two bounds. Exactly one of replicas and scaling."
    )
    rollout: Rollout = Field(default_factory=Rollout, description="How running instances are replaced by new ones.")
    slo: Objective = Field(default_factory=Objective, description="What the service promises.")
    ingress: Ingress | None = Field(None, description="Default: reachable inside the environment only.")
    egress: tuple[Egress, ...] = Field(
        (), description="What it may call outside. Default: name resolution and the environment's own services only."
    )
    volumes: dict[ServiceName, Volume] = Field(
        default_factory=dict, description="Directories in the container that are not part of the image."
    )
    sidecars: dict[ServiceName, Sidecar] = Field(
        default_factory=dict, description="Helper containers beside the service, in every instance."
    )
    service_account_annotations: dict[str, str] = Field(
        default_factory=dict, description="For workload identity, such as a cloud role's name."
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Added to every resource of the service.")
    user: Annotated[int, Field(ge=10000, le=4294967294)] = Field(
        10001, description="Numeric user and group that the containers run as."
    )
    metrics_path: UrlPath | None = Field("/metrics", description="Prometheus metrics; null where there are none.")
