"""Every container's lines into Elasticsearch: an agent on each node, and Elasticsearch itself where none exists.

Documents of the agent are in ``logging_agent.py``, of Elastic's operator in ``elastic.py``; here they become resources.
The agent has a namespace of its own: it reads a directory of its node, which the services' namespace forbids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import DaemonSet
from pulumi_kubernetes.batch.v1 import Job
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret, ServiceAccount
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.base import Component, Transform
from components.kubernetes import elastic, logging_agent
from components.kubernetes.metadata import Scope, declared_name, field_manager, namespace_name
from components.kubernetes.secrets import owned
from components.logging.install import requests
from components.spec.environment import Environment
from components.spec.logging import Logging
from components.tags import labels

PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged"}
"""What a directory of the node needs. Nothing but the agent and what it sends to runs in this namespace."""


@dataclass(frozen=True, kw_only=True)
class LoggingStackArgs:
    """What logging is made of.

    :param spec: Where lines go, and the agent's image.
    :param environment: Whose lines: those of its namespace. Retention comes from here.
    :param secrets: Secret values by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    spec: Logging
    environment: Environment
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class LoggingStack(Component):
    """An agent on each node; Elasticsearch, Logstash and Kibana by Elastic's operator, unless an endpoint is given."""

    namespace: pulumi.Output[str]
    """Where the agent runs."""
    endpoint: str
    """URL that the agent sends to."""

    def __init__(self, name: str, args: LoggingStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:kubernetes:LoggingStack", name, opts, args.transforms)
        self._prefix = name
        self._spec = args.spec
        self._environment = args.environment
        self._inside = self.child()
        self._watched = namespace_name(args.environment)
        self._own = f"{self._watched}-logging"
        scope = Scope(field_manager(args.environment), None, labels(args.environment, None))
        namespace = Namespace(f"{name}-namespace", metadata=scope.metadata(self._own, PRIVILEGED), opts=self._inside)
        self.namespace = declared_name(namespace.metadata)
        self._scope = Scope(scope.manager, self.namespace, scope.labels)

        credential = self._credential(args.secrets)
        declared: list[pulumi.Resource] = []
        if args.spec.elasticsearch is None:
            self.endpoint = elastic.endpoint(self._own)
            declared = self._elastic(args.secrets)
        else:
            self.endpoint = args.spec.elasticsearch
        self._policy()
        self._agent(credential, declared)
        self.finish({"namespace": self.namespace, "endpoint": self.endpoint})

    def _credential(self, secrets: Mapping[str, pulumi.Output[str]]) -> Secret | None:
        """How the agent proves who it is; None where it is not asked."""
        key = self._spec.password if self._spec.elasticsearch is None else self._spec.api_key
        if key is None:
            return None
        return owned(
            f"{self._prefix}-credential",
            self._scope,
            "agent",
            {logging_agent.CREDENTIAL: secrets[key]},
            self._inside,
            type_=None,
        )

    def _elastic(self, secrets: Mapping[str, pulumi.Output[str]]) -> list[pulumi.Resource]:
        """The operator with its definitions, then what it makes of them, then what Elasticsearch must know."""
        before: list[pulumi.Resource] = []
        if self._spec.operator == "install":
            before.append(Release(f"{self._prefix}-operator", **elastic.operator(), opts=self._inside))
        after = self.child(depends_on=before)
        password = secrets[self._spec.password or ""]
        user = owned(
            f"{self._prefix}-user",
            self._scope,
            elastic.USER,
            {"username": elastic.AGENT, "password": password, "roles": elastic.AGENT},
            self._inside,
            type_="kubernetes.io/basic-auth",
        )
        known = {"roles.yml": json.dumps(elastic.roles(self._environment.stack))}
        roles = owned(f"{self._prefix}-roles", self._scope, elastic.ROLES, known, self._inside, type_=None)
        nodes = elastic.nodes(self._spec, self._environment.tier)
        made: list[pulumi.Resource] = []
        for kind, (version, spec) in elastic.custom_resources(self._spec, self._environment).items():
            made.append(
                CustomResource(
                    f"{self._prefix}-{kind.lower()}",
                    api_version=version,
                    kind=kind,
                    metadata=self._scope.metadata(elastic.NAME),
                    spec=spec,
                    opts=pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(depends_on=[user, roles, *made])),
                )
            )
        documents = requests(
            self._environment.stack,
            retention=self._environment.log_retention,
            replicas=min(1, nodes - 1),
            snapshots=self._spec.snapshots,
        )
        texts = elastic.setup_documents(documents, self._environment.stack)
        config = ConfigMap(
            f"{self._prefix}-setup", metadata=self._scope.metadata("setup"), data=texts, opts=self._inside
        )
        # A Job cannot change: another set of documents is another Job.
        job = Job(
            f"{self._prefix}-setup-job",
            metadata=self._scope.metadata(f"setup-{logging_agent.fingerprint(texts)}"),
            spec=elastic.setup_job(self._own, documents),
            opts=self.child(depends_on=[config, *made], delete_before_replace=True),
        )
        return [*made, job]

    def _policy(self) -> None:
        NetworkPolicy(
            f"{self._prefix}-agent-policy",
            metadata=self._scope.metadata("agent"),
            spec=logging_agent.policy_spec(self.endpoint),
            opts=self._inside,
        )

    def _agent(self, credential: Secret | None, after: Sequence[pulumi.Resource]) -> None:
        account = ServiceAccount(
            f"{self._prefix}-account",
            metadata=self._scope.metadata(logging_agent.NAME),
            automount_service_account_token=False,
            opts=self._inside,
        )
        watched = Scope(self._scope.manager, pulumi.Output.from_input(self._watched), self._scope.labels)
        role = Role(
            f"{self._prefix}-role",
            metadata=watched.metadata("logging-agent"),
            rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}],
            opts=self._inside,
        )
        binding = RoleBinding(
            f"{self._prefix}-role-binding",
            metadata=watched.metadata("logging-agent"),
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": declared_name(role.metadata),
            },
            subjects=[{"kind": "ServiceAccount", "name": logging_agent.NAME, "namespace": self.namespace}],
            opts=self._inside,
        )
        text = logging_agent.configuration_text(self._environment, self._watched, self._spec)
        config = ConfigMap(
            f"{self._prefix}-agent-config",
            metadata=self._scope.metadata(logging_agent.NAME),
            data={logging_agent.FILE: text},
            opts=self._inside,
        )
        before = [account, binding, config, *([credential] if credential else []), *after]
        DaemonSet(
            f"{self._prefix}-agent",
            metadata=self._scope.metadata(logging_agent.NAME),
            spec=logging_agent.daemon_set_spec(
                self._spec,
                environment=self._environment,
                watched=self._watched,
                endpoint=self.endpoint,
                credential=credential is not None,
                fingerprint=logging_agent.fingerprint({"configuration": text}),
            ),
            opts=self.child(depends_on=before),
        )
