"""Who may do what in the cluster: accounts and their tokens, roles, namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.pods import POD_TYPES, PODS
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    Violation,
    dotted,
    items,
    judged,
    read,
)

ACCOUNT, NAMESPACE = "kubernetes:core/v1:ServiceAccount", "kubernetes:core/v1:Namespace"

_RBAC = "kubernetes:rbac.authorization.k8s.io/v1:"
ROLES = frozenset({f"{_RBAC}Role", f"{_RBAC}ClusterRole"})
BINDINGS = frozenset({f"{_RBAC}RoleBinding", f"{_RBAC}ClusterRoleBinding"})

NAMESPACED = POD_TYPES | {
    ACCOUNT,
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:Service",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "kubernetes:policy/v1:PodDisruptionBudget",
    f"{_RBAC}Role",
    f"{_RBAC}RoleBinding",
}

SHARED = frozenset({"", "default", "kube-system", "kube-public", "kube-node-lease"})

ESCALATING = frozenset({"bind", "escalate", "impersonate"})
"""Verbs by which somebody gives himself more than he has."""

SECRETS, READING = frozenset({"secrets", "*"}), frozenset({"get", "list", "watch", "*"})

RUNNING = frozenset({"deployments", "pods"})
"""What runs whatever its maker wants, with every secret of the namespace that they name."""

SHELLS, STARTING = frozenset({"pods/exec", "pods/attach", "nodes/proxy"}), frozenset({"create", "get", "*"})
"""Where a command is started in a container, and the verbs for it: a connection may begin with either."""

EVERYBODY = frozenset({"system:anonymous", "system:unauthenticated", "system:authenticated"})

ENFORCE = "pod-security.kubernetes.io/enforce"


def _token(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    if resource.type == ACCOUNT:
        at: tuple[str, ...] = ("automountServiceAccountToken",)
        message = "every pod of this account gets a token for the Kubernetes API"
    else:
        at = (*(str(step) for step in PODS[resource.type]), "automountServiceAccountToken")
        message = "the pods get a token for the Kubernetes API"
    yield from judged(resource.properties, at, lambda found: found is not False, message)


def _account(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    at = (*PODS[resource.type], "serviceAccountName")
    message = "the pods run as the namespace's default account, which whatever runs there shares"
    yield from judged(resource.properties, at, lambda found: found in (None, "", "default"), message)


def _namespace(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    message = "it lies in a namespace that belongs to nobody: default, or one of the cluster's own"
    yield from judged(resource.properties, ("metadata", "namespace"), lambda found: not _owned(found), message)


def _owned(namespace: object) -> bool:
    return isinstance(namespace, str) and namespace not in SHARED


def _pod_security(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    message = "what the namespace enforces is not restricted"
    yield from judged(
        resource.properties, ("metadata", "labels", ENFORCE), lambda found: found != "restricted", message
    )


def _wildcards(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, _ in items(resource.properties, "rules"):
        for key in ("verbs", "resources", "apiGroups", "nonResourceURLs"):
            for one, _ in items(resource.properties, *path, key):
                yield from judged(resource.properties, one, lambda found: found == "*", f"the role holds for all {key}")


def _escalation(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, _ in items(resource.properties, "rules"):
        for one, _ in items(resource.properties, *path, "verbs"):
            yield from judged(
                resource.properties,
                one,
                lambda found: isinstance(found, str) and found in ESCALATING,
                lambda found: f"the role may {found}: whoever has it can have every other",
            )


def _reads_secrets(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    """In one namespace, ``get`` alone adds nothing for whoever runs pods there: they could mount what they name."""
    runs = resource.type == f"{_RBAC}Role" and _runs_pods(resource)
    for path, rule in items(resource.properties, "rules"):
        verbs, resources = read(rule, "verbs"), read(rule, "resources")
        if _unknown(verbs) or _unknown(resources):
            yield Undecided(dotted(*path))
        elif _any_of(resources, SECRETS) and _any_of(verbs, READING) and read(rule, "resourceNames") is None:
            if runs and not _any_of(verbs, READING - {"get"}) and not _any_of(resources, frozenset({"*"})):
                continue
            yield Violation("the role reads every secret", dotted(*path, "resources"))


def _runs_pods(resource: Resource) -> bool:
    return any(
        _any_of(read(rule, "resources"), RUNNING) and _any_of(read(rule, "verbs"), frozenset({"create"}))
        for _, rule in items(resource.properties, "rules")
    )


def _unknown(found: Any) -> bool:
    return found is UNKNOWN or (isinstance(found, list | tuple) and any(one is UNKNOWN for one in found))


def _any_of(found: Any, wanted: frozenset[str]) -> bool:
    return isinstance(found, list | tuple) and any(isinstance(one, str) and one in wanted for one in found)


def _commands(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, rule in items(resource.properties, "rules"):
        verbs, resources = read(rule, "verbs"), read(rule, "resources")
        if _unknown(verbs) or _unknown(resources):
            yield Undecided(dotted(*path))
        elif _any_of(resources, SHELLS) and _any_of(verbs, STARTING):
            yield Violation("the role starts commands in containers", dotted(*path, "resources"))


def _administrators(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    message = "it makes its subjects administrators of the cluster"
    yield from judged(resource.properties, ("roleRef", "name"), lambda found: found == "cluster-admin", message)


def _subjects(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, _ in items(resource.properties, "subjects"):
        yield from judged(
            resource.properties,
            (*path, "name"),
            lambda found: isinstance(found, str) and found in EVERYBODY,
            lambda found: f"it gives the role to {found}, which is everybody",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        id="k8s-no-service-account-token",
        title="Pods hold no token for the Kubernetes API.",
        severity=Severity.MEDIUM,
        reason="Who gets into the service would talk to the cluster in its name.",
        remedy="Set automountServiceAccountToken to false, with the account and with the pod; "
        "waive it for a service that calls the API.",
        types=POD_TYPES | {ACCOUNT},
        check=_token,
        references=("CKV_K8S_38", "polaris: automountServiceAccountToken", "kubescape: C-0034"),
    ),
    Rule(
        id="k8s-own-service-account",
        title="A service runs as an account of its own.",
        severity=Severity.MEDIUM,
        reason="A right that one service is given through the default account, all others have as well.",
        remedy="Declare a ServiceAccount and name it in serviceAccountName.",
        types=POD_TYPES,
        check=_account,
        references=("CKV_K8S_41",),
    ),
    Rule(
        id="k8s-no-default-namespace",
        title="Nothing lies in a namespace that all share.",
        severity=Severity.MEDIUM,
        reason="No policy, quota or standard of one service could hold there without holding for all.",
        remedy="Declare a namespace and name it in metadata.namespace.",
        types=NAMESPACED,
        check=_namespace,
        references=("CKV_K8S_21", "kubescape: C-0061"),
    ),
    Rule(
        id="k8s-pod-security",
        title="A namespace enforces the Pod Security Standard restricted.",
        severity=Severity.HIGH,
        reason="Without it the cluster starts whatever pod somebody with access declares by hand.",
        remedy=f"Label the namespace {ENFORCE}: restricted.",
        types=frozenset({NAMESPACE}),
        check=_pod_security,
        references=("CIS Kubernetes 5.2.1",),
    ),
    Rule(
        id="k8s-no-wildcard-role",
        title="A role names what it is for.",
        severity=Severity.CRITICAL,
        reason="A wildcard holds for what comes tomorrow as well, secrets and nodes included.",
        remedy="List the verbs, resources and groups that are needed.",
        types=ROLES,
        check=_wildcards,
        references=("CKV_K8S_49", "CIS Kubernetes 5.1.3", "kubescape: C-0187"),
    ),
    Rule(
        id="k8s-no-escalating-role",
        title="No role lets its holder take more rights.",
        severity=Severity.CRITICAL,
        reason="bind, escalate and impersonate each lead to every right in the cluster.",
        remedy="Remove the verb; let whoever administers roles do it.",
        types=ROLES,
        check=_escalation,
        references=("CKV_K8S_157", "CKV_K8S_158", "CKV2_K8S_1", "CKV2_K8S_3", "CIS Kubernetes 5.1.8"),
    ),
    Rule(
        id="k8s-no-secret-reader",
        title="No role reads every secret.",
        severity=Severity.HIGH,
        reason="Secrets of every service, and the tokens of every account, would be open to one.",
        remedy="Name the secrets in resourceNames, or mount them.",
        types=ROLES,
        check=_reads_secrets,
        references=("CKV2_K8S_5", "CIS Kubernetes 5.1.2", "kubescape: C-0186"),
    ),
    Rule(
        id="k8s-no-exec-role",
        title="No role starts commands in containers.",
        severity=Severity.HIGH,
        reason="Its holder is inside every service: he reads its secrets and acts in its name.",
        remedy="Remove pods/exec, pods/attach and nodes/proxy; give them to a person, for as long as it takes.",
        types=ROLES,
        check=_commands,
        references=("CKV2_K8S_2", "kubescape: C-0002"),
    ),
    Rule(
        id="k8s-no-cluster-admin",
        title="Nothing is bound to cluster-admin.",
        severity=Severity.CRITICAL,
        reason="That role may do everything, everywhere in the cluster.",
        remedy="Bind a role that lists what is needed.",
        types=BINDINGS,
        check=_administrators,
        references=("CIS Kubernetes 5.1.1", "kubescape: C-0035", "kubescape: C-0185"),
    ),
    Rule(
        id="k8s-no-binding-for-everybody",
        title="No role is given to everybody.",
        severity=Severity.CRITICAL,
        reason="Whoever reaches the API server has it, without having to say who he is.",
        remedy="Bind the role to the account or group that needs it.",
        types=BINDINGS,
        check=_subjects,
        references=("kubescape: C-0262",),
    ),
)
