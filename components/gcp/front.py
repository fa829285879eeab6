"""The environment's address for the world: one global load balancer with managed certificates, as a Gateway.

GKE's controller makes the load balancer from the Gateway; which service gets which request stands in ``route.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_gcp.certificatemanager import Certificate, CertificateMap, CertificateMapEntry, DnsAuthorization
from pulumi_gcp.compute import GlobalAddress, SSLPolicy
from pulumi_gcp.dns import RecordSet
from pulumi_kubernetes.apiextensions import CustomResource

from components.base import Component, Transform
from components.gcp.account import named, settings
from components.kubernetes.cluster import Cluster
from components.kubernetes.metadata import SKIP_AWAIT, Scope, field_manager
from components.kubernetes.network import by_gateway, host_of
from components.spec.environment import Environment
from components.tags import labels

GATEWAY_API = "gateway.networking.k8s.io/v1"
GKE_API = "networking.gke.io/v1"
CLASS = "gke-l7-global-external-managed"
NAME = "front"
"""Name of the Gateway in the environment's namespace."""
HTTPS = "https"
"""Its listener for services."""
TTL = 300
"""Seconds for which a resolver keeps an address."""

TO_HTTPS = {"scheme": "https", "statusCode": 301}

OBSERVED = {SKIP_AWAIT: "true"}
"""A load balancer takes minutes; what matters is that the service answers, and `caas verify` asks for that."""


def hosts(environment: Environment) -> list[str]:
    """The host names that the front serves, each once; none where it is not needed."""
    return sorted({host_of(one, environment) for one in environment.services if by_gateway(one, environment)})


@dataclass(frozen=True, kw_only=True)
class FrontArgs:
    """What a front is made of.

    :param environment: Its services' host names are served.
    :param cluster: Where the Gateway stands.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    cluster: Cluster
    transforms: Sequence[Transform] = ()


class Front(Component):
    """One address, a certificate for each host name, TLS 1.2 and later, and plain HTTP led to HTTPS."""

    address: pulumi.Output[str]
    """IPv4; the hosts' records lead here."""

    def __init__(self, name: str, args: FrontArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:Front", name, opts, args.transforms)
        self._name = name
        self._environment = args.environment
        address = GlobalAddress(f"{name}-address", name=named(args.environment), opts=self.child())
        self.address = address.address
        policy = SSLPolicy(
            f"{name}-tls", name=named(args.environment), min_tls_version="TLS_1_2", profile="MODERN", opts=self.child()
        )
        certificates = CertificateMap(f"{name}-certificates", name=named(args.environment), opts=self.child())
        entries = [self._serve(host, certificates) for host in hosts(args.environment)]
        self._gateway(args.cluster, address, policy, certificates, entries)
        self.finish({"address": self.address})

    def _serve(self, host: str, certificates: CertificateMap) -> CertificateMapEntry:
        """A certificate for one host. With a zone it is proven by a record there; without, by the host's own record
        once that leads here."""
        name = named(self._environment, host)
        managed: dict[str, Any] = {"domains": [host]}
        zone = settings(self._environment).zone
        if zone is not None:
            managed["dns_authorizations"] = [self._proof(host, name, zone)]
            self._record(f"{self._name}-{host}", f"{host}.", zone, "A", self.address)
        certificate = Certificate(f"{self._name}-{host}-certificate", name=name, managed=managed, opts=self.child())
        return CertificateMapEntry(
            f"{self._name}-{host}-entry",
            name=name,
            map=certificates.name,
            hostname=host,
            certificates=[certificate.id],
            opts=self.child(),
        )

    def _proof(self, host: str, name: str, zone: str) -> pulumi.Output[str]:
        authorization = DnsAuthorization(f"{self._name}-{host}-proof", name=name, domain=host, opts=self.child())
        record = authorization.dns_resource_records[0]
        self._record(f"{self._name}-{host}-proof", record.name, zone, "CNAME", record.data)
        proof: pulumi.Output[str] = authorization.id
        return proof

    def _record(self, name: str, host: pulumi.Input[str], zone: str, type_: str, value: pulumi.Input[str]) -> None:
        RecordSet(
            f"{name}-record",
            managed_zone=zone,
            name=host,
            type=type_,
            ttl=TTL,
            rrdatas=[value],
            opts=self.child(),
        )

    def _gateway(
        self,
        cluster: Cluster,
        address: GlobalAddress,
        policy: SSLPolicy,
        certificates: CertificateMap,
        entries: Sequence[pulumi.Resource],
    ) -> None:
        scope = Scope(field_manager(self._environment), cluster.namespace, labels(self._environment))
        inside = self.child(provider=cluster.provider, depends_on=list(entries))
        same = {"namespaces": {"from": "Same"}}
        CustomResource(
            f"{self._name}-gateway",
            api_version=GATEWAY_API,
            kind="Gateway",
            metadata=scope.metadata(NAME, annotations={**OBSERVED, "networking.gke.io/certmap": certificates.name}),
            spec={
                "gatewayClassName": CLASS,
                "listeners": [
                    {"name": HTTPS, "protocol": "HTTPS", "port": 443, "allowedRoutes": same},
                    {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": same},
                ],
                "addresses": [{"type": "NamedAddress", "value": address.name}],
            },
            opts=inside,
        )
        CustomResource(
            f"{self._name}-policy",
            api_version=GKE_API,
            kind="GCPGatewayPolicy",
            metadata=scope.metadata(NAME, annotations=OBSERVED),
            spec={
                "default": {"sslPolicy": policy.name},
                "targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": NAME},
            },
            opts=inside,
        )
        CustomResource(
            f"{self._name}-redirect",
            api_version=GATEWAY_API,
            kind="HTTPRoute",
            metadata=scope.metadata(f"{NAME}-redirect", annotations=OBSERVED),
            spec={
                "parentRefs": [{"name": NAME, "sectionName": "http"}],
                "rules": [{"filters": [{"type": "RequestRedirect", "requestRedirect": TO_HTTPS}]}],
            },
            opts=inside,
        )
