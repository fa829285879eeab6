"""IAM: service accounts, and who has which role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.clouds.core.model import Call, Kind, Name, Reference, Unique, Values
from sandbox.clouds.gcp import tokens
from sandbox.clouds.gcp.formats import number, path, project
from sandbox.rpc.arguments import UNKNOWN, Failure

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


def _of_project(call: Call) -> dict[str, Any]:
    parts = (call.inputs["project"], call.inputs["role"], call.inputs["member"])
    return {"id": "/".join(parts), "etag": "BwYAAAAAAAA="}


def _of_account(call: Call) -> dict[str, Any]:
    parts = (call.inputs["serviceAccountId"], call.inputs["role"], call.inputs["member"])
    return {"id": "/".join(parts), "etag": "BwYAAAAAAAA="}


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
        _of_project,
        computed=("etag",),
        replaces=frozenset({"project", "role", "member", "condition"}),
        check=_check_member,
        everywhere=True,
    ),
    Kind(
        "gcp:serviceaccount/iAMMember:IAMMember",
        "IAM",
        "ServiceAccountIamMember",
        _of_account,
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
