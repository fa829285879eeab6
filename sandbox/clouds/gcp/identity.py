"""IAM: service accounts, who has which role, roles of one's own, and pools of identities from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.clouds.core.model import Call, Kind, Name, Reference, Unique, Values
from sandbox.clouds.gcp import tokens
from sandbox.clouds.gcp.formats import number, path, project
from sandbox.rpc.arguments import UNKNOWN, Failure

NUMBER = "123456789012"
"""The project's number, which names of pools have in place of its id."""

OPERATORS = 12
"""Logical operators of a condition ("Limits on conditional role bindings")."""

MEMBERS = ("user:", "group:", "serviceAccount:", "domain:", "principal:", "principalSet:", "deleted:")


def _account(call: Call) -> dict[str, Any]:
    email = f"{call.inputs['accountId']}@{project(call)}.iam.gserviceaccount.com"
    name = path(call, "serviceAccounts", email)
    return {
        "id": name,
        "name": name,
        "email": email,
        "member": f"serviceAccount:{email}",
        "project": project(call),
        "uniqueId": number(21),
    }


def _of(key: str, before: str = "") -> Callable[[Call], dict[str, Any]]:
    """A member of what an argument names: its id is that, the role and the member."""

    def make(call: Call) -> dict[str, Any]:
        parts = (f"{before}{call.inputs[key]}", call.inputs["role"], call.inputs["member"])
        return {"id": "/".join(parts), "etag": "BwYAAAAAAAA="}

    return make


def _check_condition(inputs: Values) -> Iterator[Failure]:
    """A condition has a title, and twelve logical operators at the most."""
    yield from _check_member(inputs)
    condition = inputs.get("condition")
    if condition in (None, UNKNOWN):
        return
    if not condition.get("title"):
        yield Failure("condition", "a condition needs a title")
    if len(re.findall(r"&&|\|\||!(?!=)", str(condition.get("expression", "")))) > OPERATORS:
        yield Failure("condition", f"The condition expression has more than {OPERATORS} logical operators.")


def _pool(call: Call) -> dict[str, Any]:
    name = f"projects/{NUMBER}/locations/global/workloadIdentityPools/{call.inputs['workloadIdentityPoolId']}"
    return {"id": name, "name": name, "project": project(call), "state": "ACTIVE"}


def _pool_provider(call: Call) -> dict[str, Any]:
    pool, own = call.inputs["workloadIdentityPoolId"], call.inputs["workloadIdentityPoolProviderId"]
    name = f"projects/{NUMBER}/locations/global/workloadIdentityPools/{pool}/providers/{own}"
    return {"id": name, "name": name, "project": project(call), "state": "ACTIVE"}


def _check_pool_provider(inputs: Values) -> Iterator[Failure]:
    """A provider for everybody at a public issuer is refused by the API itself since 2024."""
    if not inputs.get("attributeCondition"):
        text = "The attribute condition must reference one of the provider's claims."
        yield Failure("attributeCondition", text)
    mapping = inputs.get("attributeMapping") or {}
    if mapping != UNKNOWN and "google.subject" not in mapping:
        yield Failure("attributeMapping", "The attribute mapping must map google.subject.")


def _own_role(call: Call) -> dict[str, Any]:
    name = path(call, "roles", call.inputs["roleId"])
    return {"id": name, "name": name, "project": project(call), "deleted": False}


def _check_own_role(inputs: Values) -> Iterator[Failure]:
    given = inputs.get("permissions") or ()
    for permission in () if given == UNKNOWN else given:
        if UNKNOWN not in str(permission) and not re.fullmatch(r"[a-zA-Z0-9]+(\.[a-zA-Z0-9]+){2,}", str(permission)):
            yield Failure("permissions", f"Permission {permission} is not valid.")


def _check_member(inputs: Values) -> Iterator[Failure]:
    member, role = str(inputs.get("member", UNKNOWN)), str(inputs.get("role", UNKNOWN))
    if UNKNOWN not in member and member not in ("allUsers", "allAuthenticatedUsers"):
        kind, _, rest = member.partition(":")
        if f"{kind}:" not in MEMBERS or not rest:
            yield Failure("member", f"invalid value for member (IAM members must have one of the values in {MEMBERS})")
    if UNKNOWN not in role and not role.startswith(("roles/", "projects/", "organizations/")):
        yield Failure("role", f'"role" ("{role}") doesn\'t match a role\'s name, such as roles/viewer')


