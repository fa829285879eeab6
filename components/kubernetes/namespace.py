"""A namespace that is closed until something in it is opened."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.kubernetes.metadata import HELD, Scope, declared_name

POD_SECURITY = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "latest"))
}
"""Pod Security Standard `restricted`: refused by the API server, not only advised."""


def closed_namespace(
    prefix: str, name: str, scope: Scope, opts: pulumi.ResourceOptions, *, exists: bool = False
) -> pulumi.Output[str]:
    """Declare a namespace where nothing may be reached, and nothing may call out except to resolve names.

    :param prefix: The component's name, from which the names of the children derive.
    :param name: The namespace's own name.
    :param scope: Labels and field manager; its namespace is not used.
    :param opts: Options of the children.
    :param exists: Somebody else has made it: it is held for this stack alone, and not changed.
    :return: The namespace's name, once it exists.
    """
    if exists:
        # Its owner may have one by the other name.
        created, policy = _held(prefix, name, scope, opts), f"{HELD}-default-deny"
    else:
        cluster_wide = Scope(scope.manager, None, scope.labels)
        namespace = Namespace(f"{prefix}-namespace", metadata=cluster_wide.metadata(name, POD_SECURITY), opts=opts)
        created, policy = declared_name(namespace.metadata), "default-deny"
    NetworkPolicy(
        f"{prefix}-default-deny",
        metadata=Scope(scope.manager, created, scope.labels).metadata(policy),
        spec={
            "pod_selector": {},
            "policy_types": ["Ingress", "Egress"],
            "egress": [
                {
                    "to": [{"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
                }
            ],
        },
        opts=opts,
    )
    return created


def _held(prefix: str, name: str, scope: Scope, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """A namespace that exists, for the one stack that was here first: its mark cannot be changed, only removed with
    the stack, so that a second one's apply ends before anything else of it is there."""
    mark = ConfigMap(
        f"{prefix}-held",
        metadata=Scope(scope.manager, pulumi.Output.from_input(name), scope.labels).metadata(HELD),
        data={"manager": scope.manager},
        immutable=True,
        opts=opts,
    )
    return mark.metadata.apply(lambda known: known.namespace or name)
