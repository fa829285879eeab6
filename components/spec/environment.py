"""An environment: where the services run, and the values that may differ from one to the next."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.aws import Aws
from components.spec.azure import Azure
from components.spec.base import (
    BALANCER_CLASS,
    CIDR,
    NAMESPACED,
    ORIGIN,
    REGISTRY_ADDRESS,
    Frozen,
    HostName,
    LabelValue,
    SecretKey,
    ServiceName,
    Unit,
)
from components.spec.gcp import Gcp
from components.spec.logging import Logging
from components.spec.monitoring import Monitoring
from components.spec.notifications import Notifications
from components.spec.pipeline import Pipeline
from components.spec.service import DigestReference, Mebibytes, Service, Vcpu
from components.spec.supply_chain import SupplyChain

PlatformName = Literal["kubernetes", "aws-ecs", "gke", "azure-aci"]
Tier = Literal["dev", "staging", "prod"]


class Registry(Frozen):
    """Where images are pushed to and pulled from."""

    address: Annotated[str, StringConstraints(pattern=REGISTRY_ADDRESS)] = Field(
        description="host[:port][/path], without a scheme; the repository's name is appended. "
        "On aws-ecs: <account>.dkr.ecr.<region>.amazonaws.com[/path]."
    )
    username: str | None = Field(None, description="Default: the login that Docker's configuration holds.")
    password: SecretKey | None = Field(None, description="A key in caas:secrets.")


class LoadBalancer(Frozen):
    """A load balancer for each service with an ingress, in place of an Ingress: for clusters without a controller."""

    class_name: Annotated[str, StringConstraints(pattern=BALANCER_CLASS)] = Field(
        description="The class (spec.loadBalancerClass) by which a controller knows that it is to make one, such as "
        "service.k8s.aws/nlb."
    )
    sources: tuple[Annotated[str, StringConstraints(pattern=CIDR)], ...] = Field(
        description="Addresses that callers have when they arrive: the only ones that balancer and service admit. "
        "0.0.0.0/0 is the world."
    )
    annotations: dict[str, str] = Field(
        default_factory=dict,
        description="What the controller is told besides, for example that the balancer is internal, or its "
        "certificate. Required where a service has TLS, which ends at the balancer.",
    )


class Kubernetes(Frozen):
    """The cluster, where the platform is `kubernetes`."""

    kubeconfig: str | None = Field(None, description="Path of a kubeconfig. Default: KUBECONFIG, then ~/.kube/config.")
    context: str | None = Field(None, description="Default: the kubeconfig's current context.")
    namespace: ServiceName | None = Field(None, description="Default: <project>-<environment>.")
    namespace_exists: bool = Field(
        False,
        description="The namespace is there already, for whoever may not make one, and is nobody else's: its Pod "
        "Security is its owner's, and a second stack in it is refused.",
    )
    ingress_class: str | None = Field(None, description="Default: the cluster's default class.")
    storage_class: str | None = Field(None, description="Default: the cluster's default class.")
    load_balancer: LoadBalancer | None = Field(
        None, description="A load balancer for each service. Default: an Ingress, and the cluster's controller for it."
    )
    ingress_endpoint: Annotated[str, StringConstraints(pattern=ORIGIN)] | None = Field(
        None,
        description="URL at which the ingress controller answers, where DNS does not lead to it "
        "(a port that is not 80 or 443, a cluster on this machine). Default: the services' own host names.",
    )
    ingress_namespace: str = Field(
        "ingress", description="Namespace of the ingress controller: the only one whose pods may call a service."
    )
    gateway: Annotated[str, StringConstraints(pattern=NAMESPACED)] | None = Field(
        None,
        description="namespace/name of a Gateway (Gateway API v1) that exists: services whose strategy is not rolling "
        "get their traffic through it. Required where there is one.",
    )


class Gate(Frozen):
    """Who judges a new version while traffic moves to it, and how."""

    prometheus: Annotated[str, StringConstraints(pattern=ORIGIN)] | None = Field(
        None,
        description="URL of a Prometheus that knows the services' metrics by `namespace` and `pod`. A bearer token is "
        "read from CAAS_PROMETHEUS_TOKEN. Required where a service's strategy is not rolling.",
    )
    interval: Annotated[int, Field(ge=5, le=3600), Unit("seconds")] = Field(
        60, description="Seconds of traffic that one analysis looks at; four scrapes at the least."
    )
    minimum_requests: Annotated[int, Field(ge=30, le=1000000)] = Field(
        100, description="Requests to the new version below which nothing is decided."
    )
    inconclusive: Literal["rollback", "continue", "pause"] = Field(
        "rollback",
        description="What happens where a step stays undecided for the patience: back, on, or wait for a person. After "
        "`gate.bake` nothing waits: pause leaves the new version, as not proven.",
    )
    patience: Annotated[int, Field(ge=0, le=100)] = Field(
        2, description="Further analyses that an undecided step gets, and in a row an unreachable source of metrics."
    )
    bake: Annotated[int, Field(ge=0, le=1440), Unit("minutes")] = Field(
        0,
        description="Minutes for which `caas` judges what it has deployed against each service's objective, after the "
        "platform itself is content; one that misses it is taken back. On aws-ecs by what the load balancer counted, "
        "elsewhere by gate.prometheus.",
    )
    freeze: Literal["off", "warn", "refuse"] | None = Field(
        None,
        description="What `caas` does about a deployment while a service's error budget is spent, or cannot be read: "
        "nothing, say so, or refuse it unless a reason is given. Going back to an earlier release is never refused. "
        "prod takes no off. Default: dev off, staging warn, prod refuse; without gate.prometheus prod warns too. "
        "On aws-ecs the load balancer's metrics are asked.",
    )


class ScalingOverride(Frozen):
    """The bounds of a service's scaling in one environment."""

    minimum: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="Instances at the least.")
    maximum: Annotated[int, Field(ge=1, le=1000)] | None = Field(None, description="Instances at the most.")


