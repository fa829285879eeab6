"""Secret values of a service, and how a changed value reaches the pods that read it.

The Secret is immutable and its name ends in a digest of what it holds. A changed value is thus a new Secret
under a new name, which the pod template refers to: the pods roll, and while they do, and after a rollout that
failed, the old pods keep the values that they were started with. Nothing restarts by hand.

What the digest protects against is told where it is made, in ``components/secrets.py``.

Every Secret has an owner, an empty ConfigMap, and goes with it: to see the end of a Secret the engine would watch all
of the namespace, which a pipeline's identity may not do (docs/adr/0045-secrets-have-an-owner.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from components.kubernetes.metadata import Scope, declared_name
from components.naming import name as dns_name
from components.secrets import configured, content_digest
from components.spec.environment import Environment
from components.spec.service import Service

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import OwnerReferenceArgsDict


def owned(
    resource: str,
    scope: Scope,
    name: pulumi.Input[str],
    values: pulumi.Input[Mapping[str, pulumi.Input[str]]],
    opts: pulumi.ResourceOptions,
    *,
    type_: str | None = "Opaque",
    immutable: bool = False,
) -> Secret:
    """A Secret that ends with its owner: the cluster removes it once the owner is to go, and the owner after it.

    :param resource: The resource's name; its owner's is ``<resource>-owner``.
    :param name: The object's name; its owner's is ``<name>-owner``.
    """
    owner = ConfigMap(
        f"{resource}-owner",
        metadata=scope.metadata(pulumi.Output.concat(name, "-owner")),
        immutable=True,
        opts=opts,
    )
    reference: OwnerReferenceArgsDict = {
        "api_version": "v1",
        "kind": "ConfigMap",
        "name": declared_name(owner.metadata),
        "uid": owner.metadata.apply(lambda known: known.uid or ""),
        # The owner stays until the Secret is gone, and the engine waits for the owner.
        "block_owner_deletion": True,
    }
    metadata = scope.metadata(name)
    metadata["owner_references"] = [reference]
    return Secret(
        resource,
        metadata=metadata,
        immutable=immutable or None,
        string_data=values,
        type=type_,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(deleted_with=owner)),
    )


def own(
    prefix: str,
    service: Service,
    environment: Environment,
    scope: Scope,
    values: Mapping[str, pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> Secret | None:
    """The configured secret values of a service; None where every value comes from a Secret that exists."""
    found = configured(service, values)
    if not found:
        return None
    name = secret_name(service, f"{environment.project}/{environment.stack}", found)
    return owned(f"{prefix}-secret", scope, name, pulumi.Output.secret(found), opts, immutable=True)


def secret_name(service: Service, salt: str, values: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """``<service>-<digest of the values>``; unknown in a preview while a value is unknown."""
    digest = pulumi.Output.all(**values).apply(lambda known: content_digest(f"{salt}/{service.name}", known))
    return pulumi.Output.unsecret(digest).apply(lambda suffix: dns_name(service.name, suffix))
