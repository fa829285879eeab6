"""A new version of a service beside the one that serves, for as long as it is tried.

It shares the service's account and volumes, and has everything else for itself: pods that no selector of the service
finds, its own Secret, and a preview host. ``caas up`` asks for it, moves traffic to it, and takes it away again
(docs/adr/0019-two-versions-side-by-side.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.core.v1 import Service as ClusterService
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.base import Component, Transform
from components.kubernetes import secrets
from components.kubernetes.metadata import SKIP_AWAIT, Scope, declared_name, field_manager
from components.kubernetes.network import policy_spec, service_spec
from components.kubernetes.pod import pod_template
from components.kubernetes.rollout import deployment_spec, disruption_spec, wait_annotations, wait_limit
from components.kubernetes.route import GATEWAY_API, preview_host, route_spec
from components.kubernetes.service import OBSERVED, ServiceArgs
from components.spec.checks_kubernetes import CANDIDATE
from components.spec.service import Service as ServiceSpec
from components.tags import labels, selector


def candidate_name(service: str) -> str:
    """The name of a new version's objects."""
    return f"{service}{CANDIDATE}"


@dataclass(frozen=True, kw_only=True)
class CandidateArgs:
    """What a new version is made of.

    :param service: The service as it is to become; its namespace is required.
    :param instances: A fixed count of instances: load has not met this version yet.
    :param transforms: See :class:`components.base.Component`.
    """

    service: ServiceArgs
    instances: int
    transforms: Sequence[Transform] = ()


class Candidate(Component):
    """A second Deployment of a service, its Service and policy, and a route from the preview host."""

    image: pulumi.Output[str]
    """The digest reference that it runs."""

    def __init__(self, name: str, args: CandidateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        service = args.service
        self._prefix = candidate_name(name)
        super().__init__("caas:kubernetes:Candidate", self._prefix, opts, args.transforms)
        if service.namespace is None:
            raise ValueError(f"candidate of {name}: a namespace is required, that of the service")
        self._args = service
        self._spec: ServiceSpec = service.spec.model_copy(
            update={"name": candidate_name(service.spec.name), "replicas": args.instances, "scaling": None}
        )
        self._selector = selector(service.environment, self._spec)
        marks = {**labels(service.environment, service.spec), **self._selector}
        self._scope = Scope(field_manager(service.environment), service.namespace, marks)
        policy = NetworkPolicy(
            f"{self._prefix}-policy",
            metadata=self._scope.metadata(self._spec.name),
            spec=policy_spec(self._spec, service.environment, self._selector),
            opts=self.child(),
        )
        secret = secrets.own(self._prefix, self._spec, service.environment, self._scope, service.secrets, self.child())
        self._deployment([policy, *([secret] if secret else [])], secret)
        self._reached()
        self.image = pulumi.Output.from_input(service.image)
        self.finish({"image": service.image})

    def _deployment(self, before: list[pulumi.Resource], secret: Secret | None) -> None:
        # The template is the service's own: its container, account and volumes keep their names.
        template = pod_template(
            self._args.spec,
            self._args.image,
            labels=self._scope.labels,
            selector=self._selector,
            secret=declared_name(secret.metadata) if secret else None,
            pull_secret=self._args.pull_secret,
        )
        limit = f"{wait_limit(self._spec.rollout)}s"
        Deployment(
            f"{self._prefix}-deployment",
            metadata=self._scope.metadata(self._spec.name, annotations=wait_annotations(self._spec.rollout)),
            spec=deployment_spec(self._spec, self._selector, template),
            opts=self.child(
                depends_on=before, custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=limit)
            ),
        )
        budget = disruption_spec(self._spec, self._selector)
        if budget is not None:
            PodDisruptionBudget(
                f"{self._prefix}-disruption-budget",
                metadata=self._scope.metadata(self._spec.name),
                spec=budget,
                opts=self.child(),
            )

    def _reached(self) -> None:
        ClusterService(
            f"{self._prefix}-service",
            metadata=self._scope.metadata(self._spec.name, annotations=OBSERVED),
            spec=service_spec(self._selector),
            opts=self.child(),
        )
        host = preview_host(self._args.spec, self._args.environment)
        CustomResource(
            f"{self._prefix}-route",
            api_version=GATEWAY_API,
            kind="HTTPRoute",
            metadata=self._scope.metadata(self._spec.name, annotations={SKIP_AWAIT: "true"}),
            spec=route_spec(self._args.spec, self._args.environment, host=host, backend=self._spec.name),
            opts=self.child(),
        )
