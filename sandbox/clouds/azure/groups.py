"""Resource groups, registries, identities and roles."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.formats import HELD, IN_GROUP, TAKEN, TENANT, UUID, arm, made, name, now
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Reference, Unique, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

BUILT_IN = {
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": ("Microsoft.ContainerRegistry/registries/pull/read",),
    "4633458b-17de-408a-b874-0445c86b69e6": ("Microsoft.KeyVault/vaults/secrets/readMetadata/action",),
}
"""Roles that Azure brings, and what they allow: AcrPull, Key Vault Secrets User."""

PULL = BUILT_IN["7f951dda-4ed3-4680-a7ca-43fe172d538d"][0]


def actions(call: Call, role: str) -> tuple[str, ...] | None:
    """What a role allows; None where there is no such role."""
    known = BUILT_IN.get(role.rpartition("/")[2])
    if known is not None:
        return known
    custom = call.the(tokens.ROLE, "id", role, region="global")
    if custom is None:
        return None
    return tuple(action for one in custom.get("permissions") or () for action in one.get("actions") or ())


def may(call: Call, principal: str, action: str, scope: str) -> bool:
    """Whether somebody may do something at a place: a role there or above."""
    for given in call.others(tokens.ASSIGNMENT, region="global"):
        here = scope == given["scope"] or scope.startswith(f"{given['scope']}/")
        if given["principalId"] == principal and here and action in (actions(call, given["roleDefinitionId"]) or ()):
            return True
    return False


def _group(call: Call) -> dict[str, Any]:
    own = call.inputs["resourceGroupName"]
    id_ = f"/subscriptions/{call.scope.account}/resourceGroups/{own}"
    return {"id": id_, "name": own, "type": "Microsoft.Resources/resourceGroups"}


def _registry(call: Call) -> dict[str, Any]:
    own = call.inputs["registryName"]
    server = f"{own.lower()}.azurecr.io"
    return made(call, "Microsoft.ContainerRegistry/registries", own, loginServer=server, creationDate=now())


def _check_registry(inputs: Values) -> Iterator[Failure]:
    sku, policies = inputs.get("sku") or {}, inputs.get("policies") or {}
    if UNKNOWN in (sku, policies) or sku.get("name") in ("Premium", UNKNOWN):
        return
    sku = sku.get("name")
    for key in ("retentionPolicy", "quarantinePolicy"):
        if (policies.get(key) or {}).get("status") == "enabled":
            yield Failure(f"policies.{key}", f"The {key} is available for the Premium SKU only, this is {sku}")
    if inputs.get("zoneRedundancy") == "Enabled":
        yield Failure("zoneRedundancy", f"Zone redundancy is available for the Premium SKU only, this is {sku}")


def _identity(call: Call) -> dict[str, Any]:
    own = call.inputs["resourceName"]
    known = call.old or {}
    return {
        "id": arm(call, "Microsoft.ManagedIdentity/userAssignedIdentities", own),
        "name": own,
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "principalId": known.get("principalId") or str(uuid.uuid4()),
        "clientId": known.get("clientId") or str(uuid.uuid4()),
        "tenantId": TENANT,
    }


def _role(call: Call) -> dict[str, Any]:
    own = call.inputs["roleDefinitionId"]
    scope = f"/subscriptions/{call.scope.account}"
    id_ = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{own}"
    return {"id": id_, "name": own, "type": "Microsoft.Authorization/roleDefinitions", "createdOn": now()}


def _check_role(inputs: Values) -> Iterator[Failure]:
    own = inputs.get("roleDefinitionId")
    if isinstance(own, str) and own != UNKNOWN and not UUID.fullmatch(own):
        yield Failure("roleDefinitionId", f"{own!r} is not a GUID")
    for index, one in enumerate(inputs.get("permissions") or () if inputs.get("permissions") != UNKNOWN else ()):
        for key in ("actions", "dataActions"):
            for action in one.get(key) or ():
                if action.count("/") < 2 and action != "*":
                    said = f"{action!r} does not match any of the actions supported"
                    yield Failure(f"permissions[{index}].{key}", said)


def _trust(call: Call) -> dict[str, Any]:
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
    own = call.inputs["federatedIdentityCredentialResourceName"]
    return {"id": arm(call, kind, call.inputs["resourceName"], own), "name": own, "type": kind}


def _check_trust(inputs: Values) -> Iterator[Failure]:
    audiences = inputs.get("audiences") or ()
    if audiences != UNKNOWN and len(audiences) != 1:
        yield Failure("audiences", "The property 'audiences' must have exactly one value.")
    if "*" in str(inputs.get("subject")):
        yield Failure("subject", "The property 'subject' must not contain a wildcard character.")


def _admit_trust(call: Call) -> None:
    given = call.inputs
    others = [
        one
        for one in call.others(tokens.TRUST, region="global")
        if (one["resourceGroupName"], one["resourceName"]) == (given["resourceGroupName"], given["resourceName"])
    ]
    if any((one["issuer"], one["subject"]) == (given["issuer"], given["subject"]) for one in others):
        raise CloudError("Conflict", "Issuer and subject combination already exists for this Managed Identity.", 409)
    if len(others) >= TRUSTS:
        raise CloudError("BadRequest", f"Too many Federated Identity Credentials: the limit is {TRUSTS}.")


def _assignment(call: Call) -> dict[str, Any]:
    own = call.inputs["roleAssignmentName"]
    id_ = f"{call.inputs['scope']}/providers/Microsoft.Authorization/roleAssignments/{own}"
    return {"id": id_, "name": own, "type": "Microsoft.Authorization/roleAssignments", "createdOn": now()}


def _check_assignment(inputs: Values) -> Iterator[Failure]:
    own = inputs.get("roleAssignmentName")
    if isinstance(own, str) and own != UNKNOWN and not UUID.fullmatch(own):
        yield Failure("roleAssignmentName", f"{own!r} is not a GUID")
    condition, version = inputs.get("condition"), inputs.get("conditionVersion")
    if condition and version not in ("2.0", UNKNOWN):
        yield Failure("conditionVersion", f"a condition has the version 2.0, this is {version}")
    if isinstance(condition, str) and condition.count("(") != condition.count(")"):
        yield Failure("condition", "The given role assignment condition is invalid.")


def _admit_assignment(call: Call) -> None:
    given = call.inputs
    if actions(call, given["roleDefinitionId"]) is None:
        raise CloudError(
            "RoleDefinitionDoesNotExist", f"The specified role definition '{given['roleDefinitionId']}' does not exist."
        )
    known = {one["principalId"] for one in call.others(tokens.IDENTITY, region="global")}
    known |= {
        one["identity"]["principalId"]
        for one in call.others(tokens.WORKFLOW, region="global")
        if (one.get("identity") or {}).get("principalId")
    }
    if given["principalId"] not in known:
        raise CloudError(
            "PrincipalNotFound", f"Principal {given['principalId']} does not exist in the directory {TENANT}."
        )
    for other in call.others(tokens.ASSIGNMENT, region="global"):
        if all(other[key] == given[key] for key in ("principalId", "roleDefinitionId", "scope")):
            raise CloudError("RoleAssignmentExists", "The role assignment already exists.", 409)


TRUSTS = 20
"""Tokens that one identity can believe."""

KINDS = (
    Kind(
        tokens.TRUST,
        "Managed Identity",
        "FederatedIdentityCredential",
        _trust,
        computed=("name", "type"),
        replaces=frozenset({"federatedIdentityCredentialResourceName", "resourceName", "resourceGroupName"}),
        name=name("federatedIdentityCredentialResourceName", 120, r"[A-Za-z0-9][\w-]{2,119}"),
        references={"resourceGroupName": IN_GROUP},
        check=_check_trust,
        admit=_admit_trust,
        everywhere=True,
    ),
    Kind(
        tokens.GROUP,
        "Resource Manager",
        "ResourceGroup",
        _group,
        computed=("name", "type"),
        replaces=frozenset({"resourceGroupName", "location"}),
        name=name("resourceGroupName", 90, r"[\w().-]*[\w()-]"),
        unique=Unique(("resourceGroupName",), *TAKEN),
        held=("ResourceGroupNotEmpty", "Resource group {id} still contains resources."),
        everywhere=True,
    ),
    Kind(
        tokens.REGISTRY,
        "Container Registry",
        "Registry",
        _registry,
        computed=("name", "type", "provisioningState", "loginServer", "creationDate"),
        replaces=frozenset({"registryName", "resourceGroupName", "location", "zoneRedundancy", "encryption"}),
        name=name("registryName", 50, r"[A-Za-z0-9]{5,50}"),
        references={"resourceGroupName": IN_GROUP},
        unique=Unique(("registryName",), "AlreadyInUse", "The registry DNS name {value}.azurecr.io is already in use."),
        ranges={"policies.retentionPolicy.days": (0, 365)},
        check=_check_registry,
        held=HELD,
        everywhere=True,
    ),
    Kind(
        tokens.IDENTITY,
        "Managed Identity",
        "UserAssignedIdentity",
        _identity,
        computed=("name", "type", "principalId", "clientId", "tenantId"),
        replaces=frozenset({"resourceName", "resourceGroupName", "location"}),
        name=name("resourceName", 128, r"[A-Za-z0-9][\w-]{2,127}"),
        references={"resourceGroupName": IN_GROUP},
        unique=Unique(("resourceGroupName", "resourceName"), *TAKEN),
        held=HELD,
        everywhere=True,
    ),
    Kind(
        tokens.ROLE,
        "Authorization",
        "RoleDefinition",
        _role,
        computed=("name", "type", "createdOn"),
        replaces=frozenset({"roleDefinitionId", "scope"}),
        unique=Unique(("roleName",), "RoleDefinitionWithSameNameExists", "A custom role named {value} exists already."),
        check=_check_role,
        held=("RoleDefinitionHasAssignments", "There are existing role assignments referencing role {id}."),
        everywhere=True,
    ),
    Kind(
        tokens.ASSIGNMENT,
        "Authorization",
        "RoleAssignment",
        _assignment,
        computed=("name", "type", "createdOn"),
        replaces=frozenset(
            {"roleAssignmentName", "scope", "principalId", "principalType", "roleDefinitionId", "condition"}
        ),
        references={
            "roleDefinitionId": Reference(
                tokens.ROLE, "id", "RoleDefinitionDoesNotExist", "{value} does not exist", everywhere=True, foreign=".*"
            )
        },
        check=_check_assignment,
        admit=_admit_assignment,
        everywhere=True,
    ),
)