class IngressOverride(Frozen):
    """A service's address in one environment."""

    host: HostName | None = Field(None, description="The host name in this environment.")
    tls: bool | None = Field(None, description="Serve HTTPS; only dev may turn it off.")
    tls_secret: str | None = Field(None, description="An existing certificate by name.")


class ServiceOverride(Frozen):
    """What a stack file may change of a service: these fields and no others."""

    cpu: Vcpu | None = Field(None, description="vCPU per instance.")
    memory: Mebibytes | None = Field(None, description="MiB per instance.")
    replicas: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        None, description="The fixed count, where the service has one."
    )
    scaling: ScalingOverride | None = Field(None, description="Its bounds, where the service scales.")
    ingress: IngressOverride | None = Field(None, description="Its address, where the service has an ingress.")
    environment: dict[str, str] = Field(
        default_factory=dict, description="New values for variables that the service declares; no new names."
    )
    image: DigestReference | None = Field(
        None, description="Run this digest instead of building: what a promotion sets."
    )


class Settings(Frozen):
    """The keys of Pulumi.<stack>.yaml (prefix `caas:`): the whole list of what may differ."""

    platform: PlatformName = Field("kubernetes", description="What runs the services.")
    tier: Tier | None = Field(
        None, description="Which rules apply. Default: the stack's name, where it is dev, staging or prod."
    )
    registry: Registry = Field(description="Where images are pushed to and pulled from.")
    kubernetes: Kubernetes = Field(
        default_factory=Kubernetes, description="The cluster, where the platform is `kubernetes`."
    )
    aws: Aws | None = Field(None, description="Account and network. Required where the platform is `aws-ecs`.")
    gcp: Gcp | None = Field(None, description="Project and cluster. Required where the platform is `gke`.")
    azure: Azure | None = Field(
        None, description="Subscription and network. Required where the platform is `azure-aci`."
    )
    gate: Gate = Field(default_factory=Gate, description="Who judges a new version while traffic moves to it, and how.")
    notifications: Notifications = Field(
        default_factory=Notifications, description="Who is told of a deployment, and where it is noted."
    )
    supply_chain: SupplyChain | None = Field(
        None, description="How images are signed, listed and scanned. Default: not at all, and prod refuses them."
    )
    monitoring: Monitoring | None = Field(
        None, description="Metrics, and alerts on each service's objective. Default: nobody watches."
    )
    logging: Logging | None = Field(
        None, description="Where the services' lines are kept, and who carries them there. Default: the platform's own."
    )
    pipeline: Pipeline | None = Field(
        None, description="The pipeline that deploys this environment. Default: none is known, and none gets a right."
    )
    domain: HostName | None = Field(None, description="Services get <service>.<domain> unless they name a host.")
    owner: LabelValue | None = Field(
        None, description="Team that answers for the environment; a tag on every resource."
    )
    cost_centre: LabelValue | None = Field(None, description="A tag on every resource.")
    log_retention: Annotated[int, Field(ge=1, le=3653), Unit("days")] | None = Field(
        None,
        description="Days that logs are kept: by CloudWatch on aws-ecs, and by Elasticsearch where there is logging. "
        "Default: dev 14, staging 30, prod 90.",
    )
    releases_kept: Annotated[int, Field(ge=1, le=100)] = Field(
        10,
        description="Releases that succeeded whose images no clean-up of the registry removes, so that `caas rollback` "
        "finds them. On aws-ecs `caas up` tags them; elsewhere every image that was built or promoted keeps its tag, "
        "and what has a tag is not removed.",
    )
    # The names are plain text here: one that is no service's is refused as such, with the nearest that is.
    overrides: dict[str, ServiceOverride] = Field(
        default_factory=dict, description="Service -> what differs of it in this environment."
    )


class Environment(Frozen):
    """Everything that is declared, validated as a whole before the first resource."""

    project: ServiceName
    stack: str
    tier: Tier
    platform: PlatformName
    registry: Registry
    kubernetes: Kubernetes
    aws: Aws | None = None
    gcp: Gcp | None = None
    azure: Azure | None = None
    gate: Gate = Field(default_factory=Gate)
    notifications: Notifications = Field(default_factory=Notifications)
    supply_chain: SupplyChain | None = None
    monitoring: Monitoring | None = None
    logging: Logging | None = None
    pipeline: Pipeline | None = None
    domain: HostName | None
    owner: str | None
    cost_centre: str | None
    log_retention: int
    releases_kept: int = 10
    services: tuple[Service, ...]
    secret_keys: frozenset[str] = Field(description="The names, never the values, of caas:secrets.")
