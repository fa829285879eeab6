"""Networks that are closed, and groups that are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.pod_selectors import of_pods, unknown
from policies.pods import POD_TYPES, namespace, object_name
from policies.rule import UNKNOWN, Answer, Resource, Setting, Severity, StackRule, Undecided, Violation, read

NAMESPACE, NETWORK_POLICY = "kubernetes:core/v1:Namespace", "kubernetes:networking.k8s.io/v1:NetworkPolicy"

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"

GROUP_RULES = frozenset(
    {
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    }
)

DIRECTIONS = ("Ingress", "Egress")

StackAnswers = Iterator[tuple[Resource | None, Answer]]


def _policies(resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    return tuple(one for one in resources if one.type == NETWORK_POLICY)


def _for_all_pods(policy: Resource) -> bool:
    selector = read(policy.properties, "spec", "podSelector")
    return not unknown(selector) and not any((read(selector, "matchLabels"), read(selector, "matchExpressions")))


def _policy(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    """A policy for the pods themselves: one that closes the namespace alone leaves open which ports they need."""
    own = tuple(policy for policy in _policies(resources) if not _for_all_pods(policy))
    for workload in resources:
        if workload.type not in POD_TYPES:
            continue
        found = [selected for _, selected in of_pods(workload, own, "spec", "podSelector")]
        if True in found:
            continue
        if UNKNOWN in found:
            yield workload, Undecided("metadata.namespace")
        else:
            yield workload, Violation("no network policy selects its pods")


def _default_deny(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    for space in resources:
        if space.type != NAMESPACE:
            continue
        name = object_name(space)
        verdicts = [_denies(policy, name) for policy in _policies(resources)]
        if True in verdicts:
            continue
        if UNKNOWN in verdicts:
            yield space, Undecided("metadata.name")
        else:
            yield space, Violation("no network policy closes it to all pods, in both directions", "metadata.name")


def _denies(policy: Resource, name: Any) -> Any:
    """Whether a policy closes the namespace: for all pods, both directions, nobody admitted."""
    types, admitted = read(policy.properties, "spec", "policyTypes"), read(policy.properties, "spec", "ingress")
    if not _for_all_pods(policy) or (isinstance(admitted, list | tuple) and len(admitted) > 0):
        return False
    if isinstance(types, list | tuple) and not unknown(types) and not all(one in types for one in DIRECTIONS):
        return False
    where = namespace(policy)
    if unknown(types) or admitted is UNKNOWN or where is UNKNOWN or name is UNKNOWN:
        return UNKNOWN
    return types is not None and where == name


def _unused_group(resources: tuple[Resource, ...], _setting: Setting) -> StackAnswers:
    told = any(one.depends for one in resources)
    used = {urn for one in resources if one.type not in GROUP_RULES for urns in one.depends.values() for urn in urns}
    for group in resources:
        if group.type != SECURITY_GROUP:
            continue
        if not told:
            yield group, Undecided("id")
        elif group.urn not in used:
            yield group, Violation("no instance, load balancer or endpoint of this stack is in it")


STACK_RULES: tuple[StackRule, ...] = (
    StackRule(
        id="k8s-network-policy",
        title="A network policy says who may call a workload.",
        severity=Severity.MEDIUM,
        reason="Without one every pod of the cluster reaches it, that of an attacker included.",
        remedy="Declare a NetworkPolicy that selects its pods and names callers and ports.",
        check=_policy,
        references=(
            "CKV2_K8S_6",
            "kube-score: pod-networkpolicy",
            "polaris: missingNetworkPolicy",
            "kubescape: C-0260",
        ),
    ),
    StackRule(
        id="k8s-default-deny",
        title="A namespace is closed until something in it is opened.",
        severity=Severity.MEDIUM,
        reason="What is started there without a policy of its own may call, and be called by, everything.",
        remedy="Declare a NetworkPolicy with an empty podSelector, both policyTypes and no ingress rule.",
        check=_default_deny,
        references=("CIS Kubernetes 5.3.2", "kubescape: C-0054"),
    ),
    StackRule(
        id="unused-security-group",
        title="A security group is used.",
        severity=Severity.LOW,
        reason="An idle group is a rule that somebody takes for protection, or puts an instance into by mistake.",
        remedy="Remove the group, or give it to what it was meant for.",
        check=_unused_group,
        references=("CKV2_AWS_5", "EC2.22"),
    ),
)
