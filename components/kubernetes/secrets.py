"""Secret values of a service, and how a changed value reaches the pods that read it.

The Secret is immutable and its name ends in a digest of what it holds. A changed value is thus a new Secret
under a new name, which the pod template refers to: the pods roll, and while they do, and after a rollout that
failed, the old pods keep the values that they were started with. Nothing restarts by hand.

What the digest protects against is told where it is made, in ``components/secrets.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

from components.naming import name as dns_name
from components.secrets import content_digest
from components.spec.service import Service

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import EnvVarArgsDict, SecretKeySelectorArgsDict


def secret_name(service: Service, salt: str, values: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """``<service>-<digest of the values>``; unknown in a preview while a value is unknown."""
    digest = pulumi.Output.all(**values).apply(lambda known: content_digest(f"{salt}/{service.name}", known))
    return pulumi.Output.unsecret(digest).apply(lambda suffix: dns_name(service.name, suffix))


def variables(service: Service, own: pulumi.Output[str] | None) -> list[EnvVarArgsDict]:
    """Container variables that read from Secrets.

    :param own: Name of the Secret with the configured values; None where there are none.
    """
    entries: list[EnvVarArgsDict] = []
    for variable, source in sorted(service.secrets.items()):
        if source.reference is not None:
            existing, _, key = source.reference.partition("/")
            reference: SecretKeySelectorArgsDict = {"name": existing, "key": key}
        else:
            reference = {"name": own, "key": variable}
        entries.append({"name": variable, "value_from": {"secret_key_ref": reference}})
    return entries
