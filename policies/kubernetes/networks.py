"""How the world and the neighbours reach pods: ingresses, services, network policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.pods import shown
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    Violation,
    dotted,
    items,
    judged,
    read,
)

SERVICE, INGRESS = "kubernetes:core/v1:Service", "kubernetes:networking.k8s.io/v1:Ingress"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})

INTERNAL = frozenset(
    {
        ("networking.gke.io/load-balancer-type", "Internal"),
        ("cloud.google.com/load-balancer-type", "Internal"),
        ("service.beta.kubernetes.io/aws-load-balancer-internal", "true"),
        ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
        ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
    }
)
"""Annotations by which a cloud gives a load balancer a private address only."""


def _ingress_tls(resource: Resource, setting: Setting) -> Iterator[Answer]:
    if setting.tier == "dev":
        return
    served = [host for path, _ in items(resource.properties, "spec", "tls") for host in _hosts(resource, path)]
    for path, rule in items(resource.properties, "spec", "rules"):
        host = read(rule, "host")
        if host is UNKNOWN or any(one is UNKNOWN for one in served):
            yield Undecided(dotted(*path, "host"))
        elif not any(_covers(one, host) for one in served):
            yield Violation(f"{shown(host, 'every host')} is served without TLS", dotted(*path, "host"))
    yield from _default_backend(resource, served)


def _default_backend(resource: Resource, served: list[Any]) -> Iterator[Answer]:
    """A backend for what no rule matches, where nothing is served with TLS."""
    at = ("spec", "defaultBackend")
    if not served:
        yield from judged(
            resource.properties, at, lambda found: found is not None, "the default backend is served without TLS"
        )


def _hosts(resource: Resource, path: tuple[str | int, ...]) -> Iterator[Any]:
    """The hosts of one TLS entry; None for an entry that names none, which then holds for all."""
    hosts = read(resource.properties, *path, "hosts")
    if isinstance(hosts, list | tuple):
        yield from hosts
    else:
        yield hosts


def _covers(served: Any, host: Any) -> bool:
    if served is None or served == host:
        return True
    if not isinstance(served, str) or not isinstance(host, str):
        return False
    return served.startswith("*.") and host.partition(".")[2] == served[2:]


def _load_balancer(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    kind = read(resource.properties, "spec", "type")
    if kind is UNKNOWN:
        yield Undecided("spec.type")
    elif kind == "LoadBalancer" and not _internal(resource):
        ranges = ("spec", "loadBalancerSourceRanges")
        found = read(resource.properties, *ranges)
        if found is None or found == []:
            yield Violation("the load balancer answers the whole world, past the ingress", dotted(*ranges))
        for path, _ in items(resource.properties, *ranges):
            message = "the load balancer answers the whole world, past the ingress"
            yield from judged(resource.properties, path, _everywhere, message)


def _internal(resource: Resource) -> bool:
    found = read(resource.properties, "metadata", "annotations")
    return isinstance(found, Mapping) and any(found.get(key) == value for key, value in INTERNAL)


def _everywhere(found: Any) -> bool:
    return isinstance(found, str) and found in EVERYWHERE


def _node_port(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    message = "a port of every node leads to the pods"
    yield from judged(resource.properties, ("spec", "type"), lambda found: found == "NodePort", message)


def _external_addresses(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    message = "the service takes over addresses outside the cluster"
    at = ("spec", "externalIPs")
    yield from judged(resource.properties, at, lambda found: found is not None and found != [], message)


def _open_policy(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for direction, peers, who in (("ingress", "from", "admits everybody"), ("egress", "to", "lets pods call anywhere")):
        for path, rule in items(resource.properties, "spec", direction):
            yield from _open_rule(resource, path, rule, peers, f"the policy {who}")


def _open_rule(
    resource: Resource, path: tuple[str | int, ...], rule: Any, peers: str, message: str
) -> Iterator[Answer]:
    """A rule that names no peer is for all of them; so is one for all addresses, unless it names ports to call."""
    found = read(rule, peers)
    if found is UNKNOWN:
        yield Undecided(dotted(*path, peers))
    elif found is None or found == []:
        yield Violation(message, dotted(*path, peers))
    elif peers == "from" or read(rule, "ports") is None:
        for peer, _ in items(resource.properties, *path, peers):
            yield from judged(resource.properties, (*peer, "ipBlock", "cidr"), _everywhere, message)


RULES: tuple[Rule, ...] = (
    Rule(
        id="k8s-ingress-tls",
        title="An Ingress serves its hosts with TLS.",
        severity=Severity.HIGH,
        reason="Passwords and sessions would cross the internet in plain text. dev alone may do without.",
        remedy="Name the host under spec.tls.",
        types=frozenset({INGRESS}),
        check=_ingress_tls,
        references=("kubescape: C-0263", "polaris: tlsSettingsMissing"),
    ),
    Rule(
        id="k8s-load-balancer-ranges",
        title="A Service of type LoadBalancer says whom it answers.",
        severity=Severity.HIGH,
        reason="It leads from the internet straight to the pods: no TLS, no access log, no firewall in between.",
        remedy="Use an Ingress or a Gateway, set loadBalancerSourceRanges, or make the load balancer internal.",
        types=frozenset({SERVICE}),
        check=_load_balancer,
        references=("kubescape: C-0256",),
    ),
    Rule(
        id="k8s-no-node-port",
        title="No Service opens a port on the nodes.",
        severity=Severity.MEDIUM,
        reason="The port answers at every node's address, whatever stands in front of the cluster.",
        remedy="Use type ClusterIP behind an Ingress or a Gateway.",
        types=frozenset({SERVICE}),
        check=_node_port,
        references=("kube-score: service-type",),
    ),
    Rule(
        id="k8s-no-external-ips",
        title="No Service claims addresses outside the cluster.",
        severity=Severity.HIGH,
        reason="Traffic of the whole cluster for that address would go to this service (CVE-2020-8554).",
        remedy="Remove spec.externalIPs.",
        types=frozenset({SERVICE}),
        check=_external_addresses,
        references=("gatekeeper: k8sexternalips", "CVE-2020-8554"),
    ),
    Rule(
        id="k8s-network-policy-closed",
        title="A network policy names who may call and what may be called.",
        severity=Severity.MEDIUM,
        reason="A rule without peers, or for all addresses, undoes what the namespace denies.",
        remedy="Name peers by podSelector, namespaceSelector or a narrow ipBlock; to call anywhere, name ports.",
        types=frozenset({NETWORK_POLICY}),
        check=_open_policy,
        references=("kubescape: C-0260",),
    ),
)
