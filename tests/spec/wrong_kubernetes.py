"""Wrong configurations of the platform kubernetes: strategies that move traffic, and what judges them."""

from __future__ import annotations

from typing import Any

from tests.spec.wrong_case import DEV, REMOVE, Case, S, stack

GATEWAY: dict[str, Any] = {"kubernetes.gateway": "ingress/front", "gate.prometheus": "http://prometheus:9090"}
SHIFTING: dict[str, Any] = {"rollout.strategy": "canary"}


def shifting(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct canary with a change of its service."""
    more.setdefault("line", key.rsplit(".", 1)[-1])
    return Case(id, f"{S}.{key}", limit, remedy, service={**SHIFTING, **changes}, settings=GATEWAY, **more)


def judged(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct canary with a change of the stack's settings."""
    more.setdefault("line", key.rsplit(".", 1)[-1])
    return Case(id, key, limit, remedy, service=SHIFTING, settings={**GATEWAY, **changes}, file=DEV, **more)


STRATEGIES_ON_KUBERNETES = [
    shifting(
        "canary-without-ingress",
        "rollout.strategy",
        "ingress where the strategy is canary",
        "or add ingress",
        {"ingress": REMOVE},
    ),
    shifting(
        "canary-with-a-certificate",
        "ingress.tlsSecret",
        "the gateway has the certificates",
        "set it at the gateway",
        {"ingress.tlsSecret": "web-tls"},
    ),
    shifting(
        "canary-with-an-ingress-class",
        "ingress.className",
        "the gateway has the certificates and the way in",
        "remove className",
        {"ingress.className": "nginx"},
    ),
    shifting(
        "preview-host-too-long",
        "ingress.host",
        "at most 55 characters",
        "shorten it",
        {"ingress.host": f"{'a' * 56}.example.org"},
    ),
    shifting(
        "function-on-kubernetes",
        "rollout.hooks[0].function",
        "a pause on Kubernetes",
        "caas continue",
        {"rollout.hooks": [{"stage": "after-test-traffic", "function": "arn:aws:lambda:x"}]},
    ),
    shifting(
        "pause-where-nothing-waits",
        "rollout.hooks[0].stage",
        "before the first step or after the last",
        "write after-test-traffic",
        {"rollout.hooks": [{"stage": "before-scale-up", "pause": 5}]},
    ),
    Case(
        "preview-host-of-another",
        "services.other.ingress.host",
        "the new version of hello is tried there",
        "another host",
        service=SHIFTING,
        settings=GATEWAY,
        more={"other": {"ingress.host": "preview-hello.example.org"}},
        line="preview-hello",
    ),
    Case(
        "name-of-a-new-version",
        "services.hello-candidate",
        "does not end with -candidate",
        "another name",
        name="hello-candidate",
        service=SHIFTING,
        settings=GATEWAY,
        line="hello-candidate",
    ),
    judged(
        "canary-without-a-gateway",
        "kubernetes.gateway",
        "a Gateway divides the traffic",
        "ingress/front",
        {"kubernetes": REMOVE},
        line=None,
    ),
    judged(
        "canary-without-metrics",
        "gate.prometheus",
        "no metrics is never success",
        "http://prometheus:9090",
        {"gate": REMOVE},
        line=None,
    ),
]

GATES = [
    stack(
        "gateway-without-a-namespace",
        "kubernetes.gateway",
        "namespace/name",
        "ingress/front",
        {"kubernetes.gateway": "front"},
    ),
    stack(
        "prometheus-with-a-path",
        "gate.prometheus",
        "scheme and host only",
        "http://",
        {"gate.prometheus": "http://p/x"},
    ),
    stack("gate-interval-too-short", "gate.interval", "5", "5", {"gate.interval": 1}),
    stack("gate-of-ten-requests", "gate.minimumRequests", "30", "30", {"gate.minimumRequests": 10}),
    stack(
        "gate-without-an-answer", "gate.inconclusive", "rollback, continue", "one of", {"gate.inconclusive": "maybe"}
    ),
]

OBJECTIVES = [
    Case(
        "availability-too-high",
        f"{S}.slo.availability",
        "99.999",
        "99.999",
        service={"slo.availability": 100},
        line="availability",
    ),
    Case(
        "metric-name",
        f"{S}.slo.metrics.requests",
        "a name that Prometheus knows",
        "http_requests_total",
        service={"slo.metrics.requests": "http requests"},
        line="requests",
    ),
    Case(
        "percentile-of-nothing",
        f"{S}.slo.latency.percentile",
        "50",
        "50",
        service={"slo.latency.percentile": 0},
        line="percentile",
    ),
]
