"""How a service is reached, and what it may reach. Pure documents.

The namespace denies everything (``namespace.py``); what is opened stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from components.kubernetes.metadata import monitoring_namespace
from components.spec import defaults
from components.spec.environment import Environment
from components.spec.service import Service

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ServiceSpecArgsDict
    from pulumi_kubernetes.networking.v1 import (
        IngressBackendArgsDict,
        IngressSpecArgsDict,
        IngressTLSArgsDict,
        NetworkPolicyEgressRuleArgsDict,
        NetworkPolicyPeerArgsDict,
        NetworkPolicySpecArgsDict,
    )

SERVICE_PORT = 80
"""Where other services of the environment call this one: ``http://<service>``."""

SECURE_PORT = 443
"""Where a load balancer ends TLS, if it does."""

EXTERNAL_DNS = "external-dns.alpha.kubernetes.io/hostname"
"""Annotation from which external-dns, where a cluster has it, learns a balancer's host name."""

MONITORING_NAMESPACE = "monitoring"
"""Whose pods may read the metrics, where the environment has no Prometheus of its own."""


GOOGLE_COLLECTORS = ("gmp-system", "gke-gmp-system")
"""Whose pods read metrics for Google's managed Prometheus: on Standard, and on Autopilot."""

GOOGLE_FRONT = ("130.211.0.0/22", "35.191.0.0/16")
"""Where Google's load balancers and their health checks come from ("Firewall rules", Cloud Load Balancing)."""

GOOGLE_IDENTITY = "iam.gke.io/gcp-service-account"
"""Annotation of an account that is a service account of Google Cloud as well."""

METADATA_SERVERS = (("169.254.169.254/32", 80), ("169.254.169.252/32", 988))
"""Where a pod asks GKE for its identity, with Dataplane V2 and without ("About Workload Identity Federation")."""


def ingress_class(service: Service, environment: Environment) -> str | None:
    """The ingress controller that a service or its environment names; None for the cluster's default."""
    own = None if service.ingress is None else service.ingress.class_name
    return own or environment.kubernetes.ingress_class


def google_serves(service: Service, environment: Environment) -> bool:
    """Whether the service's address is Google's load balancer: on GKE, unless a controller is named."""
    return environment.platform == "gke" and service.ingress is not None and ingress_class(service, environment) is None


def by_gateway(service: Service, environment: Environment) -> bool:
    """Whether the service's address is a Gateway with a managed certificate, and not an Ingress."""
    return google_serves(service, environment) and service.ingress is not None and service.ingress.tls


def balanced(service: Service, environment: Environment) -> bool:
    """Whether the service's address is a load balancer of its own, and not an Ingress."""
    return (
        environment.platform == "kubernetes"
        and environment.kubernetes.load_balancer is not None
        and service.ingress is not None
        and service.rollout.strategy == "rolling"
    )


def service_spec(selector: Mapping[str, str]) -> ServiceSpecArgsDict:
    """A stable address inside the cluster."""
    return {
        "type": "ClusterIP",
        "selector": selector,
        "ports": [{"name": "http", "port": SERVICE_PORT, "target_port": "http", "protocol": "TCP"}],
    }


def balancer_spec(
    service: Service, environment: Environment, selector: Mapping[str, str]
) -> ServiceSpecArgsDict | None:
    """A load balancer of the environment's class for the service alone; None where an Ingress or a Gateway serves.

    A connection stays on the node that it arrives at, so that the service's policy sees the caller's own address.
    """
    balancer = environment.kubernetes.load_balancer
    if balancer is None or service.ingress is None or not balanced(service, environment):
        return None
    name, port = ("https", SECURE_PORT) if service.ingress.tls else ("http", SERVICE_PORT)
    return {
        "type": "LoadBalancer",
        "load_balancer_class": balancer.class_name,
        "load_balancer_source_ranges": list(balancer.sources),
        "external_traffic_policy": "Local",
        "selector": selector,
        "ports": [{"name": name, "port": port, "target_port": "http", "protocol": "TCP"}],
    }


