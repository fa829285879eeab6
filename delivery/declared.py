"""What a stack says that it runs: its outputs, read strictly. The truth to compare with is in ``observe/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe.model import Target
from delivery.observe.platforms import refuse_unseen


@dataclass(frozen=True)
class DeclaredService:
    """One service as the last apply declared it."""

    name: str
    image: str
    """``repository@sha256:…``."""
    url: str | None
    namespace: str
    """Of the Deployment; on ECS the cluster, on Azure the resource group."""
    deployment: str
    """On ECS the service, on Azure the NGroup."""
    port: int
    minimum: int
    maximum: int
    health_path: str
    revision: str | None = None
    """What it was declared to run, where the platform names that: a task definition's ARN on ECS, a profile's id on
    Azure."""

    @property
    def digest(self) -> str:
        """``sha256:…``."""
        return self.image.rpartition("@")[2]


@dataclass(frozen=True)
class Declared:
    """Everything that the stack's last apply declared."""

    stack: str
    tier: str
    platform: str
    services: tuple[DeclaredService, ...]
    kubeconfig: str | None
    """Path of a file; on GKE the document itself, without a credential."""
    context: str | None
    ingress_endpoint: str | None
    region: str | None = None
    """On ECS."""
    account: str | None = None
    """On ECS."""
    subscription: str | None = None
    """On Azure."""


def parse(outputs: Mapping[str, Any], stack: str) -> Declared:
    """Read the outputs of a stack. One that was never applied, or only halfway, proves nothing: an error."""
    if not outputs:
        raise DeliveryError(
            f"Stack {stack!r} has no outputs: nothing was ever applied to it, or its last apply did not finish.",
            Exit.NOT_PROVEN,
            remedy=f"Run `caas up --stack {stack}`.",
        )
    if isinstance(platform := outputs.get("platform"), str):
        refuse_unseen(platform)
    try:
        cluster = outputs.get("kubernetes") or {}
        services = tuple(_service(name, fields) for name, fields in sorted(outputs["services"].items()))
        return Declared(
            stack=stack,
            tier=outputs["environment"],
            platform=outputs["platform"],
            services=services,
            kubeconfig=(outputs.get("gke") or {}).get("kubeconfig") or cluster.get("kubeconfig"),
            context=cluster.get("context"),
            ingress_endpoint=cluster.get("ingressEndpoint"),
            region=(outputs.get("aws") or {}).get("region"),
            account=(outputs.get("aws") or {}).get("account"),
            subscription=(outputs.get("azure") or {}).get("subscription"),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DeliveryError(
            f"The outputs of stack {stack!r} are not those of this program ({type(error).__name__}: {error}).",
            Exit.NOT_PROVEN,
            remedy=f"Apply the present program first: `caas up --stack {stack}`.",
        ) from error


def _service(name: str, fields: Mapping[str, Any]) -> DeclaredService:
    where = place(fields)
    # Numbers come back from the engine as floats.
    return DeclaredService(
        name=name,
        image=str(fields["image"]),
        url=fields["url"],
        namespace=where.namespace,
        deployment=where.name,
        port=int(fields["port"]),
        minimum=int(fields["minimum"]),
        maximum=int(fields["maximum"]),
        health_path=str(fields["healthPath"]),
        revision=fields.get("taskDefinition") or fields.get("profile"),
    )


def place(fields: Mapping[str, Any]) -> Target:
    """Where a service of a stack's outputs runs. KeyError where they do not say."""
    names = _either(fields, "namespace", "cluster", "resourceGroup"), _either(fields, "deployment", "service", "nGroup")
    return Target(*map(str, names))


def _either(fields: Mapping[str, Any], *names: str) -> Any:
    """The one of these that the platform calls it."""
    for name in names:
        if name in fields:
            return fields[name]
    raise KeyError(names[0])
