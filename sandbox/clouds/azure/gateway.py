"""Application Gateways: every part that another names exists, and who reads the certificates may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.formats import HELD, IN_GROUP, TAKEN, arm, identities, made, name, principal, refer
from sandbox.clouds.azure.groups import BUILT_IN, may
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Unique, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

READ_SECRET = next(allowed[0] for allowed in BUILT_IN.values() if "KeyVault" in allowed[0])
PARTS = (
    "backendAddressPools",
    "backendHttpSettingsCollection",
    "frontendIPConfigurations",
    "frontendPorts",
    "httpListeners",
    "probes",
    "redirectConfigurations",
    "sslCertificates",
    "urlPathMaps",
)
REQUIRED = ("gatewayIPConfigurations", "frontendIPConfigurations", "frontendPorts", "requestRoutingRules")
MOST_LISTENERS = 100


def _gateway(call: Call) -> dict[str, Any]:
    kind, own = "Microsoft.Network/applicationGateways", call.inputs["applicationGatewayName"]
    return made(call, kind, own, operationalState="Running", **identities(call))


def _named(value: Any, own: str) -> Iterator[str]:
    """Every part of the gateway itself that is named anywhere in a value."""
    if isinstance(value, dict):
        asked = value.get("id")
        if isinstance(asked, str) and asked.startswith(f"{own}/"):
            yield asked.removeprefix(f"{own}/")
        for each in value.values():
            yield from _named(each, own)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each, own)


def _check(inputs: Values) -> Iterator[Failure]:
    if UNKNOWN in (inputs.get("requestRoutingRules"), inputs.get("httpListeners")):
        return
    for key in REQUIRED:
        if not inputs.get(key):
            yield Failure(key, f"Application Gateway needs at least one of {key}")
    rules = inputs.get("requestRoutingRules") or ()
    for priority, times in Counter(one.get("priority") for one in rules).items():
        if times > 1 or priority is None:
            yield Failure("requestRoutingRules", f"the priority {priority} is given to {times} rules")
    listeners = inputs.get("httpListeners") or ()
    if len(listeners) > MOST_LISTENERS:
        yield Failure("httpListeners", f"at most {MOST_LISTENERS} listeners, got {len(listeners)}")
    for key in PARTS:
        for own, times in Counter(one.get("name") for one in inputs.get(key) or ()).items():
            if times > 1:
                yield Failure(key, f"{own} is there {times} times")
    for one in inputs.get("urlPathMaps") or ():
        if not one.get("pathRules"):
            yield Failure("urlPathMaps", f"{one.get('name')} needs at least one path rule")
        for rule in one.get("pathRules") or ():
            for path in rule.get("paths") or ():
                if not path.startswith("/") or "*" in path[:-1]:
                    yield Failure("urlPathMaps", f"{path!r} is no path: '/' first, '*' at the end only")
    for one in inputs.get("probes") or ():
        if not 1 <= float(one.get("unhealthyThreshold") or 3) <= 20:
            yield Failure("probes", f"unhealthyThreshold of {one.get('name')} is from 1 to 20")


def _admit(call: Call) -> None:
    own = arm(call, "Microsoft.Network/applicationGateways", call.inputs["applicationGatewayName"])
    there = {f"{kind}/{one['name']}" for kind in PARTS for one in call.inputs.get(kind) or ()}
    for asked in sorted(set(_named(dict(call.inputs), own)) - there):
        raise CloudError(
            "InvalidResourceReference", f"Resource {own}/{asked} referenced by resource {own} was not found."
        )
    for one in call.inputs.get("gatewayIPConfigurations") or ():
        home = call.the(tokens.SUBNET, "id", (one.get("subnet") or {}).get("id"), region="global")
        if home and home.get("delegations"):
            raise CloudError(
                "ApplicationGatewaySubnetCannotBeUsed", f"Subnet {home['id']} is delegated to another service."
            )
    who = (call.inputs.get("identity") or {}).get("userAssignedIdentities") or ()
    for one in call.inputs.get("sslCertificates") or ():
        secret = one.get("keyVaultSecretId")
        if secret and not any(_reads(call, principal(call, each), secret) for each in who):
            raise CloudError(
                "ApplicationGatewayKeyVaultSecretException",
                f"Problem occured while accessing and validating KeyVault Secrets associated with Application Gateway "
                f"'{own}': {secret}",
            )


def _reads(call: Call, who: str, secret: str) -> bool:
    """Whether somebody has a role at a secret: ``https://<vault>.vault.azure.net/secrets/<name>``."""
    vault, _, own = secret.removeprefix("https://").partition(".vault.azure.net/secrets/")
    scopes = [str(one["scope"]) for one in call.others(tokens.ASSIGNMENT, region="global")]
    places = [one for one in scopes if f"/vaults/{vault}" in one]
    return any(may(call, who, READ_SECRET, f"{one.partition('/secrets/')[0]}/secrets/{own}") for one in places)


def _rules(call: Call) -> dict[str, Any]:
    kind = "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies"
    return made(call, kind, call.inputs["policyName"], resourceState="Enabled")


KINDS = (
    Kind(
        tokens.GATEWAY,
        "Network",
        "ApplicationGateway",
        _gateway,
        computed=("name", "type", "provisioningState", "operationalState", "identity"),
        shaped=frozenset({"identity"}),
        replaces=frozenset({"applicationGatewayName", "resourceGroupName", "location", "zones"}),
        name=name("applicationGatewayName"),
        references={
            "resourceGroupName": IN_GROUP,
            "gatewayIPConfigurations.subnet.id": refer(tokens.SUBNET),
            "frontendIPConfigurations.publicIPAddress.id": refer(tokens.ADDRESS),
            "firewallPolicy.id": refer(tokens.WEB_RULES),
            "identity.userAssignedIdentities": refer(tokens.IDENTITY, "ManagedIdentityNotFound"),
        },
        ranges={"autoscaleConfiguration.minCapacity": (0, 125), "autoscaleConfiguration.maxCapacity": (2, 125)},
        unique=Unique(("resourceGroupName", "applicationGatewayName"), "Conflict", "The gateway {value} exists."),
        check=_check,
        admit=_admit,
        held=HELD,
        everywhere=True,
    ),
    Kind(
        tokens.WEB_RULES,
        "Network",
        "WebApplicationFirewallPolicy",
        _rules,
        computed=("name", "type", "provisioningState", "resourceState"),
        replaces=frozenset({"policyName", "resourceGroupName", "location"}),
        name=name("policyName", 128),
        references={"resourceGroupName": IN_GROUP},
        unique=Unique(("resourceGroupName", "policyName"), *TAKEN),
        held=HELD,
        everywhere=True,
    ),
)
