"""ECR: repositories, their policies, and the images that somebody pushed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique, Values
from sandbox.clouds.core.world import World
from sandbox.rpc.arguments import UNKNOWN, Failure

NAME = Name(
    "name",
    256,
    r"(?=.{2,})[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*",
    "is no valid repository name: lower-case letters and digits, parted by one of . _ - /",
)
OF_REPOSITORY = Reference(
    tokens.REPOSITORY,
    "name",
    "RepositoryNotFoundException",
    "The repository with name '{value}' does not exist in the registry",
    holds=False,
)


def push(world: World, region: str, repository: str, tag: str, digest: str) -> None:
    """An image pushed under a tag, as a builder does it. Raises `CloudError` for an immutable tag that is taken."""
    with world.open():
        record = world.find(tokens.REPOSITORY, region, "name", repository)
        if record is None:
            text = f"The repository with name '{repository}' does not exist in the registry"
            raise CloudError("RepositoryNotFoundException", text)
        images = record["platform"].setdefault("images", {})
        immutable = str(record["state"].get("imageTagMutability", "")).startswith("IMMUTABLE")
        if immutable and images.get(tag, digest) != digest:
            text = (
                f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten "
                "because the repository is immutable."
            )
            raise CloudError("ImageTagAlreadyExistsException", text)
        images[tag] = digest
        world.put(tokens.REPOSITORY, region, record["state"]["id"], record)


def _repository(call: Call) -> dict[str, Any]:
    name, scope = call.inputs["name"], call.scope
    return {
        "id": name,
        "arn": arn(scope, "ecr", f"repository/{name}"),
        "registryId": scope.account,
        "repositoryUrl": f"{scope.account}.dkr.ecr.{scope.region}.amazonaws.com/{name}",
    }


def _empty(call: Call) -> None:
    if call.platform.get("images") and not call.inputs.get("forceDelete"):
        raise CloudError(
            "RepositoryNotEmptyException",
            f"The repository with name '{call.inputs['name']}' in registry with id '{call.scope.account}' cannot be "
            "deleted because it still contains images",
        )


def _check_lifecycle(inputs: Values) -> Iterator[Failure]:
    text = inputs["policy"]
    if UNKNOWN in text:
        return
    rules = json.loads(text).get("rules") or []
    if not rules:
        yield Failure("policy", "a lifecycle policy needs at least one rule")
    priorities = [rule.get("rulePriority") for rule in rules]
    if len(set(priorities)) != len(priorities) or None in priorities:
        yield Failure("policy", "each rule needs a rulePriority of its own")
    for rule in rules:
        selection = rule.get("selection", {})
        if rule.get("action", {}).get("type") not in ("expire", "transition"):
            yield Failure("policy", f"rule {rule.get('rulePriority')}: action.type must be expire")
        if selection.get("tagStatus") not in ("tagged", "untagged", "any"):
            yield Failure("policy", f"rule {rule.get('rulePriority')}: tagStatus must be tagged, untagged or any")
        if selection.get("tagStatus") == "tagged" and not (
            selection.get("tagPrefixList") or selection.get("tagPatternList")
        ):
            yield Failure("policy", f"rule {rule.get('rulePriority')}: tagPrefixList or tagPatternList is needed")
        if selection.get("tagStatus") == "any" and rule.get("rulePriority") != max(filter(None, priorities)):
            yield Failure(
                "policy", f"rule {rule.get('rulePriority')}: the rule for any tag must have the lowest priority"
            )


def _policy(token: str, noun: str, check: Any = None) -> Kind:
    more = {"check": check} if check else {}
    return Kind(
        token,
        "ECR",
        noun,
        lambda call: {"id": call.inputs["repository"], "registryId": call.scope.account},
        computed=("registryId",),
        replaces=frozenset({"repository"}),
        documents=frozenset({"policy"}),
        references={"repository": OF_REPOSITORY},
        **more,
    )


KINDS = (
    Kind(
        tokens.REPOSITORY,
        "ECR",
        "Repository",
        _repository,
        computed=("arn", "registryId", "repositoryUrl"),
        replaces=frozenset({"name", "encryptionConfigurations"}),
        name=NAME,
        defaults={"imageTagMutability": "MUTABLE", "forceDelete": False},
        unread=frozenset({"forceDelete"}),
        choices={
            "imageTagMutability": ("MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"),
            "encryptionConfigurations.encryptionType": ("AES256", "KMS", "KMS_DSSE"),
        },
        references={
            "encryptionConfigurations.kmsKey": Reference(
                tokens.KEY, "arn", "KmsException", "The KMS key '{value}' does not exist", holds=False
            )
        },
        unique=Unique(
            ("name",),
            "RepositoryAlreadyExistsException",
            "The repository with name '{value}' already exists in the registry",
        ),
        quota=Quota(100000, "LimitExceededException", "The maximum number of repositories is {limit}."),
        release=_empty,
    ),
    _policy(tokens.LIFECYCLE_POLICY, "Lifecycle Policy", _check_lifecycle),
    _policy(tokens.REPOSITORY_POLICY, "Repository Policy"),
    Kind(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
        "ECR",
        "Registry Scanning Configuration",
        lambda call: {"id": call.scope.account, "registryId": call.scope.account},
        computed=("registryId",),
        choices={"scanType": ("BASIC", "ENHANCED")},
    ),
)
