"""Three environments on Azure whose inventories are kept: small in dev, existing parts in staging, everything in prod.

Data only; ``tests/components/inventory.py`` writes the files.
"""

from __future__ import annotations

from components.spec import Environment
from tests.components.azure.worlds import EXISTING, FULL, LOGS, NETWORK, SIDECAR, environment, full, service

WATCH = {"collector": SIDECAR, "emails": ["team@example.com"]}
BUILT = {"context": "examples/hello", "dedicatedBuilder": True}


def stack(name: str) -> Environment:
    """The environment of a stack: dev without TLS, staging in a network and with a registry that exist, prod new."""
    if name == "dev":
        small = service(ingress={"tls": False}, scaling=None, replicas=1)
        return environment({"web": small}, azure={"vault": None, "certificate": None}, stack="dev")
    built = {"web": service(**{**FULL, "image": None, "build": BUILT}), "shop": service(ingress={"path": "/shop"})}
    if name == "staging":
        return full("staging", built, network=NETWORK, registry=EXISTING, resourceGroup="shop")
    return full("prod", built, logging=LOGS, quarantine=True, monitoring=WATCH)
