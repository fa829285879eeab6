"""The cluster as an environment sees it: a provider and one closed namespace.

Nothing here makes machines or control planes; what runs in the namespace is declared by ``service.py``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes

from components.base import Component, Transform
from components.kubernetes.metadata import Scope, declared_name, field_manager, namespace_name
from components.kubernetes.namespace import closed_namespace
from components.kubernetes.secrets import owned
from components.registry import Login
from components.spec.environment import Environment
from components.tags import labels


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """What a cluster is made of.

    :param environment: Kubeconfig, context and namespace are read from its ``kubernetes`` part.
    :param provider: A provider that exists, for example of a cluster declared in the same program.
        Default: one is made from the kubeconfig and the context.
    :param login: Who pulls images. Default: the nodes' own right to pull.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    provider: pulumi_kubernetes.Provider | None = None
    login: Login | None = None
    transforms: Sequence[Transform] = ()


class Cluster(Component):
    """A provider and a namespace with Pod Security `restricted` and a policy that denies all traffic."""

    provider: pulumi_kubernetes.Provider
    """Hand it to a service: ``opts=ResourceOptions(providers=[cluster.provider])``."""
    namespace: pulumi.Output[str]
    """Name of the namespace, once it exists. Hand it to a service as ``ServiceArgs.namespace``."""
    pull_secret: pulumi.Output[str] | None
    """Name of the Secret that pulls images; set only where a login was given."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:kubernetes:Cluster", name, opts, args.transforms)
        scope = Scope(field_manager(args.environment), None, labels(args.environment, None))
        self.provider = args.provider or self._make_provider(name, args.environment)
        inside = self.child(provider=self.provider)
        exists = args.environment.kubernetes.namespace_exists
        self.namespace = closed_namespace(name, namespace_name(args.environment), scope, inside, exists=exists)
        self.pull_secret = self._pull_secret(name, args.login, scope, inside) if args.login else None
        self.finish({"namespace": self.namespace})

    def _make_provider(self, name: str, environment: Environment) -> pulumi_kubernetes.Provider:
        """A provider for the kubeconfig; without one the plug-in finds KUBECONFIG, then ~/.kube/config, itself.

        An object that exists under the name that we give it is adopted: it is ours, left by a run that was
        killed before it could write its state.
        """
        named = environment.kubernetes.kubeconfig is not None
        return pulumi_kubernetes.Provider(
            f"{name}-provider",
            kubeconfig=environment.kubernetes.kubeconfig,
            context=environment.kubernetes.context,
            upsert_existing_objects=True,
            opts=self.child(transformations=None if named else [_without_kubeconfig]),
        )

    def _pull_secret(self, name: str, login: Login, scope: Scope, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        document: pulumi.Output[str] = login.password.apply(lambda password: _docker_config(login, password))
        secret = owned(
            f"{name}-registry",
            Scope(scope.manager, self.namespace, scope.labels),
            "registry",
            {".dockerconfigjson": document},
            opts,
            type_="kubernetes.io/dockerconfigjson",
        )
        return declared_name(secret.metadata)


def _without_kubeconfig(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """The provider without the value of KUBECONFIG, which the SDK copies into it: a path of one machine would stand
    in the state, and be a change on every other. The plug-in reads the variable itself."""
    props = {key: value for key, value in args.props.items() if key != "kubeconfig"}
    return pulumi.ResourceTransformationResult(props, args.opts)


def _docker_config(login: Login, password: str) -> str:
    """The document that a kubelet reads its login from."""
    token = base64.b64encode(f"{login.username}:{password}".encode()).decode()
    return json.dumps({"auths": {login.address: {"auth": token}}})
