"""A service on Kubernetes: one description becomes every object that it needs.

The documents are made in the rooms beside this one (``pod.py``, ``network.py``, ``scaling.py``, …); here they
become resources with names, parents and an order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import PersistentVolumeClaim, Secret, ServiceAccount
from pulumi_kubernetes.core.v1 import Service as ClusterService
from pulumi_kubernetes.networking.v1 import Ingress, NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.base import Component, Transform
from components.kubernetes import secrets
from components.kubernetes.metadata import FORCE, SKIP_AWAIT, Scope, declared_name, field_manager, namespace_name
from components.kubernetes.namespace import closed_namespace
from components.kubernetes.network import (
    EXTERNAL_DNS,
    balancer_spec,
    host_of,
    ingress_spec,
    policy_spec,
    service_spec,
    url,
)
from components.kubernetes.pod import pod_template
from components.kubernetes.rollout import (
    bounds,
    deployment_spec,
    disruption_spec,
    running_image,
    wait_annotations,
    wait_limit,
)
from components.kubernetes.route import GATEWAY_API, route_spec, shifts
from components.kubernetes.scaling import autoscaler_spec
from components.kubernetes.volumes import claim_name, claim_spec
from components.release import candidates
from components.spec.checks_balancer import BALANCER
from components.spec.environment import Environment
from components.spec.service import Service as ServiceSpec
from components.tags import labels, selector

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

OBSERVED = {SKIP_AWAIT: "true"}
"""On objects whose readiness is another's: an address is ready when the Deployment behind it is, an Ingress when
its controller says so (many never do), a claim often only when a pod mounts it. The Deployment is waited for, and
`caas verify` looks at the whole."""

FORCED = {FORCE: "true"}
"""On objects that `caas up` writes into as well while a new version is tried: the program's word is the last."""

TRIED = "caas/tried"
"""On a route, while a new version is tried: how many instances of it there are."""


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """What a service is made of.

    :param spec: The description.
    :param environment: Where it runs; labels, host names and ingress class come from here.
    :param image: ``repository@sha256:…``.
    :param secrets: Secret values by their keys in ``caas:secrets``.
    :param namespace: A namespace that exists. Default: a closed one of its own is declared.
    :param pull_secret: Name of a Secret in the namespace that pulls the images. Default: the nodes' own right.
    :param transforms: See :class:`components.base.Component`.
    """

    spec: ServiceSpec
    environment: Environment
    image: pulumi.Input[str]
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    namespace: pulumi.Output[str] | None = None
    pull_secret: pulumi.Output[str] | None = None
    transforms: Sequence[Transform] = ()


