"""All that the simulated Azure is made of, and what its provider may be told."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.clouds.azure import gateway, groups, instances, metrics, network, watching
from sandbox.clouds.azure.formats import UUID
from sandbox.clouds.core.cloud import Definition
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Kind, Scope, Values

ROOMS = (gateway, groups, instances, metrics, network, watching)


def kinds() -> dict[str, Kind]:
    """Every resource type, by its token."""
    return {kind.token: kind for room in ROOMS for kind in room.KINDS}


def configure(inputs: Values, environment: Mapping[str, str]) -> Scope:
    """The provider's scope: subscription and location. Credentials are neither asked for nor looked at."""
    subscription = inputs.get("subscriptionId") or environment.get("ARM_SUBSCRIPTION_ID") or ""
    if not UUID.fullmatch(str(subscription)):
        raise CloudError("subscriptionId", f"invalid or missing subscription: {subscription!r}")
    return Scope(str(subscription), str(inputs.get("location") or ""))


FUNCTIONS = {
    "azure-native:operationalinsights:getSharedKeys": watching.shared_keys,
    "azure-native:logic:listWorkflowTriggerCallbackUrl": watching.callback,
}

DEFINITION = Definition(
    "azure",
    "pulumi_azure_native",
    kinds(),
    FUNCTIONS,
    configure,
    throttled=("TooManyRequests", "The number of requests exceeded the limit. Please try again after '17' seconds."),
    unavailable=("ServiceUnavailable", "The service is temporarily unavailable."),
)
