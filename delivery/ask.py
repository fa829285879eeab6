"""Asks a service for its health as a user would: by HTTP, through its ingress."""

from __future__ import annotations

import http.client
import socket
import ssl
from urllib.parse import urlsplit

from delivery.declared import DeclaredService
from delivery.observe.model import Answer

LIMIT = 5.0
"""Seconds for one answer."""


def health(service: DeclaredService, ingress_endpoint: str | None) -> Answer | None:
    """GET the health path at the service's own host name; None for a service without an ingress.

    ``ingress_endpoint`` is where the controller listens, where DNS does not lead to it: the connection goes there,
    the Host header (and the TLS server name) stay the service's. Redirects are not followed: they prove nothing.
    """
    if service.url is None:
        return None
    declared = urlsplit(service.url)
    endpoint = urlsplit(ingress_endpoint or service.url)
    prefix = declared.path.rstrip("/")
    path = service.health_path if service.health_path.startswith(f"{prefix}/") else f"{prefix}{service.health_path}"
    url = f"{declared.scheme}://{declared.netloc}{path}"
    host = declared.hostname or ""
    try:
        return Answer(url, _get(endpoint.scheme, endpoint.hostname or "", endpoint.port, host, declared.netloc, path))
    except (OSError, http.client.HTTPException) as error:
        via = f" (through {ingress_endpoint})" if ingress_endpoint else ""
        return Answer(url, None, f"{str(error) or type(error).__name__}{via}")


def _get(scheme: str, address: str, port: int | None, host: str, host_header: str, path: str) -> int:
    tls = scheme == "https"
    connection = http.client.HTTPConnection(address, port or (443 if tls else 80), timeout=LIMIT)
    try:
        raw = socket.create_connection((connection.host, connection.port), timeout=LIMIT)
        # The certificate is that of the service, whatever address the connection goes to.
        connection.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=host) if tls else raw
        connection.request("GET", path, headers={"Host": host_header, "User-Agent": "caas-verify"})
        return connection.getresponse().status
    finally:
        connection.close()
