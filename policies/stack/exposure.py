"""What the world reaches: paths without TLS to a container, and databases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.pods import namespace, object_name
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Setting,
    Severity,
    StackRule,
    Undecided,
    Violation,
    dotted,
    items,
    judged,
    read,
)

LISTENER, RULE = "aws:lb/listener:Listener", "aws:lb/listenerRule:ListenerRule"
GATEWAY, ROUTE = (
    "kubernetes:gateway.networking.k8s.io/v1:Gateway",
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
)
APPLICATION_GATEWAY = "azure-native:network:ApplicationGateway"

DATABASE_PORTS = {
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    5432: "PostgreSQL",
    6379: "Redis",
    9042: "Cassandra",
    9200: "Elasticsearch",
    11211: "Memcached",
    27017: "MongoDB",
}

WORLD = frozenset({"0.0.0.0/0", "::/0", "*", "Internet", "any", "Any"})
"""How firewalls write everybody."""

StackAnswers = Iterator[tuple[Resource | None, Answer]]


def _plain_paths(resources: tuple[Resource, ...], setting: Setting) -> StackAnswers:
    if setting.tier == "dev":
        return
    yield from _balancers(resources)
    yield from _gateways(resources)
    for gateway in resources:
        if gateway.type == APPLICATION_GATEWAY:
            yield from ((gateway, answer) for answer in _application_gateway(gateway))


def _balancers(resources: tuple[Resource, ...]) -> StackAnswers:
    by_urn = {one.urn: one for one in resources}
    for one in resources:
        listener = one if one.type == LISTENER else _behind(one, "listenerArn", by_urn) if one.type == RULE else None
        protocol = read(listener.properties, "protocol") if listener is not None else None
        if listener is None or not (protocol == "HTTP" or protocol is UNKNOWN) or _internal(listener, by_urn):
            continue
        for path, action in items(one.properties, "defaultActions" if one is listener else "actions"):
            kind = read(action, "type")
            if kind is UNKNOWN or (kind == "forward" and protocol is UNKNOWN):
                yield one, Undecided(dotted(*path, "type"))
            elif kind == "forward":
                message = f"the public listener {listener.name} forwards plain HTTP to a container"
                yield one, Violation(message, dotted(*path, "type"))


def _behind(one: Resource, key: str, by_urn: dict[str, Resource]) -> Resource | None:
    """The resource that a property refers to, if it is in the stack."""
    return next((by_urn[urn] for urn in one.depends.get(key, ()) if urn in by_urn), None)


def _internal(listener: Resource, by_urn: dict[str, Resource]) -> bool:
    balancer = _behind(listener, "loadBalancerArn", by_urn)
    return balancer is not None and read(balancer.properties, "internal") is True


def _gateways(resources: tuple[Resource, ...]) -> StackAnswers:
    for route in resources:
        if route.type == ROUTE and any(_leads(rule) for _, rule in items(route.properties, "spec", "rules")):
            for path, parent in items(route.properties, "spec", "parentRefs"):
                plain = [_plain(gateway, route, parent) for gateway in resources if gateway.type == GATEWAY]
                if True in plain:
                    message = "the route leads from a plain HTTP listener to a container"
                    yield route, Violation(message, dotted(*path))
                elif UNKNOWN in plain:
                    yield route, Undecided(dotted(*path))


def _leads(rule: Any) -> bool:
    """Whether a rule of a route leads to a Service; one that redirects leads nowhere."""
    filters = [read(one, "type") for _, one in items(rule, "filters")]
    return "RequestRedirect" not in filters and read(rule, "backendRefs") not in (None, [])


def _plain(gateway: Resource, route: Resource, parent: Any) -> Any:
    """Whether a parent of a route is a plain listener of this gateway; UNKNOWN where that is not known yet."""
    where = read(parent, "namespace")
    where = namespace(route) if where is None else where
    told = (parent, read(parent, "name"), where, object_name(gateway), namespace(gateway))
    if any(one is UNKNOWN for one in told):
        return UNKNOWN
    if told[1:3] != (object_name(gateway), namespace(gateway)):
        return False
    section = read(parent, "sectionName")
    for _, listener in items(gateway.properties, "spec", "listeners"):
        if section is None or read(listener, "name") == section:
            protocol = read(listener, "protocol")
            if protocol == "HTTP" or protocol is UNKNOWN:
                return True if protocol == "HTTP" else UNKNOWN
    return False


def _application_gateway(gateway: Resource) -> Iterator[Answer]:
    listeners = {
        read(listener, "name"): read(listener, "protocol")
        for _, listener in items(gateway.properties, "httpListeners")
        if isinstance(read(listener, "name"), str)
    }
    for path, rule in items(gateway.properties, "requestRoutingRules"):
        listener, redirect = read(rule, "httpListener", "id"), read(rule, "redirectConfiguration")
        name = listener.rpartition("/")[2] if isinstance(listener, str) else None
        protocol = UNKNOWN if listener is UNKNOWN else listeners.get(name)
        if redirect is UNKNOWN or (redirect is None and protocol is UNKNOWN):
            yield Undecided(dotted(*path, "httpListener"))
        elif redirect is None and protocol == "Http":
            yield Violation(f"the listener {name} leads plain HTTP to a container", dotted(*path, "httpListener"))


def _databases(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    for resource in resources:
        for path, opening in _openings(resource):
            yield from ((resource, answer) for answer in _opened(path, opening))
        if resource.type in ("aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"):
            message = "the database has an address on the internet"
            for answer in judged(resource.properties, ("publiclyAccessible",), lambda found: found is True, message):
                yield resource, answer


Opening = tuple[Any, Any, Any, Any]
"""Addresses, first and last port, and the protocol; each may be UNKNOWN."""


def _openings(resource: Resource) -> Iterator[tuple[tuple[str | int, ...], Opening]]:
    """Each rule of a firewall that lets something in."""
    properties = resource.properties
    if resource.type == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
        addresses = [read(properties, key) for key in ("cidrIpv4", "cidrIpv6")]
        yield (), (addresses, *_range(properties), read(properties, "ipProtocol"))
    elif resource.type == "aws:ec2/securityGroupRule:SecurityGroupRule":
        if read(properties, "type") != "egress":
            yield (), (_blocks(properties), *_range(properties), read(properties, "protocol"))
    elif resource.type == "aws:ec2/securityGroup:SecurityGroup":
        for path, rule in items(properties, "ingress"):
            yield path, (_blocks(rule), *_range(rule), read(rule, "protocol"))
    elif resource.type == "azure-native:network:NetworkSecurityGroup":
        for path, rule in items(properties, "securityRules"):
            if read(rule, "direction") != "Outbound" and read(rule, "access") != "Deny":
                yield from ((path, opening) for opening in _azure(rule))
    elif resource.type == "gcp:compute/firewall:Firewall" and read(properties, "direction") != "EGRESS":
        for path, rule in items(properties, "allows"):
            for first, last in _spans(read(rule, "ports")):
                yield path, (read(properties, "sourceRanges"), first, last, read(rule, "protocol"))


def _range(rule: Any) -> tuple[Any, Any]:
    return read(rule, "fromPort"), read(rule, "toPort")


def _blocks(rule: Any) -> list[Any]:
    found: list[Any] = []
    for key in ("cidrBlocks", "ipv6CidrBlocks"):
        found += [one for _, one in items(rule, key)]
    return found


def _azure(rule: Any) -> Iterator[Opening]:
    addresses = [read(rule, "sourceAddressPrefix"), *(one for _, one in items(rule, "sourceAddressPrefixes"))]
    ports = [read(rule, "destinationPortRange"), *(one for _, one in items(rule, "destinationPortRanges"))]
    for port in ports:
        if port is not None:
            for first, last in _spans([port]):
                yield addresses, first, last, read(rule, "protocol")


def _spans(ports: Any) -> Iterator[tuple[Any, Any]]:
    """(first, last) of each port or range in text; no ports at all are all of them."""
    if ports is None:
        yield None, None
    for _, one in items({"ports": ports}, "ports"):
        if one is UNKNOWN:
            yield UNKNOWN, UNKNOWN
        elif isinstance(one, str | int):
            first, _, last = str(one).partition("-")
            yield (None, None) if first == "*" else (_number(first), _number(last or first))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1


def _opened(path: tuple[str | int, ...], opening: Opening) -> Iterator[Answer]:
    addresses, first, last, protocol = opening
    listed = [one for _, one in items({"all": addresses}, "all")]
    if not any(one is UNKNOWN or (isinstance(one, str) and one in WORLD) for one in listed):
        return
    if any(one is UNKNOWN for one in (*listed, first, last, protocol)):
        yield Undecided(dotted(*path, "ports"))
        return
    everything = first is None or protocol in ("-1", "all")
    bounded = isinstance(first, int) and isinstance(last, int)
    reached = [name for port, name in DATABASE_PORTS.items() if everything or (bounded and first <= port <= last)]
    if reached:
        yield Violation(f"the world may connect to the ports of {', '.join(reached)}", dotted(*path))


STACK_RULES: tuple[StackRule, ...] = (
    StackRule(
        id="public-path-tls",
        title="No public path leads to a container without TLS.",
        severity=Severity.HIGH,
        reason="Passwords and sessions would cross the internet in plain text. dev alone may do without.",
        remedy="Let the plain listener redirect to HTTPS, and lead to containers from there only.",
        check=_plain_paths,
        references=("CKV_AWS_2", "CKV_AZURE_217", "ELB.1", "ELB.18"),
    ),
    StackRule(
        id="public-database",
        title="No database answers the world.",
        severity=Severity.CRITICAL,
        reason="Databases are found within minutes, and their passwords tried until one fits.",
        remedy="Admit the security group or network of the service that needs it.",
        check=_databases,
        references=("CKV_AWS_17", "RDS.2", "EC2.19", "AWS Config: restricted-common-ports"),
    ),
)
