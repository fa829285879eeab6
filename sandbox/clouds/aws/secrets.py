"""Secrets Manager and Systems Manager's parameters."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique

DELETED = "aws:secretsmanager/deletedSecret"
"""Under which the world remembers names that wait for their deletion."""


def _secret(call: Call) -> dict[str, Any]:
    name = call.inputs["name"]
    suffix = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz") for _ in range(6))
    made = arn(call.scope, "secretsmanager", f"secret:{name}-{suffix}")
    return {"id": made, "arn": made}


def _admit_secret(call: Call) -> None:
    if call.old is None and call.world.get(DELETED, call.scope.region, call.inputs["name"]):
        raise CloudError(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )


def _schedule(call: Call) -> None:
    if call.inputs["recoveryWindowInDays"] != 0:
        state = {"name": call.inputs["name"], "recoveryWindowInDays": call.inputs["recoveryWindowInDays"]}
        call.world.put(DELETED, call.scope.region, call.inputs["name"], {"state": state, "platform": {}})


def _version(call: Call) -> dict[str, Any]:
    id_, secret = str(uuid.uuid4()), call.inputs["secretId"]
    return {"id": f"{secret}|{id_}", "arn": secret, "versionId": id_, "versionStages": ["AWSCURRENT"]}


def _admit_version(call: Call) -> None:
    if not any(call.inputs.get(key) for key in ("secretString", "secretBinary", "secretStringWo")):
        raise CloudError("InvalidParameterException", "You must provide either SecretString or SecretBinary.")
    if len(str(call.inputs.get("secretString") or "").encode()) > 65536:
        raise CloudError("ValidationException", "Member must have length less than or equal to 65536")


def _parameter(call: Call) -> dict[str, Any]:
    name = call.inputs["name"]
    version = call.world.count(f"parameter/{call.scope.region}/{name}")
    return {
        "id": name,
        "arn": arn(call.scope, "ssm", f"parameter/{name.removeprefix('/')}"),
        "version": version,
        "tier": call.inputs.get("tier") or "Standard",
        "dataType": call.inputs.get("dataType") or "text",
    }


def _admit_parameter(call: Call) -> None:
    limit = 8192 if call.inputs.get("tier") == "Advanced" else 4096
    if len(str(call.inputs.get("value") or "").encode()) > limit:
        raise CloudError("ValidationException", f"Parameters require values of {limit} bytes or less.")


KINDS = (
    Kind(
        tokens.SECRET,
        "Secrets Manager",
        "Secret",
        _secret,
        computed=("arn", "policy"),
        replaces=frozenset({"name", "namePrefix"}),
        name=Name("name", 512, r"[A-Za-z0-9/_+=.@-]+", "is no valid name: letters, digits and /_+=.@- only"),
        defaults={"recoveryWindowInDays": 30, "forceOverwriteReplicaSecret": False},
        unread=frozenset({"recoveryWindowInDays", "forceOverwriteReplicaSecret"}),
        documents=frozenset({"policy"}),
        references={
            "kmsKeyId": Reference(
                tokens.KEY,
                "arn",
                "InvalidRequestException",
                "The KMS key {value} does not exist",
                holds=False,
                foreign=r"(?!arn:).*",
            )
        },
        unique=Unique(
            ("name",),
            "ResourceExistsException",
            "The operation failed because the secret {value} already exists.",
        ),
        quota=Quota(500000, "LimitExceededException", "The maximum number of secrets is {limit}."),
        admit=_admit_secret,
        release=_schedule,
    ),
    Kind(
        "aws:secretsmanager/secretVersion:SecretVersion",
        "Secrets Manager",
        "Secret Version",
        _version,
        computed=("arn", "versionId", "versionStages"),
        replaces=frozenset({"secretId", "secretString", "secretBinary", "secretStringWoVersion"}),
        references={
            "secretId": Reference(
                tokens.SECRET,
                "arn",
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret: {value}",
                holds=False,
            )
        },
        admit=_admit_version,
    ),
    Kind(
        "aws:ssm/parameter:Parameter",
        "SSM",
        "Parameter",
        _parameter,
        computed=("arn", "version", "tier", "dataType"),
        volatile=frozenset({"version"}),
        replaces=frozenset({"name"}),
        name=Name(
            "name",
            1011,
            r"(?!/?(?:aws|ssm)(?:/|$))[a-zA-Z0-9_.\-/]+",
            "is no valid name: letters, digits and _.-/ only, and not beginning with aws or ssm",
        ),
        choices={
            "type": ("String", "StringList", "SecureString"),
            "tier": ("Standard", "Advanced", "Intelligent-Tiering"),
        },
        unique=Unique(("name",), "ParameterAlreadyExists", "The parameter already exists: {value}"),
        quota=Quota(10000, "ParameterLimitExceeded", "The maximum number of standard parameters is {limit}."),
        admit=_admit_parameter,
    ),
)