def policy_spec(service: Service, environment: Environment, selector: Mapping[str, str]) -> NetworkPolicySpecArgsDict:
    """Callers: the environment's own pods; the ingress controller and the metrics' reader only where there is
    something for them. Out: the environment's own pods, and the addresses that the service names."""
    callers: list[NetworkPolicyPeerArgsDict] = [{"pod_selector": {}}]
    if google_serves(service, environment):
        callers += [{"ip_block": {"cidr": cidr}} for cidr in GOOGLE_FRONT]
    elif environment.kubernetes.load_balancer is not None and balanced(service, environment):
        callers += [{"ip_block": {"cidr": cidr}} for cidr in environment.kubernetes.load_balancer.sources]
    elif service.ingress is not None:
        callers.append(_namespace(environment.kubernetes.ingress_namespace))
    if service.metrics_path is not None:
        callers.append(metrics_reader(environment))
        if environment.gcp is not None and environment.gcp.monitoring is not None:
            callers += [_namespace(name) for name in GOOGLE_COLLECTORS]
    egress: list[NetworkPolicyEgressRuleArgsDict] = [{"to": [{"pod_selector": {}}]}]
    for target in service.egress:
        rule: NetworkPolicyEgressRuleArgsDict = {"to": [{"ip_block": {"cidr": target.cidr}}]}
        if target.ports:
            rule["ports"] = [{"protocol": "TCP", "port": port} for port in target.ports]
        egress.append(rule)
    if environment.platform == "gke" and GOOGLE_IDENTITY in service.service_account_annotations:
        egress += [
            {"to": [{"ip_block": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": port}]}
            for cidr, port in METADATA_SERVERS
        ]
    return {
        "pod_selector": {"match_labels": selector},
        "policy_types": ["Ingress", "Egress"],
        "ingress": [{"from_": callers, "ports": [{"protocol": "TCP", "port": service.port}]}],
        "egress": egress,
    }


def metrics_reader(environment: Environment) -> NetworkPolicyPeerArgsDict:
    """Who reads a service's metrics: the environment's own Prometheus, or else the namespace of one that exists."""
    monitoring = environment.monitoring
    if monitoring is None or monitoring.prometheus == "existing":
        return _namespace(MONITORING_NAMESPACE)
    return {
        **_namespace(monitoring_namespace(environment)),
        "pod_selector": {"match_labels": {"app.kubernetes.io/name": "prometheus"}},
    }


def host_of(service: Service, environment: Environment) -> str:
    """The host name of a service's ingress."""
    host = defaults.host(service, environment.domain)
    if host is None:
        raise ValueError(f"service {service.name}: ingress needs a host, or the environment a domain")
    return host


def url(service: Service, environment: Environment) -> str | None:
    """Where the world finds the service; None where it is reachable inside the environment only."""
    if service.ingress is None:
        return None
    host = host_of(service, environment)
    scheme = "https" if service.ingress.tls else "http"
    return f"{scheme}://{host}{_port(scheme, environment.kubernetes.ingress_endpoint)}{service.ingress.path}"


def _port(scheme: str, endpoint: str | None) -> str:
    """``:port`` where the controller of this scheme listens on one of its own, so that the URL can be opened."""
    if endpoint is None:
        return ""
    known = urlsplit(endpoint)
    return f":{known.port}" if known.scheme == scheme and known.port is not None else ""


def ingress_spec(service: Service, environment: Environment) -> IngressSpecArgsDict | None:
    """A networking/v1 Ingress for the service's host and path; None where it has none, or a Gateway instead.

    Without a named certificate the controller's own is served, which is how wildcard certificates are kept.
    """
    if service.ingress is None or by_gateway(service, environment) or balanced(service, environment):
        return None
    if service.rollout.strategy != "rolling":
        return None
    host = host_of(service, environment)
    backend: IngressBackendArgsDict = {"service": {"name": service.name, "port": {"name": "http"}}}
    spec: IngressSpecArgsDict = {
        "rules": [
            {
                "host": host,
                "http": {"paths": [{"path": service.ingress.path, "path_type": "Prefix", "backend": backend}]},
            }
        ]
    }
    class_name = ingress_class(service, environment)
    if class_name is not None:
        spec["ingress_class_name"] = class_name
    if service.ingress.tls:
        tls: IngressTLSArgsDict = {"hosts": [host]}
        if service.ingress.tls_secret is not None:
            tls["secret_name"] = service.ingress.tls_secret
        spec["tls"] = [tls]
    return spec


def _namespace(name: str) -> NetworkPolicyPeerArgsDict:
    return {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": name}}}
