"""Who the pipeline is inside a cluster: accounts without a stored token, and roles of the environment's own namespaces.

A job gets a token that is bound to it and ends with it: as the account of the pod that it runs in, from ``kubectl
create token``, or straight from the CI system where the API server trusts its issuer. Where a cloud vouches for the
pipeline already, as on GKE, its own account is the subject instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
from pulumi_kubernetes.core.v1 import ServiceAccount
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.base import Component, Transform
from components.declared_types import rights_of
from components.kubernetes.metadata import (
    Scope,
    field_manager,
    monitoring_namespace,
    namespace_name,
    review_namespaces,
)
from components.kubernetes.namespace import closed_namespace
from components.pipeline_tokens import PURPOSES, Purpose, Token, review_token, token
from components.spec.environment import Environment
from components.tags import labels

if TYPE_CHECKING:
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict, SubjectArgsDict

READ, WRITE = ("get", "list", "watch"), ("create", "delete", "patch", "update")

RESOURCES: Mapping[str, str] = {
    "kubernetes:agent.k8s.elastic.co/v1alpha1:Agent": "agents",
    "kubernetes:apps/v1:DaemonSet": "daemonsets",
    "kubernetes:apps/v1:Deployment": "deployments",
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "kubernetes:batch/v1:Job": "jobs",
    "kubernetes:core/v1:ConfigMap": "configmaps",
    "kubernetes:core/v1:Namespace": "namespaces",
    "kubernetes:core/v1:PersistentVolumeClaim": "persistentvolumeclaims",
    "kubernetes:core/v1:Secret": "secrets",
    "kubernetes:core/v1:Service": "services",
    "kubernetes:core/v1:ServiceAccount": "serviceaccounts",
    "kubernetes:elasticsearch.k8s.elastic.co/v1:Elasticsearch": "elasticsearches",
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": "gateways",
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": "httproutes",
    "kubernetes:kibana.k8s.elastic.co/v1:Kibana": "kibanas",
    "kubernetes:monitoring.coreos.com/v1:Alertmanager": "alertmanagers",
    "kubernetes:monitoring.coreos.com/v1:PodMonitor": "podmonitors",
    "kubernetes:monitoring.coreos.com/v1:Prometheus": "prometheuses",
    "kubernetes:monitoring.coreos.com/v1:PrometheusRule": "prometheusrules",
    "kubernetes:monitoring.coreos.com/v1:ServiceMonitor": "servicemonitors",
    "kubernetes:monitoring.coreos.com/v1alpha1:AlertmanagerConfig": "alertmanagerconfigs",
    "kubernetes:monitoring.googleapis.com/v1:PodMonitoring": "podmonitorings",
    "kubernetes:monitoring.googleapis.com/v1:Rules": "rules",
    "kubernetes:networking.gke.io/v1:GCPBackendPolicy": "gcpbackendpolicies",
    "kubernetes:networking.gke.io/v1:GCPGatewayPolicy": "gcpgatewaypolicies",
    "kubernetes:networking.gke.io/v1:HealthCheckPolicy": "healthcheckpolicies",
    "kubernetes:networking.k8s.io/v1:Ingress": "ingresses",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": "networkpolicies",
    "kubernetes:policy/v1:PodDisruptionBudget": "poddisruptionbudgets",
    "kubernetes:rbac.authorization.k8s.io/v1:Role": "roles",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": "rolebindings",
}
"""Type -> what the API calls its objects. Each is read for a preview, and changed besides for an apply."""

API = "rbac.authorization.k8s.io"

HELD_BY = "kubernetes:core/v1:ConfigMap"
"""By what a review holds the namespace that was made for it (see ``namespace.py``)."""

MADE_FOR_REVIEWS = ("kubernetes:core/v1:Namespace", "kubernetes:networking.k8s.io/v1:NetworkPolicy")
"""What such a namespace is made of, beside what the pipeline's identity is."""

IDENTITY = (
    "kubernetes:core/v1:ServiceAccount",
    "kubernetes:rbac.authorization.k8s.io/v1:Role",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
)
"""What the pipeline's own identity is made of: it is part of what is declared, so it is read like the rest."""

ONLY_READ = frozenset({"namespaces", "roles", "rolebindings"})
"""What says who may do what, and what holds everything else: an administrator applies it."""

SECRETS = "secrets"
"""Read one by one, by their names, and only by who applies: they put them in, and could mount any of them. A preview
shows what the state says of them."""

