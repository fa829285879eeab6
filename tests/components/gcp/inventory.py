"""Three environments on GKE whose inventories are kept: small in dev, everything in prod.

Data only; ``tests/components/inventory.py`` writes the files.
"""

from __future__ import annotations

from components.spec import Environment
from tests.components.gcp.worlds import FULL, KEY, environment, full, service

BUILT = {"context": "examples/hello", "dedicatedBuilder": True}


def stack(name: str) -> Environment:
    """The environment of a stack: dev without TLS, staging on node pools, prod on Autopilot with a key and a zone."""
    if name == "dev":
        small = service(ingress={"tls": False}, scaling=None, replicas=1)
        return environment({"web": small}, stack="dev")
    built = {"web": service(**{**FULL, "image": None, "build": BUILT}), "shop": service(ingress={"path": "/shop"})}
    if name == "staging":
        pools = {"main": {"spot": True}, "large": {"machine": "e2-standard-8", "minimum": 0}}
        return full("staging", built, mode="standard", nodePools=pools)
    return full("prod", built, kmsKey=KEY, zone="example", binaryAuthorization=True, monitoring={})
