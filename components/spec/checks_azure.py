"""Rules of the platform azure-aci: what Azure limits, and how the settings go with the services.

Pure generators of findings. What the platform cannot do at all stands in the capability table.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from components.azure import sizes
from components.spec.azure import Azure
from components.spec.base import AZURE_CERTIFICATE
from components.spec.checks import only_one
from components.spec.environment import Registry, Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Path, Shown
from components.spec.merge import Placed

CONTAINER_REGISTRY = re.compile(r"^([a-z0-9]{5,50})\.azurecr\.io(?:/([^@]+))?$")
"""Name, and path of an address in a container registry on Azure."""

SHORTEST_LOG, LONGEST_LOG = 30, 730
"""Days that a log workspace may keep what it has."""

MOST_HOSTS = 45
"""Hosts with TLS at one gateway: each has two of its hundred listeners, and some stay free ("Application Gateway
limits")."""


def environment(
    placed: list[Placed], settings: Settings, stack: str, level: Tier | None, registry: Registry | None
) -> Iterator[Finding]:
    """Every rule of this module. `registry` is None where it is wrong already."""
    azure = settings.azure
    if azure is None:
        remedy = f"pulumi config set --path '{NAMESPACE}:azure.location' westeurope --stack {stack}"
        yield Finding(("azure",), Shown.ABSENT, "required where the platform is azure-aci", remedy, stack=True)
        return
    yield from _registry(azure, registry)
    yield from _network(azure, placed)
    yield from _zones(azure, level)
    yield from _logs(settings)
    yield from _certificates(placed, azure)
    for one in placed:
        yield from _images(one, azure, registry)
        yield from _size(one)
        yield from _probes(one)
        yield from _words(one)


def _registry(azure: Azure, registry: Registry | None) -> Iterator[Finding]:
    if registry is None:
        return
    match = CONTAINER_REGISTRY.match(registry.address)
    if match is None:
        limit = "an address of a container registry on Azure: <name>.azurecr.io, 5 to 50 letters and digits"
        yield Finding(("registry", "address"), registry.address, limit, "write it like shopteam.azurecr.io")
        return
    if azure.registry is None:
        return
    own = azure.registry.rpartition("/")[2].lower()
    if own != match[1]:
        limit = f"the registry that registry.address names, {match[1]}; this is {own}"
        yield Finding(("azure", "registry"), azure.registry, limit, "name the same registry in both")
    if azure.quarantine:
        limit = "absent where the registry exists: nothing of it is changed"
        yield Finding(("azure", "quarantine"), True, limit, "remove it, or remove azure.registry")


def _network(azure: Azure, placed: list[Placed]) -> Iterator[Finding]:
    open_to_all = [one.service.name for one in placed if one.service.ingress is not None]
    if azure.terraform is not None:
        yield from _named_by_terraform(azure, open_to_all)
        return
    existing = azure.network
    if existing is not None:
        why = "network names one that exists, {key} describes a new one"
        yield from only_one("azure", azure, "network", ("cidr",), why)
        home = existing.containers.partition("/subnets/")[0]
        for key, value in (("front", existing.front), ("gateway", existing.gateway)):
            if value is not None and value.partition("/subnets/")[0].lower() != home.lower():
                limit = "a subnet of the same virtual network as the containers'"
                yield Finding(("azure", "network", key), value, limit, f"name a subnet of {home.rpartition('/')[2]}")
        if existing.gateway is None and open_to_all:
            limit = (
                f"required where a service has ingress ({', '.join(open_to_all)}): the gateway has a subnet of its own"
            )
            remedy = f"pulumi config set --path '{NAMESPACE}:azure.network.gateway' ID"
            yield Finding(("azure", "network", "gateway"), Shown.ABSENT, limit, remedy, stack=True)
        return
    try:
        parsed = ipaddress.IPv4Network(azure.cidr)
    except ValueError:
        parsed = None
    if parsed is None or not parsed.is_private or not 12 <= parsed.prefixlen <= 20:
        limit = "a private range of IPv4 addresses from /12 to /20 whose bits after the prefix are zero"
        yield Finding(("azure", "cidr"), azure.cidr, limit, "write it like 10.20.0.0/16")


def _named_by_terraform(azure: Azure, open_to_all: list[str]) -> Iterator[Finding]:
    """Subnets whose ids were not read here, or cannot be."""
    yield from only_one("azure", azure, "terraform", ("network", "cidr"), "terraform names subnets that exist")
    if azure.terraform is not None and azure.terraform.gateway is None and open_to_all:
        limit = f"required where a service has ingress ({', '.join(open_to_all)}): the gateway has a subnet of its own"
        remedy = "name the output that holds its id, such as gateway_subnet"
        yield Finding(("azure", "terraform", "gateway"), Shown.ABSENT, limit, remedy, stack=True)


def _zones(azure: Azure, level: Tier | None) -> Iterator[Finding]:
    if len(set(azure.zones)) < len(azure.zones):
        yield Finding(("azure", "zones"), list(azure.zones), "each zone once", 'write ["1", "2", "3"]')
    elif level == "prod" and len(azure.zones) < 2:
        limit = "two zones at the least in prod, so that the services outlive a lost one"
        remedy = 'write ["1", "2", "3"], or choose a location that has zones'
        yield Finding(("azure", "zones"), list(azure.zones), limit, remedy)


def _logs(settings: Settings) -> Iterator[Finding]:
    days = settings.log_retention
    if days is not None and not SHORTEST_LOG <= days <= LONGEST_LOG:
        limit = f"{SHORTEST_LOG} to {LONGEST_LOG} days on platform azure-aci"
        nearest = SHORTEST_LOG if days < SHORTEST_LOG else LONGEST_LOG
        yield Finding(("logRetention",), days, limit, f"write {nearest}")


def _certificates(placed: list[Placed], azure: Azure) -> Iterator[Finding]:
    served = [one for one in placed if one.service.ingress is not None and one.service.ingress.tls]
    if served and azure.vault is None:
        names = ", ".join(one.service.name for one in served)
        limit = (
            f"required where a service is served over TLS ({names}): the gateway takes certificates from a Key Vault"
        )
        remedy = f"pulumi config set --path '{NAMESPACE}:azure.vault' ID, and azure.certificate to a name in it"
        yield Finding(("azure", "vault"), Shown.ABSENT, limit, remedy, stack=True)
        return
    own: dict[str, str | None] = {}
    homeless = []
    for one in served:
        ingress = one.service.ingress
        if ingress is None:
            continue
        if ingress.tls_secret is None:
            homeless.append(one.service.name)
        elif not re.fullmatch(AZURE_CERTIFICATE.strip("^$"), ingress.tls_secret):
            limit = "the name of a certificate in the vault, on platform azure-aci"
            remedy = "write it like www-example-com"
            yield Finding(one.path("ingress", "tlsSecret"), ingress.tls_secret, limit, remedy)
        host = ingress.host or one.service.name
        if host in own and own[host] != ingress.tls_secret:
            limit = f"one certificate for {host}: another service of that host names {own[host] or 'none'}"
            yield Finding(
                one.path("ingress", "tlsSecret"), ingress.tls_secret, limit, "name the same in both, or in none"
            )
        own.setdefault(host, ingress.tls_secret)
    if homeless and azure.certificate is None:
        limit = f"required where a host has no tlsSecret of its own ({', '.join(homeless)})"
        remedy = f"pulumi config set --path '{NAMESPACE}:azure.certificate' NAME"
        yield Finding(("azure", "certificate"), Shown.ABSENT, limit, remedy, stack=True)
    if len(own) > MOST_HOSTS:
        limit = f"at most {MOST_HOSTS} hosts with TLS; there are {len(own)}"
        remedy = "let services share a host by their paths, or divide the environment"
        yield Finding(("services",), Shown.HIDDEN, limit, remedy)


def _images(placed: Placed, azure: Azure, registry: Registry | None) -> Iterator[Finding]:
    match = CONTAINER_REGISTRY.match(registry.address) if registry is not None else None
    if match is None or azure.network is not None or azure.terraform is not None:
        return  # told already, or somebody else's rules
    server, service = f"{match[1]}.azurecr.io", placed.service
    images: list[tuple[tuple[str, ...], str]] = [(("image",), service.image)] if service.image is not None else []
    images += [(("sidecars", name, "image"), one.image) for name, one in service.sidecars.items()]
    for path, image in images:
        if not image.startswith(f"{server}/"):
            yield elsewhere(placed.path(*path), image, match[1])


def elsewhere(path: Path, image: str, registry: str) -> Finding:
    """An image that a new network cannot pull.

    :param registry: Name of the environment's own.
    """
    limit = f"an image in {registry}.azurecr.io: the containers of a new network reach no other registry"
    return Finding(path, image, limit, f"copy it there with `az acr import --name {registry} --source IMAGE`")


def _size(placed: Placed) -> Iterator[Finding]:
    size = sizes.total(placed.service)
    for key, value, most, unit in (
        ("cpu", size.cpu, sizes.LARGEST_CPU, "vCPU"),
        ("memory", size.memory, sizes.LARGEST_MEMORY, "GB"),
    ):
        if value > most:
            limit = f"at most {most:g} {unit} for all containers of an instance together; these ask for {value:g}"
            remedy = "ask for less and for more instances, or use platform aws-ecs, gke or kubernetes"
            yield Finding(placed.path(key), getattr(placed.service, key), limit, remedy)


def _probes(placed: Placed) -> Iterator[Finding]:
    startup = placed.service.health.startup
    if startup is not None and startup.path is not None and startup.path != placed.service.health.readiness.path:
        limit = "the readiness path, on platform azure-aci: there is no probe for the start, only a time to wait"
        remedy = "remove it; its interval and failures still say how long a start may take"
        yield Finding(placed.path("health", "startup", "path"), startup.path, limit, remedy)


def _words(placed: Placed) -> Iterator[Finding]:
    service = placed.service
    if service.args and not service.command:
        limit = "given together with command on platform azure-aci, which replaces the image's entry point with both"
        yield Finding(placed.path("args"), list(service.args), limit, "write the image's entry point into command")
    for name, sidecar in service.sidecars.items():
        if sidecar.args and not sidecar.command:
            limit = (
                "given together with command on platform azure-aci, which replaces the image's entry point with both"
            )
            remedy = "write the image's entry point into command"
            yield Finding(placed.path("sidecars", name, "args"), list(sidecar.args), limit, remedy)
