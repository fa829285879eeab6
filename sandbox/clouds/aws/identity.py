"""IAM: roles and policies. KMS: keys and aliases."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn, unique_id
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

WORDS = r"[\w+=,.@-]+"
TEXT = "is no valid name: letters, digits and +=,.@-_ only"
OF_ROLE = Reference(tokens.ROLE, "name", "NoSuchEntity", "The role with name {value} cannot be found.", everywhere=True)
OF_KEY = Reference(
    tokens.KEY, "keyId", "NotFoundException", "Key '{value}' does not exist", holds=False, foreign="arn:.*"
)
MANAGED = r"arn:aws:iam::aws:policy/.*"
"""Policies that AWS itself manages."""

ROLE_LIMIT, INLINE_LIMIT, MANAGED_LIMIT = 2048, 10240, 6144
"""Characters in a trust policy, in a role's own policies, in a managed policy; spaces are not counted."""


def _length(text: str) -> int:
    return len("".join(text.split()))


def _document(key: str, limit: int) -> Any:
    def check(inputs: Values) -> Iterator[Failure]:
        text = inputs.get(key)
        if text is None or UNKNOWN in text:
            return
        document = json.loads(text)
        statements = document.get("Statement") if isinstance(document, dict) else None
        if not statements:
            yield Failure(key, "MalformedPolicyDocument: a policy needs a Statement")
            return
        for statement in statements if isinstance(statements, list) else [statements]:
            if statement.get("Effect") not in ("Allow", "Deny"):
                yield Failure(key, "MalformedPolicyDocument: Effect must be Allow or Deny")
            if not (statement.get("Action") or statement.get("NotAction")):
                yield Failure(key, "MalformedPolicyDocument: a statement needs an Action")
            if key == "policy" and not (statement.get("Resource") or statement.get("NotResource")):
                yield Failure(key, "MalformedPolicyDocument: Policy statement must contain resources.")
        if _length(text) > limit:
            yield Failure(key, f"LimitExceeded: Maximum policy size of {limit} bytes exceeded")

    return check


def _role(call: Call) -> dict[str, Any]:
    name, path = call.inputs["name"], call.inputs["path"]
    return {
        "id": name,
        "arn": arn(call.scope, "iam", f"role{path}{name}", region=""),
        "createDate": "2026-01-01T00:00:00Z",
        "uniqueId": unique_id("AROA"),
    }


def _policy(call: Call) -> dict[str, Any]:
    made = arn(call.scope, "iam", f"policy{call.inputs['path']}{call.inputs['name']}", region="")
    return {"id": made, "arn": made, "policyId": unique_id("ANPA"), "attachmentCount": 0}


def _provider(call: Call) -> dict[str, Any]:
    made = arn(call.scope, "iam", f"oidc-provider/{call.inputs['url'].removeprefix('https://')}", region="")
    # Where no thumbprint is given, IAM takes that of the issuer's certificate.
    return {"id": made, "arn": made, "thumbprintLists": call.inputs.get("thumbprintLists") or ["0" * 40]}


def _check_provider(inputs: Values) -> Iterator[Failure]:
    url = str(inputs.get("url", UNKNOWN))
    if UNKNOWN not in url and not url.startswith("https://"):
        yield Failure("url", "ValidationError: the URL of an identity provider must begin with https://")
    if inputs.get("clientIdLists") == []:
        yield Failure("clientIdLists", "ValidationError: an identity provider needs an audience")


def _admit_inline(call: Call) -> None:
    sizes = [
        _length(each["policy"])
        for each in call.others(tokens.ROLE_POLICY, region="global")
        if each["role"] == call.inputs["role"]
    ]
    if sum(sizes) + _length(call.inputs["policy"]) > INLINE_LIMIT:
        message = f"Maximum policy size of {INLINE_LIMIT} bytes exceeded for role {call.inputs['role']}"
        raise CloudError("LimitExceeded", message, 409)


def _key(call: Call) -> dict[str, Any]:
    id_ = f"mrk-{uuid.uuid4().hex}" if call.inputs.get("multiRegion") else str(uuid.uuid4())
    return {"id": id_, "keyId": id_, "arn": arn(call.scope, "kms", f"key/{id_}")}


def _alias(call: Call) -> dict[str, Any]:
    key = str(call.inputs["targetKeyId"])
    target = key if key.startswith("arn:") else arn(call.scope, "kms", f"key/{key}")
    name = call.inputs["name"]
    return {"id": name, "arn": arn(call.scope, "kms", name), "targetKeyArn": target}


