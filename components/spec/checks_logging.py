"""Rules of where logs are kept. Pure generators of findings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from components.spec.checks_azure import CONTAINER_REGISTRY, elsewhere
from components.spec.environment import Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Shown
from components.spec.logging import FORWARDER, ROUTER, Logging
from components.spec.merge import Placed

OWN_CLUSTER = ("kubernetes", "gke")
"""Platforms where Elastic's operator can run Elasticsearch."""


def environment(
    placed: Sequence[Placed], settings: Settings, keys: frozenset[str], stack: str, level: Tier | None
) -> Iterator[Finding]:
    """Every rule of this module."""
    given = settings.logging
    if given is None:
        return
    if settings.platform == "aws-ecs":
        yield from _on_ecs(placed, settings, given)
    elif settings.platform == "azure-aci":
        yield from _on_aci(placed, settings, given)
    elif given.addresses:
        limit = "addresses only on aws-ecs and azure-aci"
        yield Finding(("logging", "addresses"), Shown.HIDDEN, limit, "remove addresses")
    if given.forwarder is not None and settings.platform != "azure-aci":
        limit = "forwarder only on azure-aci: elsewhere lines are read where they are written"
        yield Finding(("logging", "forwarder"), Shown.HIDDEN, limit, "remove forwarder")
    if given.elasticsearch is None and settings.platform not in OWN_CLUSTER:
        return
    if given.elasticsearch is None:
        yield from _declared(given, keys, stack)
    else:
        yield from _existing(given, given.elasticsearch, keys, stack, level)


def _on_ecs(placed: Sequence[Placed], settings: Settings, given: Logging) -> Iterator[Finding]:
    """Elastic's operator runs on Kubernetes only, and a security group lets nobody out without an address."""
    yield from _elsewhere(given, "aws-ecs")
    if not given.addresses:
        limit = "required on aws-ecs: services are let out to addresses that are named, and to no others"
        yield Finding(("logging", "addresses"), Shown.ABSENT, limit, "write where elasticsearch is: [10.20.0.0/16]")
    inside = settings.aws is not None and settings.aws.vpc is None and settings.aws.nat == "none"
    yield from _addresses(given, inside)
    for one in placed:
        if ROUTER in one.service.sidecars:
            limit = f"another name than {ROUTER}: the container that takes the lines has it"
            yield Finding(one.path("sidecars", ROUTER), Shown.HIDDEN, limit, "rename the sidecar")


def _on_aci(placed: Sequence[Placed], settings: Settings, given: Logging) -> Iterator[Finding]:
    """A forwarder of the environment's own carries the lines; its subnet lets it out to named addresses."""
    yield from _elsewhere(given, "azure-aci")
    if given.forwarder is None:
        limit = "required on azure-aci: the image that reads the lines out of the workspace"
        remedy = "build components/logging/forwarder, push it, and write its digest reference"
        yield Finding(("logging", "forwarder"), Shown.ABSENT, limit, remedy)
    azure = settings.azure
    existing = azure is not None and (azure.network is not None or azure.terraform is not None)
    if existing and given.addresses:
        limit = f"addresses only where the network is made here; {NAMESPACE}:azure.network has rules of its own"
        yield Finding(("logging", "addresses"), Shown.HIDDEN, limit, "remove addresses, and open that network's rules")
    elif not existing:
        yield from _images(given, settings)
    if not existing and not given.addresses:
        limit = "required on azure-aci: the forwarder is let out to addresses that are named, and to no others"
        yield Finding(("logging", "addresses"), Shown.ABSENT, limit, "write where elasticsearch is: [10.20.0.0/16]")
    yield from _addresses(given, inside=False)
    for one in placed:
        if one.service.name == FORWARDER:
            limit = f"another name than {FORWARDER}: what carries the lines has it"
            yield Finding(one.path(), Shown.HIDDEN, limit, "rename the service")