KINDS = (
    Kind(
        tokens.POOL,
        "IAM",
        "WorkloadIdentityPool",
        _pool,
        computed=("name", "project", "state"),
        replaces=frozenset({"workloadIdentityPoolId", "project"}),
        name=Name("workloadIdentityPoolId", 32, r"(?!gcp-)[a-z0-9-]{4,32}", "must match ^[a-z0-9-]{4,32}$"),
        unique=Unique(("workloadIdentityPoolId",), "alreadyExists", "Requested entity already exists"),
        everywhere=True,
    ),
    Kind(
        "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
        "IAM",
        "WorkloadIdentityPoolProvider",
        _pool_provider,
        computed=("name", "project", "state"),
        replaces=frozenset({"workloadIdentityPoolId", "workloadIdentityPoolProviderId", "project"}),
        name=Name("workloadIdentityPoolProviderId", 32, r"(?!gcp-)[a-z0-9-]{4,32}", "must match ^[a-z0-9-]{4,32}$"),
        references={
            "workloadIdentityPoolId": Reference(
                tokens.POOL, "workloadIdentityPoolId", "notFound", "Pool {value} does not exist.", everywhere=True
            )
        },
        check=_check_pool_provider,
        everywhere=True,
    ),
    Kind(
        "gcp:projects/iAMCustomRole:IAMCustomRole",
        "IAM",
        "ProjectIamCustomRole",
        _own_role,
        computed=("name", "project", "deleted"),
        replaces=frozenset({"roleId", "project"}),
        name=Name("roleId", 64, r"[a-zA-Z0-9_.]{3,64}", "must match ^[a-zA-Z0-9_.]{3,64}$"),
        defaults={"stage": "GA"},
        unique=Unique(("roleId",), "alreadyExists", "A role named {value} already exists."),
        check=_check_own_role,
        everywhere=True,
    ),
    Kind(
        tokens.ACCOUNT,
        "IAM",
        "ServiceAccount",
        _account,
        computed=("name", "email", "member", "project", "uniqueId"),
        replaces=frozenset({"accountId", "project"}),
        name=Name("accountId", 30, r"[a-z]([-a-z0-9]{4,28}[a-z0-9])", "must match ^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$"),
        unique=Unique(("accountId",), "alreadyExists", "Service account {value} already exists within project."),
        everywhere=True,
    ),
    Kind(
        "gcp:projects/iAMMember:IAMMember",
        "Resource Manager",
        "ProjectIamMember",
        _of("project"),
        computed=("etag",),
        replaces=frozenset({"project", "role", "member", "condition"}),
        check=_check_member,
        everywhere=True,
    ),
    Kind(
        "gcp:storage/bucketIAMMember:BucketIAMMember",
        "Cloud Storage",
        "StorageBucketIamMember",
        _of("bucket", "b/"),
        computed=("etag",),
        replaces=frozenset({"bucket", "role", "member", "condition"}),
        check=_check_condition,
        everywhere=True,
    ),
    Kind(
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        "Cloud KMS",
        "KmsCryptoKeyIamMember",
        _of("cryptoKeyId"),
        computed=("etag",),
        replaces=frozenset({"cryptoKeyId", "role", "member", "condition"}),
        check=_check_member,
        everywhere=True,
    ),
    Kind(
        "gcp:serviceaccount/iAMMember:IAMMember",
        "IAM",
        "ServiceAccountIamMember",
        _of("serviceAccountId"),
        computed=("etag",),
        replaces=frozenset({"serviceAccountId", "role", "member", "condition"}),
        references={
            "serviceAccountId": Reference(
                tokens.ACCOUNT,
                "id",
                "notFound",
                "Service account {value} does not exist.",
                everywhere=True,
                # Services name accounts that somebody else made.
                foreign=r"projects/.+",
            )
        },
        check=_check_member,
        everywhere=True,
    ),
)
