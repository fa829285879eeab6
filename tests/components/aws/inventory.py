"""Three environments on AWS whose inventories are kept: small in dev, everything in prod.

Data only; ``tests/components/inventory.py`` writes the files.
"""

from __future__ import annotations

from typing import Any

from components.spec import Environment
from tests.components.aws.worlds import FULL, SIDECAR, environment, service

BUILT = {"context": "examples/hello", "dedicatedBuilder": True}

WATCH = {"collector": SIDECAR, "emails": ["team@example.com"], "webhooks": ["pager"]}

LOGGING = {
    "agent": SIDECAR,
    "elasticsearch": "https://logs.example.com:9243",
    "apiKey": "logs",
    "addresses": ["10.0.0.0/16"],
}

INTERNAL = service(
    ingress=None,
    port=9090,
    health={"readiness": {"path": "/r"}, "command": ["/api", "ok"]},
    scaling=None,
    replicas=3,
)


SHIFTING = {
    "shop": service(rollout={"strategy": "blue-green"}),
    "search": service(rollout={"strategy": "canary", "step": {"percent": 5}, "bake": 30}),
    "cart": service(
        rollout={"strategy": "linear", "hooks": [{"stage": "after-test-traffic", "pause": 60}]},
        ingress={"path": "/cart"},
    ),
}
"""One for each way to move traffic."""


def stack(name: str) -> Environment:
    """The environment of a stack: dev without TLS and NAT, staging with Spot, prod with NAT in each zone
    a managed Prometheus, and logs in Elasticsearch."""
    web = service(**{**FULL, "image": None, "build": BUILT})
    services = {"web": web, "api": INTERNAL, **SHIFTING}
    if name == "dev":
        small = service(ingress={"tls": False}, scaling=None, replicas=1)
        zones = ["eu-central-1a", "eu-central-1b"]
        return environment({"web": small}, stack="dev", aws={"certificate": None, "zones": zones})
    differing: dict[str, dict[str, Any]] = {
        "staging": {"spot": 50, "nat": "single"},
        "prod": {"nat": "zone", "monitoring": WATCH},
    }
    more: dict[str, Any] = {"logging": LOGGING} if name == "prod" else {}
    return environment(services, secrets=("apiKey", "logs", "pager"), stack=name, aws=differing[name], **more)