def _images(given: Logging, settings: Settings) -> Iterator[Finding]:
    """Both images are pulled as the services' are: a new network lets nobody out to another registry."""
    match = CONTAINER_REGISTRY.match(settings.registry.address)
    for key, image in (("agent", given.agent), ("forwarder", given.forwarder)):
        if match is not None and image is not None and not image.startswith(f"{match[1]}.azurecr.io/"):
            yield elsewhere(("logging", key), image, match[1])


def _elsewhere(given: Logging, platform: str) -> Iterator[Finding]:
    if given.elasticsearch is None:
        limit = f"required on {platform}: Elasticsearch is declared on kubernetes and gke only"
        remedy = "name one that exists, such as elasticsearch: https://logs.example.org"
        yield Finding(("logging", "elasticsearch"), Shown.ABSENT, limit, remedy)


def _addresses(given: Logging, inside: bool) -> Iterator[Finding]:
    """:param inside: Whether no way leads out of the network."""
    for index, address in enumerate(given.addresses):
        path = ("logging", "addresses", index)
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            yield Finding(path, address, "a network with no bits behind its mask", "write it like 10.20.0.0/16")
            continue
        if network.prefixlen == 0:
            yield Finding(path, address, "not the whole world", "write where elasticsearch is")
        elif inside and not network.is_private:
            limit = f"addresses inside the network, since {NAMESPACE}:aws.nat is none"
            yield Finding(path, address, limit, f"set {NAMESPACE}:aws.nat to single, or to zone in prod")


def _declared(given: Logging, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    if given.kibana is not None:
        limit = "kibana only with elasticsearch: where that is declared here, so is its Kibana"
        yield Finding(("logging", "kibana"), Shown.HIDDEN, limit, "remove kibana, or name an elasticsearch")
    if given.api_key is not None:
        limit = "apiKey only with elasticsearch: the Elasticsearch that is declared here takes password"
        yield Finding(("logging", "apiKey"), Shown.HIDDEN, limit, "write password instead, or name an elasticsearch")
    if given.password is None:
        limit = "required where Elasticsearch is declared here: the password that the agent gets"
        remedy = (
            f"pulumi config set --secret --path '{NAMESPACE}:secrets.logs' --stack {stack}, and write password: logs"
        )
        yield Finding(("logging", "password"), Shown.ABSENT, limit, remedy)
    else:
        yield from _missing("password", given.password, keys, stack)


def _missing(field: str, key: str, keys: frozenset[str], stack: str) -> Iterator[Finding]:
    """A key that is referred to and not set. Never repeated: the secret itself is easily written in its place."""
    if key not in keys:
        limit = f"a key in {NAMESPACE}:secrets that is set; set are: {', '.join(sorted(keys)) or 'none'}"
        remedy = f"pulumi config set --secret --path '{NAMESPACE}:secrets.logs' --stack {stack}, and write logs here"
        yield Finding(("logging", field), Shown.HIDDEN, limit, remedy)


def _existing(
    given: Logging, elasticsearch: str, keys: frozenset[str], stack: str, level: Tier | None
) -> Iterator[Finding]:
    for key in ("operator", "nodes", "storage", "snapshots", "password"):
        if key in given.model_fields_set:
            limit = f"{key} only where Elasticsearch is declared here; logging.elasticsearch names one that exists"
            yield Finding(("logging", key), Shown.HIDDEN, limit, f"remove {key}, or remove elasticsearch")
    if given.api_key is not None:
        yield from _missing("apiKey", given.api_key, keys, stack)
    if level in ("staging", "prod"):
        if given.api_key is None:
            limit = f"required in {level}: nobody adds lines without a key"
            yield Finding(("logging", "apiKey"), Shown.ABSENT, limit, "make a key that may add lines, and name it")
        if not elasticsearch.startswith("https://"):
            limit = f"https in {level}: lines and the key cross a network"
            yield Finding(("logging", "elasticsearch"), elasticsearch, limit, "write its https URL")
