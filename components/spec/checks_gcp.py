"""Rules of the platform gke: what Google Cloud limits, and how the settings go with the services.

Pure generators of findings. What the platform cannot do at all stands in the capability table.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from components.spec.checks import only_one
from components.spec.environment import Registry, Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Shown
from components.spec.gcp import Gcp
from components.spec.merge import Placed

ARTIFACT_REGISTRY = re.compile(
    r"^([a-z0-9-]+)-docker\.pkg\.dev/([a-z][a-z0-9-]{4,28}[a-z0-9])/([a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:/([^@]+))?$"
)
"""location, project, repository, and path of an address in Artifact Registry."""

_SECRET = re.compile(r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9._-]+$")

SMALLEST_CPU, SMALLEST_MEMORY = 0.05, 52
"""vCPU and MiB of a pod on Autopilot ("Resource requests in Autopilot", GKE, general-purpose class)."""

LEAST_RATIO, MOST_RATIO = 1.0, 6.5
"""GiB for each vCPU on Autopilot, in the same place. Autopilot would raise what lies outside, and every later run
would find a change that nobody made."""

NEW_CLUSTER = (
    "network",
    "terraform",
    "cidr",
    "mode",
    "nodePools",
    "releaseChannel",
    "authorizedNetworks",
    "binaryAuthorization",
)
"""Keys that describe a cluster which is made."""


def environment(
    placed: list[Placed], settings: Settings, stack: str, level: Tier | None, registry: Registry | None
) -> Iterator[Finding]:
    """Every rule of this module. `registry` is None where it is wrong already."""
    gcp = settings.gcp
    if gcp is None:
        remedy = f"pulumi config set --path '{NAMESPACE}:gcp.project' shop-prod-1234 --stack {stack}"
        yield Finding(("gcp",), Shown.ABSENT, "required where the platform is gke", remedy, stack=True)
        return
    yield from _registry(gcp, registry)
    yield from _kubeconfig(settings)
    if gcp.cluster is not None:
        yield from _existing(gcp)
    else:
        yield from _network(gcp)
        yield from _authorized(gcp)
        yield from _nodes(gcp, level)
    for one in placed:
        yield from _certificate(one, settings)
        yield from _volumes(one, settings)
        yield from _references(one)
        if gcp.cluster is None and gcp.mode == "autopilot":
            yield from _size(one)


def _registry(gcp: Gcp, registry: Registry | None) -> Iterator[Finding]:
    if registry is None:
        return
    match = ARTIFACT_REGISTRY.match(registry.address)
    if match is None:
        limit = "an address in Artifact Registry on platform gke: <location>-docker.pkg.dev/<project>/<repository>"
        remedy = f"write it like {gcp.region}-docker.pkg.dev/{gcp.project}/team"
        yield Finding(("registry", "address"), registry.address, limit, remedy)
        return
    if gcp.repository == "make" and match[2] != gcp.project:
        limit = f"a registry in the project {gcp.project}, where the repository is made"
        remedy = f"write {gcp.project} instead of {match[2]}, or set {NAMESPACE}:gcp.repository to existing"
        yield Finding(("registry", "address"), registry.address, limit, remedy)
    if gcp.kms_key is not None:
        place = gcp.kms_key.split("/")[3]
        for wanted, what in ((gcp.region, "the cluster's region"), (match[1], "the registry's location")):
            if place != wanted:
                limit = f"a key in {what}, {wanted}; this is in {place}"
                yield Finding(("gcp", "kmsKey"), gcp.kms_key, limit, f"name one in {wanted}")
                return


def _kubeconfig(settings: Settings) -> Iterator[Finding]:
    for key, value in (("kubeconfig", settings.kubernetes.kubeconfig), ("context", settings.kubernetes.context)):
        if value is not None:
            limit = "absent on platform gke: the kubeconfig is made from the cluster"
            yield Finding(("kubernetes", key), value, limit, "remove it, or use platform kubernetes")
    if (balancer := settings.kubernetes.load_balancer) is not None:
        limit = "absent on platform gke, whose Gateway gives the services one address"
        path = ("kubernetes", "loadBalancer", "className")
        yield Finding(path, balancer.class_name, limit, "remove loadBalancer, or use platform kubernetes")


def _existing(gcp: Gcp) -> Iterator[Finding]:
    why = "cluster names one that exists, {key} describes a new one"
    yield from only_one("gcp", gcp, "cluster", NEW_CLUSTER, why)


def _network(gcp: Gcp) -> Iterator[Finding]:
    if gcp.terraform is not None:
        yield from only_one("gcp", gcp, "terraform", ("network", "cidr"), "terraform names a network that exists")
        return
    if gcp.network is not None:
        why = "network names one that exists, {key} describes a new one"
        yield from only_one("gcp", gcp, "network", ("cidr",), why)
        return
    network = _parsed(gcp.cidr)
    if network is None or not network.is_private or not 12 <= network.prefixlen <= 18:
        limit = "a private range of IPv4 addresses from /12 to /18 whose bits after the prefix are zero"
        yield Finding(("gcp", "cidr"), gcp.cidr, limit, "write it like 10.20.0.0/16")


def _authorized(gcp: Gcp) -> Iterator[Finding]:
    if not gcp.authorized_networks:
        limit = "at least one range: the control plane of a new cluster is closed to everybody else"
        remedy = "name the addresses that this program is run from, such as office: 203.0.113.0/24"
        yield Finding(("gcp", "authorizedNetworks"), Shown.ABSENT, limit, remedy, stack=True)
    for name, cidr in gcp.authorized_networks.items():
        network = _parsed(cidr)
        if network is None or network.prefixlen < 8:
            limit = "a range of IPv4 addresses, /8 or narrower, whose bits after the prefix are zero"
            remedy = "name the addresses that need it, such as 203.0.113.0/24"
            yield Finding(("gcp", "authorizedNetworks", name), cidr, limit, remedy)


def _nodes(gcp: Gcp, level: Tier | None) -> Iterator[Finding]:
    if gcp.mode == "autopilot" and gcp.node_pools:
        limit = "absent in mode autopilot, where Google makes the nodes"
        yield Finding(("gcp", "nodePools"), Shown.HIDDEN, limit, f"remove it, or set {NAMESPACE}:gcp.mode to standard")
    if gcp.mode == "standard" and not gcp.node_pools:
        limit = "at least one pool in mode standard"
        remedy = f"pulumi config set --path '{NAMESPACE}:gcp.nodePools.main.machine' e2-standard-4"
        yield Finding(("gcp", "nodePools"), Shown.ABSENT, limit, remedy, stack=True)
    for name, pool in gcp.node_pools.items():
        place = ("gcp", "nodePools", name)
        if pool.minimum > pool.maximum:
            limit = f"at most maximum, {pool.maximum}"
            yield Finding((*place, "minimum"), pool.minimum, limit, f"write {pool.maximum} or less, or raise maximum")
        if pool.spot and level == "prod":
            limit = "false in prod: Google takes a spot machine away at 30 seconds' notice"
            yield Finding((*place, "spot"), True, limit, "remove it")


def _certificate(placed: Placed, settings: Settings) -> Iterator[Finding]:
    ingress = placed.service.ingress
    if ingress is None or ingress.tls_secret is None:
        return
    if (ingress.class_name or settings.kubernetes.ingress_class) is None:
        limit = "absent on platform gke, where Google keeps the certificates"
        remedy = f"remove it, or name a controller of your own in {NAMESPACE}:kubernetes.ingressClass"
        yield Finding(placed.path("ingress", "tlsSecret"), ingress.tls_secret, limit, remedy)


def _volumes(placed: Placed, settings: Settings) -> Iterator[Finding]:
    kept = any(volume.kind == "persistent" for volume in placed.service.volumes.values())
    if kept and settings.kubernetes.storage_class is None:
        name = placed.service.name
        limit = f"required where a service has a persistent volume ({name}): GKE's default is for one node"
        remedy = f"pulumi config set --path '{NAMESPACE}:kubernetes.storageClass' standard-rwx"
        yield Finding(("kubernetes", "storageClass"), Shown.ABSENT, limit, remedy, stack=True)


def _references(placed: Placed) -> Iterator[Finding]:
    for name, source in placed.service.secrets.items():
        if source.reference is not None and not _SECRET.match(source.reference):
            limit = "name/key of a Secret in the environment's namespace, on platform gke"
            remedy = "let the cluster's Secret Manager add-on write a Secret, and name it like database/password"
            yield Finding(placed.path("secrets", name, "reference"), source.reference, limit, remedy)


def _size(placed: Placed) -> Iterator[Finding]:
    service = placed.service
    cpu = service.cpu + sum(one.cpu for one in service.sidecars.values())
    memory = service.memory + sum(one.memory for one in service.sidecars.values())
    if cpu < SMALLEST_CPU:
        limit = f"at least {SMALLEST_CPU} vCPU, sidecars included, on Autopilot"
        yield Finding(placed.path("cpu"), service.cpu, limit, f"write {SMALLEST_CPU}")
        return
    least = max(SMALLEST_MEMORY, cpu * LEAST_RATIO * 1024)
    most = cpu * MOST_RATIO * 1024
    if not least <= memory <= most:
        limit = (
            f"{least:.0f} to {most:.0f} MiB for {cpu:g} vCPU, sidecars included, on Autopilot; these are {memory} MiB"
        )
        yield Finding(placed.path("memory"), service.memory, limit, "change memory or cpu, or use mode standard")


def _parsed(cidr: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        return None
