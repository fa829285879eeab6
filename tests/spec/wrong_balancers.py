"""Wrong load balancers on platform kubernetes."""

from __future__ import annotations

from typing import Any

from tests.spec.wrong_case import REMOVE, Case, S, stack

CLASS = "kubernetes.loadBalancer.className"
BALANCER: dict[str, Any] = {
    CLASS: "service.k8s.aws/nlb",
    "kubernetes.loadBalancer.sources": ["203.0.113.0/24"],
    "kubernetes.loadBalancer.annotations": {"example.org/certificate": "wildcard"},
}


def balancer(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    path = f"kubernetes.loadBalancer.{key}"
    settings = {key: value for key, value in {**BALANCER, **changes}.items() if value is not REMOVE}
    return stack(f"balancer-{id}", path, limit, remedy, settings, engine=False, **more)


def served(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any]) -> Case:
    return Case(
        f"balancer-{id}",
        f"{S}.{key}",
        limit,
        remedy,
        service=changes,
        settings=BALANCER,
        line=key.rsplit(".", 1)[-1],
        engine=False,
    )


BALANCERS = [
    balancer("class", "className", "as the balancer's controller calls it", "service.k8s.aws/nlb", {CLASS: "a b"}),
    balancer("class-missing", "className", "required", "className", {CLASS: REMOVE}, line="loadBalancer"),
    balancer(
        "closed-to-all",
        "sources",
        "at least one range",
        "[0.0.0.0/0] for the world",
        {"kubernetes.loadBalancer.sources": []},
    ),
    balancer(
        "source-not-a-range",
        "sources[0]",
        "prefix are zero",
        "10.20.0.0/16",
        {"kubernetes.loadBalancer.sources": ["203.0.113.7/24"]},
        line="203.0.113.7",
    ),
    balancer(
        "annotation",
        'annotations["a b"]',
        "[prefix/]name",
        "example.org/cost-centre",
        {"kubernetes.loadBalancer.annotations": {"a b": "c"}},
        line="a b",
    ),
    balancer(
        "tls-that-nobody-ends",
        "annotations",
        "required where a service has TLS (hello)",
        "service.k8s.aws/nlb",
        {"kubernetes.loadBalancer.annotations": REMOVE},
        line="loadBalancer",
    ),
    served("path", "ingress.path", "/ where kubernetes.loadBalancer is set", "remove it", {"ingress.path": "/api"}),
    served("tls-secret", "ingress.tlsSecret", "there is no Ingress", "remove tlsSecret", {"ingress.tlsSecret": "own"}),
    served("class-name", "ingress.className", "there is no Ingress", "remove className", {"ingress.className": "own"}),
    Case(
        "balancer-name-taken",
        "services.web-balancer",
        "does not end with -balancer",
        "another name",
        name="web-balancer",
        settings=BALANCER,
        line="web-balancer",
        engine=False,
    ),
]
