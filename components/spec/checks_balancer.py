"""Rules for a load balancer of a class for each service, on platform kubernetes.

Pure generators of findings.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from components.spec.checks import annotation_key
from components.spec.environment import Settings
from components.spec.errors import Finding, Shown
from components.spec.merge import Placed

BALANCER = "-balancer"
"""End of the name of the Service that has a load balancer, beside the one that has an address in the cluster."""


def environment(placed: list[Placed], settings: Settings) -> Iterator[Finding]:
    """Every rule of this module; none where the cluster's own controller has an Ingress to serve."""
    balancer, place = settings.kubernetes.load_balancer, ("kubernetes", "loadBalancer")
    if balancer is None:
        return
    if not balancer.sources:
        limit = "at least one range of addresses: a balancer is closed to everybody else"
        yield Finding((*place, "sources"), Shown.ABSENT, limit, "write [0.0.0.0/0] for the world", stack=True)
    for index, source in enumerate(balancer.sources):
        try:
            ipaddress.ip_network(source)
        except ValueError:
            limit = "a range of addresses whose bits after the prefix are zero"
            yield Finding((*place, "sources", index), source, limit, "write it like 10.20.0.0/16, or 10.20.0.7/32")
    for key in balancer.annotations:
        yield from annotation_key((*place, "annotations", key), key)
    served = [one for one in placed if one.service.ingress is not None and one.service.rollout.strategy == "rolling"]
    for one in served:
        yield from _alone(one)
    secure = [one.service.name for one in served if one.service.ingress is not None and one.service.ingress.tls]
    if secure and not balancer.annotations:
        limit = f"required where a service has TLS ({', '.join(secure)}): it ends at the balancer, by what they say"
        remedy = f"name the certificate as {balancer.class_name} takes it, or let an override for dev turn TLS off"
        yield Finding((*place, "annotations"), Shown.ABSENT, limit, remedy, stack=True)


def _alone(placed: Placed) -> Iterator[Finding]:
    """A balancer of one service knows connections, and nothing of hosts and paths."""
    ingress = placed.service.ingress
    assert ingress is not None
    if placed.service.name.endswith(BALANCER):
        limit = f"a name that does not end with {BALANCER} where kubernetes.loadBalancer is set"
        yield Finding(placed.path(), Shown.ABSENT, limit, "give it another name")
    if ingress.path != "/":
        limit = "/ where kubernetes.loadBalancer is set: everything that arrives at the balancer is the service's"
        yield Finding(placed.path("ingress", "path"), ingress.path, limit, "remove it, or remove the load balancer")
    for key, value in (("tlsSecret", ingress.tls_secret), ("className", ingress.class_name)):
        if value is not None:
            limit = f"no {key} where kubernetes.loadBalancer is set: there is no Ingress"
            remedy = f"remove {key}, or remove kubernetes.loadBalancer"
            yield Finding(placed.path("ingress", key), value, limit, remedy)
