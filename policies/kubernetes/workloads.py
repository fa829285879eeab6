"""How workloads run: probes, resources, placement, image pulls and rollouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.images import BY_DIGEST
from policies.pods import DEPLOYMENT, LASTING, POD_TYPES, PODS, STATEFUL_SET, called, containers
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, Violation, dotted, judged, read

HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")
"""What a probe asks; the rest of it is how often."""

DISRUPTION_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"


def _probes(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource, ("containers",)):
        for probe in ("readinessProbe", "livenessProbe"):
            message = f"container {called(container)} has no {probe}"
            yield from judged(resource.properties, (*path, probe), lambda found: found is None, message)


def _identical(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource, ("containers",)):
        for handler in HANDLERS:
            ready, alive = read(container, "readinessProbe", handler), read(container, "livenessProbe", handler)
            if ready is UNKNOWN or alive is UNKNOWN:
                yield Undecided(dotted(*path, "livenessProbe", handler))
            elif isinstance(alive, Mapping) and _plain(ready) == _plain(alive):
                message = f"container {called(container)} is restarted for the same answer that takes it out of traffic"
                yield Violation(message, dotted(*path, "livenessProbe", handler))


def _plain(handler: Any) -> dict[str, Any]:
    """A probe's question without what is only the default."""
    return {key: value for key, value in handler.items() if value != "HTTP"} if isinstance(handler, Mapping) else {}


def _resources(resource: Resource, setting: Setting) -> Iterator[Answer]:
    wanted = [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")]
    if setting.options.get("cpuLimit") is True:
        wanted.append(("limits", "cpu"))
    for path, container in containers(resource, ("initContainers", "containers")):
        for kind, what in wanted:
            message = f"container {called(container)} has no {what} in its {kind}"
            at = (*path, "resources", kind, what)
            yield from judged(resource.properties, at, lambda found: found is None, message)


def _spread(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    replicas = read(resource.properties, "spec", "replicas")
    if replicas == 0 or replicas == 1:
        return
    affinity = read(resource.properties, *PODS[resource.type], "affinity", "podAntiAffinity")
    if affinity is UNKNOWN:
        yield Undecided(dotted(*PODS[resource.type], "affinity", "podAntiAffinity"))
    elif affinity is None:
        at = (*PODS[resource.type], "topologySpreadConstraints")
        message = "nothing keeps the instances apart: all may stand on one node, in one zone"
        yield from judged(resource.properties, at, lambda found: found is None or found == [], message)


def _pull_policy(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, container in containers(resource):
        policy, image = read(container, "imagePullPolicy"), read(container, "image")
        if policy is UNKNOWN or image is UNKNOWN:
            yield Undecided(dotted(*path, "imagePullPolicy"))
        elif policy == "Never":
            yield Violation(
                f"container {called(container)} runs what happens to be on the node",
                dotted(*path, "imagePullPolicy"),
            )
        elif policy == "IfNotPresent" and not (isinstance(image, str) and BY_DIGEST.search(image)):
            yield Violation(
                f"container {called(container)} keeps what a node once pulled under its tag",
                dotted(*path, "imagePullPolicy"),
            )


def _budget_blocks(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    message = "the budget lets nothing go: no node with such a pod can be drained"
    most, least = ("spec", "maxUnavailable"), ("spec", "minAvailable")
    yield from judged(resource.properties, most, lambda found: found in (0, "0", "0%"), message)
    yield from judged(resource.properties, least, lambda found: found == "100%", message)


def _recreate(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    message = "every update stops all instances before it starts the first new one"
    yield from judged(resource.properties, ("spec", "strategy", "type"), lambda found: found == "Recreate", message)


RULES: tuple[Rule, ...] = (
    Rule(
        id="k8s-probes",
        title="Containers say whether they are ready and alive.",
        severity=Severity.HIGH,
        reason="Without readiness requests reach a container that cannot answer; without liveness a hung one stays.",
        remedy="Add a readinessProbe and a livenessProbe to each container.",
        types=LASTING,
        check=_probes,
        references=("CKV_K8S_8", "CKV_K8S_9", "polaris: livenessProbeMissing", "polaris: readinessProbeMissing"),
    ),
    Rule(
        id="k8s-probes-not-identical",
        title="Readiness and liveness ask different questions.",
        severity=Severity.HIGH,
        reason="A dependency that fails would restart every instance, in place of taking them out of traffic.",
        remedy="Let liveness ask a path that looks at the process alone, or its port.",
        types=LASTING,
        check=_identical,
        references=("kube-score: pod-probes-identical",),
    ),
    Rule(
        id="k8s-resources",
        title="Containers request CPU and memory and are limited in memory.",
        severity=Severity.HIGH,
        reason="Without requests the scheduler overfills nodes; without a limit one leak ends its neighbours. "
        "A limit on CPU only makes a container wait while the processor is idle, so it is asked for where cpuLimit is.",
        remedy="Set resources.requests.cpu, requests.memory and limits.memory.",
        types=POD_TYPES,
        check=_resources,
        references=("CKV_K8S_10", "CKV_K8S_11", "CKV_K8S_12", "CKV_K8S_13", "kubescape: C-0270", "kubescape: C-0271"),
        schema={"cpuLimit": {"type": "boolean", "description": "Ask for a limit on CPU as well.", "default": False}},
    ),
    Rule(
        id="k8s-topology-spread",
        title="Instances are spread over zones and nodes.",
        severity=Severity.MEDIUM,
        reason="One node, or one zone, that goes takes the whole service with it.",
        remedy="Add topologySpreadConstraints over topology.kubernetes.io/zone and kubernetes.io/hostname.",
        types=frozenset({DEPLOYMENT, STATEFUL_SET}),
        check=_spread,
        references=(
            "kube-score: pod-topology-spread-constraints",
            "kube-score: deployment-has-host-podantiaffinity",
            "polaris: topologySpreadConstraint",
        ),
    ),
    Rule(
        id="k8s-image-pull-policy",
        title="A node does not run a stale image.",
        severity=Severity.MEDIUM,
        reason="Two nodes may run different images under one tag; Never also skips who may pull at all.",
        remedy="Name the image by digest, or set imagePullPolicy to Always.",
        types=POD_TYPES,
        check=_pull_policy,
        references=("CKV_K8S_15", "polaris: pullPolicyNotAlways", "kube-score: container-image-pull-policy"),
    ),
    Rule(
        id="k8s-disruption-budget-not-zero",
        title="A disruption budget lets a node be drained.",
        severity=Severity.HIGH,
        reason="A budget of zero stops every drain: nodes get neither updates nor security patches.",
        remedy="Set maxUnavailable to 1 or more.",
        types=frozenset({DISRUPTION_BUDGET}),
        check=_budget_blocks,
        references=("polaris: pdbDisruptionsIsZero", "kube-score: poddisruptionbudget-has-policy"),
    ),
    Rule(
        id="k8s-no-recreate",
        title="An update keeps the service running.",
        severity=Severity.HIGH,
        reason="With Recreate nobody answers from the moment the old instances stop until a new one is ready.",
        remedy="Use RollingUpdate.",
        types=frozenset({DEPLOYMENT}),
        check=_recreate,
        references=("kube-score: deployment-strategy",),
    ),
)
