"""Rules of the platform kubernetes: what a strategy needs that moves traffic from one version to another.

Pure generators of findings. What the platform cannot do at all stands in the capability table.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.spec import checks_balancer, defaults
from components.spec.environment import Registry, Settings, Tier
from components.spec.errors import NAMESPACE, Finding, Shown
from components.spec.merge import Placed

CANDIDATE = "-candidate"
"""End of the names of a new version's objects beside those of the version that serves."""

PREVIEW = "preview-"
"""Before the first label of a service's host: where its new version answers before anybody else's request does."""

PAUSES = ("after-test-traffic", "after-production-traffic")
"""Stages at which a release can wait for a person."""

LONGEST_LABEL = 63


def environment(
    placed: list[Placed], settings: Settings, stack: str, level: Tier | None, registry: Registry | None
) -> Iterator[Finding]:
    """Every rule of this module."""
    del level, registry
    yield from checks_balancer.environment(placed, settings)
    if settings.kubernetes.namespace_exists and settings.kubernetes.namespace is None:
        limit = "beside kubernetes.namespace: one that exists has a name"
        yield Finding(("kubernetes", "namespaceExists"), True, limit, "add namespace, or remove namespaceExists")
    shifting = [one for one in placed if one.service.rollout.strategy != "rolling"]
    for one in shifting:
        yield from _route(one)
        yield from _hooks(one)
        yield from _preview(one, placed, settings)
    if not shifting:
        return
    names = ", ".join(one.service.name for one in shifting)
    if settings.kubernetes.gateway is None:
        limit = f"required where a service's strategy is not rolling ({names}): a Gateway divides the traffic"
        remedy = f"pulumi config set --path '{NAMESPACE}:kubernetes.gateway' ingress/front --stack {stack}"
        yield Finding(("kubernetes", "gateway"), Shown.ABSENT, limit, remedy, stack=True)
    if settings.gate.prometheus is None:
        limit = f"required where a service's strategy is not rolling ({names}): no metrics is never success"
        remedy = f"pulumi config set --path '{NAMESPACE}:gate.prometheus' http://prometheus:9090 --stack {stack}"
        yield Finding(("gate", "prometheus"), Shown.ABSENT, limit, remedy, stack=True)


def _route(placed: Placed) -> Iterator[Finding]:
    spec, strategy = placed.service, placed.service.rollout.strategy
    if spec.name.endswith(CANDIDATE):
        limit = f"a name that does not end with {CANDIDATE} where the strategy is {strategy}: its new version's does"
        yield Finding(placed.path(), Shown.ABSENT, limit, "give it another name")
    if spec.ingress is None:
        limit = f"ingress where the strategy is {strategy}: the gateway moves the traffic"
        yield Finding(
            placed.path("rollout", "strategy"), strategy, limit, "use rollout.strategy rolling, or add ingress"
        )
        return
    for key, value in (("tlsSecret", spec.ingress.tls_secret), ("className", spec.ingress.class_name)):
        if value is not None:
            limit = f"no {key} where the strategy is {strategy}: the gateway has the certificates and the way in"
            yield Finding(placed.path("ingress", key), value, limit, f"remove {key}, and set it at the gateway")


def _hooks(placed: Placed) -> Iterator[Finding]:
    """``caas up`` can wait for a person before the first step and after the last one; there are no functions."""
    for index, hook in enumerate(placed.service.rollout.hooks):
        if hook.function is not None:
            remedy = "write `pause: MINUTES`, and run `caas continue` or `caas abort` from what decides"
            path = placed.path("rollout", "hooks", index, "function")
            yield Finding(path, hook.function, "a pause on Kubernetes: there are no functions to ask", remedy)
        elif hook.stage not in PAUSES:
            limit = f"one of {', '.join(PAUSES)} on Kubernetes: `caas up` waits before the first step or after the last"
            path = placed.path("rollout", "hooks", index, "stage")
            yield Finding(path, hook.stage, limit, f"write {PAUSES[0]}")


def _preview(placed: Placed, all_: list[Placed], settings: Settings) -> Iterator[Finding]:
    """The host under which the new version is tried must be a host name, and nobody else's."""
    host = defaults.host(placed.service, settings.domain)
    if host is None:
        return
    most = LONGEST_LABEL - len(PREVIEW)
    if len(host.partition(".")[0]) > most:
        limit = f"a first label of at most {most} characters where the strategy is not rolling: {PREVIEW}<host> is used"
        yield Finding(placed.path("ingress", "host"), host, limit, "shorten it")
    for other in all_:
        if defaults.host(other.service, settings.domain) == PREVIEW + host:
            limit = f"another host than {PREVIEW}{host}: the new version of {placed.service.name} is tried there"
            yield Finding(other.path("ingress", "host"), PREVIEW + host, limit, "give it another host")