WATCHED: tuple[tuple[str, str], ...] = (
    ("", "endpoints"),
    ("", "events"),
    ("", "persistentvolumeclaims"),
    ("", "pods"),
    ("apps", "replicasets"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("discovery.k8s.io", "endpointslices"),
)
"""(group, resource) of what tells whether something that was applied has come up: the engine and `caas` look at it."""


def rules(types: Sequence[str], purpose: Purpose) -> Iterator[PolicyRuleArgsDict]:
    """The rules of a role in one namespace, so that objects of these types can be declared there.

    :raises NoRights: Nobody has written down what one of the types is called.
    """
    read, write = set(WATCHED), set()
    own = [type_ for type_ in (*types, *IDENTITY) if type_.startswith("kubernetes:")]
    for type_, resource in zip(own, rights_of(own, RESOURCES, "components/kubernetes/ci_identity.py"), strict=True):
        one = (_group(type_), resource)
        if one[1] != SECRETS:
            read.add(one)
        if one[1] not in ONLY_READ:
            write.add(one)
    yield from _by_group(read, READ)
    if purpose == "apply":
        # The last words of what does not come up, in which the values of its Secrets are masked.
        yield from _by_group({("", "pods/log")}, ("get",))
        yield from _by_group(write, WRITE)
        if any(resource == SECRETS for _, resource in write):
            yield from _by_group({("", SECRETS)}, ("get",))


def _group(type_: str) -> str:
    """The API group of a type: ``kubernetes:apps/v1:Deployment`` is of ``apps``, and what is of ``core`` of none."""
    group = type_.split(":")[1].partition("/")[0]
    return "" if group == "core" else group


def _by_group(of: set[tuple[str, str]], verbs: Sequence[str]) -> Iterator[PolicyRuleArgsDict]:
    for group in sorted({group for group, _ in of}):
        resources = sorted(resource for one, resource in of if one == group)
        yield {"api_groups": [group], "resources": resources, "verbs": list(verbs)}


def namespaces(environment: Environment) -> list[str]:
    """The namespaces that the environment declares: the services' own, and beside it those of who watches them."""
    found = [namespace_name(environment)]
    if environment.monitoring is not None and environment.monitoring.prometheus == "own":
        found.append(monitoring_namespace(environment))
    if environment.logging is not None:
        found.append(f"{namespace_name(environment)}-logging")
    return found


@dataclass(frozen=True, kw_only=True)
class CiIdentityArgs:
    """What the pipeline's identity is made of.

    :param environment: Its pipeline says whose tokens are taken, its namespaces where they count.
    :param types: Resource types that the pipeline has to read and to apply.
    :param users: Purpose -> user of the cluster, where a cloud vouches for the pipeline. Default: an account of the
        cluster for each purpose.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    types: Sequence[str]
    users: Mapping[Purpose, pulumi.Input[str]] = field(default_factory=dict)
    transforms: Sequence[Transform] = ()


class CiIdentity(Component):
    """An account for previews and one for applies, with a role in the environment's namespaces alone; where reviews
    are made from it, one for them, with a role in namespaces that hold nothing else."""

    variables: dict[str, dict[str, pulumi.Input[str]]]
    """Purpose -> what a job for it sets, beside its token: the account whose token it asks for."""

    def __init__(self, name: str, args: CiIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:kubernetes:CiIdentity", name, opts, args.transforms)
        self.variables = {}
        everybody: list[SubjectArgsDict] = []
        for purpose in PURPOSES:
            subjects = self._subjects(name, args, purpose)
            everybody += subjects
            for at, where in enumerate(namespaces(args.environment)):
                resource = f"{name}-{purpose}" if at == 0 else f"{name}-{at}-{purpose}"
                scope = _scope(args.environment, where)
                self._role(resource, scope, f"caas-{purpose}", list(rules(args.types, purpose)), subjects)
        if spaces := review_namespaces(args.environment):
            self._reviews(name, args, spaces, everybody)
        self.finish({"variables": self.variables})

    def _reviews(self, name: str, args: CiIdentityArgs, spaces: list[str], everybody: list[SubjectArgsDict]) -> None:
        """The namespaces of reviews, who acts in them, and who looks at what is declared there."""
        subjects = self._account(name, args.environment, "review", review_token(args.environment))
        inside, seen = list(rules([*args.types, HELD_BY], "apply")), list(rules(MADE_FOR_REVIEWS, "preview"))
        for number, where in enumerate(spaces, 1):
            prefix, scope = f"{name}-review-{number}", _scope(args.environment, where)
            made = closed_namespace(prefix, where, scope, self.child())
            within = Scope(scope.manager, made, scope.labels)
            self._role(prefix, within, "caas-review", inside, subjects)
            self._role(f"{prefix}-seen", within, "caas-review-seen", seen, everybody)

    def _subjects(self, name: str, args: CiIdentityArgs, purpose: Purpose) -> list[SubjectArgsDict]:
        """Who has the role: exactly these."""
        if purpose in args.users:
            return [{"kind": "User", "api_group": API, "name": args.users[purpose]}]
        return self._account(name, args.environment, purpose, token(args.environment, purpose))

    def _account(self, name: str, environment: Environment, purpose: str, said: Token) -> list[SubjectArgsDict]:
        """An account for a purpose, and whom the CI system's token makes a job directly."""
        home, account = namespace_name(environment), f"caas-{purpose}"
        ServiceAccount(
            f"{name}-{purpose}-account",
            metadata=_scope(environment, home).metadata(account),
            # A job asks for its token; no pod gets one for being there.
            automount_service_account_token=False,
            opts=self.child(),
        )
        self.variables[purpose] = {"CAAS_KUBERNETES_ACCOUNT": f"{home}/{account}"}
        subjects: list[SubjectArgsDict] = [{"kind": "ServiceAccount", "name": account, "namespace": home}]
        if said.exact:
            # As an API server calls whom an issuer vouches for, unless it is told another prefix.
            subjects.append({"kind": "User", "api_group": API, "name": f"{said.issuer}#{said.subject}"})
        return subjects

    def _role(
        self,
        resource: str,
        scope: Scope,
        role_name: str,
        may: list[PolicyRuleArgsDict],
        subjects: list[SubjectArgsDict],
    ) -> None:
        role = Role(resource, metadata=scope.metadata(role_name), rules=may, opts=self.child())
        RoleBinding(
            f"{resource}-binding",
            metadata=scope.metadata(role_name),
            role_ref={"api_group": API, "kind": "Role", "name": role_name},
            subjects=subjects,
            opts=self.child(depends_on=[role]),
        )


def _scope(environment: Environment, namespace: str) -> Scope:
    return Scope(field_manager(environment), pulumi.Output.from_input(namespace), labels(environment, None))