KINDS = (
    Kind(
        tokens.ROLE,
        "IAM",
        "Role",
        _role,
        computed=("arn", "createDate", "uniqueId"),
        replaces=frozenset({"name", "namePrefix", "path"}),
        name=Name("name", 64, WORDS, TEXT),
        defaults={"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False},
        unread=frozenset({"forceDetachPolicies"}),
        ranges={"maxSessionDuration": (3600, 43200)},
        documents=frozenset({"assumeRolePolicy"}),
        unique=Unique(("name",), "EntityAlreadyExists", "Role with name {value} already exists."),
        quota=Quota(1000, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: {limit}"),
        held=("DeleteConflict", "Cannot delete entity, must detach all policies first."),
        check=_document("assumeRolePolicy", ROLE_LIMIT),
        everywhere=True,
    ),
    Kind(
        tokens.ROLE_POLICY,
        "IAM",
        "Role Policy",
        lambda call: {"id": f"{call.inputs['role']}:{call.inputs['name']}"},
        replaces=frozenset({"name", "namePrefix", "role"}),
        name=Name("name", 128, WORDS, TEXT),
        documents=frozenset({"policy"}),
        references={"role": OF_ROLE},
        check=_document("policy", INLINE_LIMIT),
        admit=_admit_inline,
        everywhere=True,
    ),
    Kind(
        tokens.POLICY,
        "IAM",
        "Policy",
        _policy,
        computed=("arn", "policyId", "attachmentCount"),
        replaces=frozenset({"name", "namePrefix", "path", "description"}),
        name=Name("name", 128, WORDS, TEXT),
        defaults={"path": "/"},
        documents=frozenset({"policy"}),
        unique=Unique(("name",), "EntityAlreadyExists", "A policy called {value} already exists."),
        quota=Quota(1500, "LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: {limit}"),
        held=("DeleteConflict", "Cannot delete a policy attached to entities."),
        check=_document("policy", MANAGED_LIMIT),
        everywhere=True,
    ),
    Kind(
        tokens.ROLE_POLICY_ATTACHMENT,
        "IAM",
        "Role Policy Attachment",
        lambda call: {"id": f"{call.inputs['role']}/{call.inputs['policyArn']}"},
        replaces=frozenset({"role", "policyArn"}),
        references={
            "role": OF_ROLE,
            "policyArn": Reference(
                tokens.POLICY,
                "arn",
                "NoSuchEntity",
                "Policy {value} does not exist or is not attachable.",
                everywhere=True,
                foreign=MANAGED,
            ),
        },
        quota=Quota(10, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: {limit}", per="role"),
        everywhere=True,
    ),
    Kind(
        tokens.IDENTITY_PROVIDER,
        "IAM",
        "OpenID Connect Provider",
        _provider,
        computed=("arn", "thumbprintLists"),
        replaces=frozenset({"url"}),
        unique=Unique(("url",), "EntityAlreadyExists", "Provider with url {value} already exists."),
        quota=Quota(100, "LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: {limit}"),
        check=_check_provider,
        everywhere=True,
    ),
    Kind(
        tokens.KEY,
        "KMS",
        "Key",
        _key,
        computed=("arn", "keyId", "policy"),
        replaces=frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion", "customKeyStoreId"}),
        defaults={
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "isEnabled": True,
            "enableKeyRotation": False,
            "multiRegion": False,
        },
        unread=frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"}),
        choices={"keyUsage": ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")},
        ranges={"deletionWindowInDays": (7, 30), "rotationPeriodInDays": (90, 2560)},
        documents=frozenset({"policy"}),
        quota=Quota(100000, "LimitExceededException", "The maximum number of keys is {limit}."),
    ),
    Kind(
        "aws:kms/alias:Alias",
        "KMS",
        "Alias",
        _alias,
        computed=("arn", "targetKeyArn"),
        volatile=frozenset({"targetKeyArn"}),
        replaces=frozenset({"name", "namePrefix"}),
        name=Name("name", 256, r"alias/(?!aws/)[a-zA-Z0-9/_-]+", "must begin with alias/, and not with alias/aws/"),
        references={"targetKeyId": OF_KEY},
        unique=Unique(("name",), "AlreadyExistsException", "An alias with the name {value} already exists"),
    ),
)
