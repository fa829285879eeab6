"""Hosts and paths as an Application Gateway has them: listeners, rules, pools, probes. Pure documents.

The parts name each other by ids that contain the gateway's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components.naming import name as short_name
from components.spec import defaults
from components.spec.service import Service

WORLD = "world"
"""Name of the public address within the gateway."""

PORTS = {"http": 80, "https": 443}
NOBODY = "nobody"
"""A pool without anybody: where a host has no service at ``/``, other paths answer 502."""

TIMEOUT = 60
"""Seconds that a service has for one answer: what load balancers give elsewhere."""

LONGEST_DRAIN = 3600


def documents(
    own: str, services: Iterable[Service], hosts: Mapping[str, str], certificates: Mapping[str, str]
) -> dict[str, Any]:
    """The gateway's parts that follow from its services.

    :param own: Id of the gateway.
    :param services: Those with ingress.
    :param hosts: Service -> internal name.
    :param certificates: Host -> certificate, for hosts with TLS.
    """
    ordered = sorted(services, key=lambda one: one.name)
    by_host: dict[str, list[Service]] = {}
    for spec in ordered:
        if spec.ingress is not None:
            by_host.setdefault(spec.ingress.host or "", []).append(spec)
    parts = _Parts(own)
    for spec in ordered:
        parts.service(spec, hosts[spec.name])
    for host, behind in sorted(by_host.items()):
        parts.host(host, behind, certificates.get(host))
    return parts.found


class _Parts:
    """Collects the parts."""

    def __init__(self, own: str) -> None:
        self._own = own
        self.found: dict[str, list[dict[str, Any]]] = {
            "frontend_ports": [{"name": name, "port": port} for name, port in PORTS.items()],
            "backend_address_pools": [{"name": NOBODY}],
            "backend_http_settings_collection": [],
            "probes": [],
            "http_listeners": [],
            "url_path_maps": [],
            "redirect_configurations": [],
            "request_routing_rules": [],
        }

    def _part(self, kind: str, name: str) -> dict[str, str]:
        return {"id": f"{self._own}/{kind}/{name}"}

    def service(self, spec: Service, host: str) -> None:
        """Pool, settings and probe of one service."""
        probe = defaults.probe(spec, "readiness")
        self.found["backend_address_pools"].append({"name": spec.name, "backend_addresses": [{"fqdn": host}]})
        self.found["backend_http_settings_collection"].append(
            {
                "name": spec.name,
                "protocol": "Http",
                "port": 80,
                "cookie_based_affinity": "Disabled",
                "request_timeout": TIMEOUT,
                "connection_draining": {
                    "enabled": True,
                    "drain_timeout_in_sec": min(max(1, spec.rollout.drain), LONGEST_DRAIN),
                },
                "probe": self._part("probes", spec.name),
            }
        )
        self.found["probes"].append(
            {
                "name": spec.name,
                "protocol": "Http",
                "host": host,
                "path": probe.path,
                "interval": probe.interval,
                "timeout": probe.timeout,
                "unhealthy_threshold": min(20, probe.failures),
            }
        )

    def host(self, host: str, behind: list[Service], certificate: str | None) -> None:
        """Listeners and rules of one host."""
        name = short_name(host)
        root = next((spec.name for spec in behind if spec.ingress is not None and spec.ingress.path == "/"), None)
        usual = root or behind[0].name
        self.found["url_path_maps"].append(
            {
                "name": name,
                "default_backend_address_pool": self._part("backendAddressPools", root or NOBODY),
                "default_backend_http_settings": self._part("backendHttpSettingsCollection", usual),
                # A map wants one rule at the least.
                "path_rules": [self._path(spec) for spec in behind if spec.name != root] or [self._everything(usual)],
            }
        )
        self._listener(name, host, "https" if certificate else "http", certificate)
        self._rule(name, {"rule_type": "PathBasedRouting", "url_path_map": self._part("urlPathMaps", name)})
        if certificate:
            self._listener(f"{name}-plain", host, "http", None)
            self.found["redirect_configurations"].append(
                {
                    "name": name,
                    "redirect_type": "Permanent",
                    "target_listener": self._part("httpListeners", name),
                    "include_path": True,
                    "include_query_string": True,
                }
            )
            leads = {"rule_type": "Basic", "redirect_configuration": self._part("redirectConfigurations", name)}
            self._rule(f"{name}-plain", leads)

    def _everything(self, service: str) -> dict[str, Any]:
        return self._leads(service, ["/*"])

    def _path(self, spec: Service) -> dict[str, Any]:
        path = (spec.ingress.path if spec.ingress is not None else "/").rstrip("/")
        return self._leads(spec.name, [path, f"{path}/*"])

    def _leads(self, service: str, patterns: list[str]) -> dict[str, Any]:
        return {
            "name": service,
            "paths": patterns,
            "backend_address_pool": self._part("backendAddressPools", service),
            "backend_http_settings": self._part("backendHttpSettingsCollection", service),
        }

    def _listener(self, name: str, host: str, scheme: str, certificate: str | None) -> None:
        listener: dict[str, Any] = {
            "name": name,
            "protocol": scheme.capitalize(),
            "host_name": host,
            "frontend_ip_configuration": self._part("frontendIPConfigurations", WORLD),
            "frontend_port": self._part("frontendPorts", scheme),
        }
        if certificate:
            listener |= {
                "ssl_certificate": self._part("sslCertificates", certificate),
                "require_server_name_indication": True,
            }
        self.found["http_listeners"].append(listener)

    def _rule(self, name: str, leads: dict[str, Any]) -> None:
        rules = self.found["request_routing_rules"]
        listener = self._part("httpListeners", name)
        rules.append({"name": name, "priority": len(rules) + 1, "http_listener": listener, **leads})
