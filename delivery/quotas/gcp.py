"""vCPU of a project in a region and in all regions, as Compute Engine counts them: what a new cluster's nodes are
made of."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import urllib3

from components.spec import Environment
from components.spec.gcp import Gcp, NodePool
from components.spec.service import Service
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.proxies import Pools
from delivery.quotas.model import Need, Quota, instances, times, total
from delivery.supply import tools

ENDPOINT = "https://compute.googleapis.com"
LOGIN = "GOOGLE_OAUTH_ACCESS_TOKEN"
"""Variable in which Google's tools, the engine's plug-in among them, take an access token."""

LIMIT = urllib3.Timeout(connect=3, read=10)
"""Seconds to connect and to answer, for one call."""

ANY, EVERYWHERE = "CPUS", "CPUS_ALL_REGIONS"
IDS = {EVERYWHERE: "CPUS-ALL-REGIONS-per-project"}
"""Metric -> id of its quota, where that is not ``<metric>-per-project-region``."""

OWN_METRIC = frozenset({"a2", "a3", "c2", "c2d", "c3", "m1", "m2", "m3", "n2", "n2d"})
"""Families of machines with a metric of their own (``N2_CPUS``); every other one counts towards ``CPUS``."""

_SIZE = re.compile(r"^(?P<family>[a-z0-9]+)-(?:[a-z]+)-(?P<vcpu>[0-9]+)(?:-[a-z0-9]+)?$")
_SHARED = re.compile(r"^(?P<family>e2|g1|f1)-(micro|small|medium)$")
_SHARED_VCPU = 2
"""vCPU that a machine with a shared core counts as."""


def quotas(environment: Environment, gcp: Gcp, endpoint: str = ENDPOINT) -> Iterator[Quota]:
    """Each limit with what is needed of it; none where the cluster exists. DeliveryError where Google does not say."""
    if gcp.cluster is not None:
        return
    wanted = needs(environment, gcp)
    pool, headers = Pools(timeout=LIMIT, retries=urllib3.Retry(total=2)), {"Authorization": f"Bearer {token()}"}
    here = f"projects/{gcp.project}/regions/{gcp.region}"
    said = _ask(pool, f"{endpoint}/compute/v1/{here}", headers)
    for metric, need in wanted.items():
        yield _quota(said, metric, need, f"in {gcp.region}", _more(gcp, metric, gcp.region))
    said = _ask(pool, f"{endpoint}/compute/v1/projects/{gcp.project}", headers)
    yield _quota(said, EVERYWHERE, total(*wanted.values()), f"of {gcp.project}", _more(gcp, EVERYWHERE, None))


def needs(environment: Environment, gcp: Gcp) -> dict[str, Need]:
    """Metric -> vCPU: in mode autopilot what the pods request, which is the least that their nodes
    have; in mode standard what the machines have.

    DeliveryError where a machine type does not say how many it has.
    """
    if gcp.mode == "autopilot":
        return {ANY: total(*(times(instances(one), _requested(one)) for one in environment.services))}
    found: dict[str, list[Need]] = {}
    for pool in gcp.node_pools.values():
        metric, vcpu = machine(pool)
        found.setdefault(metric, []).append(Need(vcpu * pool.minimum, vcpu * pool.maximum))
    return {metric: total(*each) for metric, each in sorted(found.items())}


def machine(pool: NodePool) -> tuple[str, int]:
    """(metric, vCPU) of one machine of a pool."""
    if (shared := _SHARED.match(pool.machine)) is not None:
        return _metric(shared["family"], spot=pool.spot), _SHARED_VCPU
    if (size := _SIZE.match(pool.machine)) is None:
        raise DeliveryError(f"How many vCPU a {pool.machine} has is not known here.", Exit.NOT_PROVEN)
    return _metric(size["family"], spot=pool.spot), int(size["vcpu"])


def _metric(family: str, *, spot: bool) -> str:
    if spot:
        return "PREEMPTIBLE_CPUS"
    return f"{family.upper()}_CPUS" if family in OWN_METRIC else ANY


def _requested(service: Service) -> float:
    return service.cpu + sum(one.cpu for one in service.sidecars.values())


def token() -> str:
    """An access token of who is logged in: the variable's, or gcloud's."""
    if given := os.environ.get(LOGIN):
        return given
    done = tools.run(["gcloud", "auth", "print-access-token"], limit=20)
    if done.code != 0:
        raise DeliveryError(f"gcloud has no token: {done.words}.", Exit.NOT_PROVEN, remedy="`gcloud auth login`.")
    return done.out.strip()


def _ask(pool: Pools, url: str, headers: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """Metric -> its limit and usage."""
    try:
        answer = pool.request("GET", f"{url}?fields=quotas", headers=headers)
    except urllib3.exceptions.HTTPError as error:
        raise DeliveryError(
            f"Compute Engine does not answer: {str(error).rstrip('.')}.", Exit.NOT_PROVEN, remedy="Check the network."
        ) from error
    if answer.status != 200:
        raise DeliveryError(
            f"Compute Engine answered {answer.status} to GET {url}.",
            Exit.NOT_PROVEN,
            remedy="Log in again (`gcloud auth login`)."
            if answer.status == 401
            else "The account needs compute.regions.get and compute.projects.get, and the project Compute Engine.",
        )
    return {one["metric"]: one for one in json.loads(answer.data).get("quotas", ())}


def _quota(
    said: Mapping[str, Mapping[str, Any]], metric: str, need: Need, where: str, more: Callable[[int], str]
) -> Quota:
    if metric not in said:
        raise DeliveryError(f"Compute Engine does not say what {metric} {where} is limited to.", Exit.NOT_PROVEN)
    found = said[metric]
    return Quota(f"{metric} {where}", float(found["limit"]), need, more, float(found["usage"]))


def _more(gcp: Gcp, metric: str, region: str | None) -> Callable[[int], str]:
    name = IDS.get(metric, f"{metric}-per-project-region".replace("_", "-"))
    there = f" --dimensions=region={region}" if region else ""

    def remedy(wanted: int) -> str:
        return (
            f"`gcloud beta quotas preferences create --service=compute.googleapis.com --project={gcp.project} "
            f"--quota-id={name} --preferred-value={wanted}{there}` asks for more."
        )

    return remedy