class Service(Component):
    """A running service: account, secret, policy, deployment, address, and what scaling, disruption, ingress
    and persistent volumes ask for."""

    namespace: pulumi.Output[str]
    """The namespace that it runs in: the one handed in, or its own."""
    deployment: pulumi.Output[str]
    """Name of the Deployment, once it has rolled out."""
    minimum: int
    """Instances at the least: the scaling's lower bound, or the fixed count."""
    maximum: int
    """Instances at the most: the scaling's upper bound, or the fixed count."""

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:kubernetes:Service", name, opts, args.transforms)
        self._prefix = name
        self._image = args.image
        self._spec = args.spec
        self._environment = args.environment
        self._inside = self.child()
        self.namespace = args.namespace or self._namespace()
        self._scope = Scope(field_manager(args.environment), self.namespace, labels(args.environment, args.spec))
        self._selector = selector(args.environment, args.spec)

        account = self._account()
        policy = self._policy()
        secret = secrets.own(self._prefix, self._spec, self._environment, self._scope, args.secrets, self._inside)
        claims = self._claims()
        before = [account, policy, *claims, *([secret] if secret else [])]
        deployment = self._deployment(args, secret, before)
        self._cluster_service()
        self._autoscaler()
        self._disruption_budget()
        self._ingress()
        self._balancer()
        self._route()

        self.minimum, self.maximum = bounds(args.spec)
        self.deployment = declared_name(deployment.metadata)
        if shifts(args.spec):
            # While a new version is tried, the Deployment is left as it is: what it runs is asked of itself.
            self._image = deployment.spec.apply(running_image)
        world = url(args.spec, args.environment)
        self.finish({"image": self._image, "url": world, "deployment": self.deployment, "namespace": self.namespace})

    # Values that are known become Outputs when they are asked for: with many services nobody asks for most of them.
    @property
    def image(self) -> pulumi.Output[str]:
        """The digest reference that is declared."""
        return pulumi.Output.from_input(self._image)

    @property
    def url(self) -> pulumi.Output[str | None]:
        """Where the world calls it; None without ingress."""
        return pulumi.Output.from_input(url(self._spec, self._environment))

    @property
    def address(self) -> pulumi.Output[str]:
        """``<service>.<namespace>``: where the environment's other services call it, on port 80."""
        return pulumi.Output.concat(self._spec.name, ".", self.namespace)

    def _metadata(self, annotations: Mapping[str, str] | None = None) -> ObjectMetaArgsDict:
        return self._scope.metadata(self._spec.name, annotations=annotations)

    def _namespace(self) -> pulumi.Output[str]:
        """A namespace of its own, for a service that is used without a cluster component."""
        scope = Scope(field_manager(self._environment), None, labels(self._environment, None))
        exists = self._environment.kubernetes.namespace_exists
        return closed_namespace(self._prefix, namespace_name(self._environment), scope, self._inside, exists=exists)

    def _account(self) -> ServiceAccount:
        """An identity without a token: a service that does not call the Kubernetes API holds no key to it."""
        return ServiceAccount(
            f"{self._prefix}-account",
            metadata=self._metadata(annotations=self._spec.service_account_annotations),
            automount_service_account_token=False,
            opts=self._inside,
        )

    def _policy(self) -> NetworkPolicy:
        return NetworkPolicy(
            f"{self._prefix}-policy",
            metadata=self._metadata(),
            spec=policy_spec(self._spec, self._environment, self._selector),
            opts=self._inside,
        )

    def _claims(self) -> list[PersistentVolumeClaim]:
        return [
            PersistentVolumeClaim(
                f"{self._prefix}-{key}-claim",
                metadata=self._scope.metadata(claim_name(self._spec, key), annotations=OBSERVED),
                spec=claim_spec(volume.size, self._environment.kubernetes.storage_class),
                opts=self._inside,
            )
            for key, volume in sorted(self._spec.volumes.items())
            if volume.kind == "persistent"
        ]

    def _deployment(self, args: ServiceArgs, secret: Secret | None, before: Sequence[pulumi.Resource]) -> Deployment:
        template = pod_template(
            self._spec,
            args.image,
            labels=self._scope.labels,
            selector=self._selector,
            secret=declared_name(secret.metadata) if secret else None,
            pull_secret=args.pull_secret,
        )
        limit = f"{wait_limit(self._spec.rollout)}s"
        return Deployment(
            f"{self._prefix}-deployment",
            metadata=self._metadata(annotations=wait_annotations(self._spec.rollout)),
            spec=deployment_spec(self._spec, self._selector, template),
            opts=self.child(
                depends_on=before, custom_timeouts=pulumi.CustomTimeouts(create=limit, update=limit, delete=limit)
            ),
        )

    def _cluster_service(self) -> None:
        ClusterService(
            f"{self._prefix}-service",
            metadata=self._metadata(annotations=OBSERVED),
            spec=service_spec(self._selector),
            opts=self._inside,
        )

    def _autoscaler(self) -> None:
        if self._spec.scaling is not None:
            HorizontalPodAutoscaler(
                f"{self._prefix}-autoscaler",
                # Its minimum is held by a release that moves traffic, also by one before the strategy became another.
                metadata=self._metadata(annotations=FORCED),
                spec=autoscaler_spec(self._spec, self._spec.scaling),
                opts=self._inside,
            )

    def _disruption_budget(self) -> None:
        budget = disruption_spec(self._spec, self._selector)
        if budget is not None:
            PodDisruptionBudget(
                f"{self._prefix}-disruption-budget",
                metadata=self._metadata(),
                spec=budget,
                opts=self._inside,
            )

    def _route(self) -> None:
        """In place of an Ingress, where traffic moves between two versions."""
        if not shifts(self._spec):
            return
        host = host_of(self._spec, self._environment)
        CustomResource(
            f"{self._prefix}-route",
            api_version=GATEWAY_API,
            kind="HTTPRoute",
            metadata=self._metadata(annotations=self._of_both(candidates().get(self._spec.name))),
            spec=route_spec(self._spec, self._environment, host=host, backend=self._spec.name),
            opts=self._inside,
        )

    def _of_both(self, instances: int | None) -> dict[str, str]:
        """Annotations of what `caas up` writes into as well. Forced: its fields are the program's again at the end.

        The mark of a new version makes any later apply without one, also a person's, write the route anew: its
        weights may not lead to what that apply removes.
        """
        return {**OBSERVED, **FORCED, **({TRIED: str(instances)} if instances is not None else {})}

    def _balancer(self) -> None:
        """In place of an Ingress, where the environment has load balancers of a class."""
        spec = balancer_spec(self._spec, self._environment, self._selector)
        balancer = self._environment.kubernetes.load_balancer
        if spec is None or balancer is None:
            return
        host = host_of(self._spec, self._environment)
        ClusterService(
            f"{self._prefix}{BALANCER}",
            metadata=self._scope.metadata(
                f"{self._spec.name}{BALANCER}", annotations={EXTERNAL_DNS: host, **balancer.annotations, **OBSERVED}
            ),
            spec=spec,
            opts=self._inside,
        )

    def _ingress(self) -> None:
        spec = ingress_spec(self._spec, self._environment)
        if spec is not None:
            Ingress(
                f"{self._prefix}-ingress",
                metadata=self._metadata(annotations=OBSERVED),
                spec=spec,
                opts=self._inside,
            )
