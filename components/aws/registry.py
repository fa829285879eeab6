"""Where images are pushed to and pulled from on AWS: one ECR repository for each image.

Who builds and what runs does not belong here. A token for pushing is no part of a plan: it rotates, and Docker's own
configuration (or Amazon's credential helper) holds it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws.ecr import LifecyclePolicy, Repository

from components.aws.account import settings
from components.aws.iam import Place
from components.base import Component, Transform
from components.spec.environment import Environment

UNTAGGED_KEPT = 7
"""Days after which an image without a tag goes."""

LIVE = "live-"
"""Beginning of the tags of what an environment runs: ``live-<environment>-<n>``."""

MOST_IMAGES = 100_000
"""More images than a repository holds by default ("Amazon ECR service quotas"): the rule that counts to it expires
none, but what it selects no later rule may expire ("Lifecycle policies", Amazon ECR user guide)."""

_IMAGE = re.compile(r"^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^@:]+)")


def repository_arns(images: Sequence[str]) -> list[str]:
    """The repositories in ECR that these images lie in; sorted, each once. Others need no permission of AWS."""
    found = (_IMAGE.match(image) for image in images)
    return sorted({Place(match[1], match[2]).arn("ecr", f"repository/{match[3]}") for match in found if match})


def lifecycle(builds_kept: int | None = None) -> str:
    """The document by which ECR removes what nobody can refer to any more.

    :param builds_kept: Days after which a tagged image goes that no environment runs. Default: never.
    """
    untagged = {"tagStatus": "untagged", **_since(UNTAGGED_KEPT)}
    rules = [_rule(1, f"Untagged images go after {UNTAGGED_KEPT} days", untagged)]
    if builds_kept is not None:
        live = {"tagStatus": "tagged", "tagPatternList": [f"{LIVE}*"]}
        kept = {**live, "countType": "imageCountMoreThan", "countNumber": MOST_IMAGES}
        rest = {"tagStatus": "tagged", "tagPatternList": ["*"], **_since(builds_kept)}
        rules.append(_rule(2, "What an environment runs stays", kept))
        rules.append(_rule(3, f"Other builds go after {builds_kept} days", rest))
    return json.dumps({"rules": rules}, sort_keys=True)


def _since(days: int) -> dict[str, Any]:
    return {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}


def _rule(priority: int, description: str, selection: dict[str, Any]) -> dict[str, Any]:
    action = {"type": "expire"}
    return {"rulePriority": priority, "description": description, "selection": selection, "action": action}


@dataclass(frozen=True, kw_only=True)
class ContainerRegistryArgs:
    """What a registry is made of.

    :param environment: The registry's address, and whether its repositories are made here.
    :param repositories: Names below the address, one for each image that is built.
    :param key: ARN of the key that encrypts the images.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    repositories: Sequence[str]
    key: pulumi.Input[str]
    transforms: Sequence[Transform] = ()


class ContainerRegistry(Component):
    """Repositories whose tags cannot be moved, scanned at each push and encrypted by the environment's key."""

    address: pulumi.Output[str]
    """``<account>.dkr.ecr.<region>.amazonaws.com[/path]``."""

    def __init__(self, name: str, args: ContainerRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:ContainerRegistry", name, opts, args.transforms)
        self._address = args.environment.registry.address
        self._made: dict[str, Repository] = {}
        if settings(args.environment).repositories == "make":
            self._made = {one: self._repository(name, one, args) for one in args.repositories}
        self.address = pulumi.Output.from_input(self._address)
        self.finish({"address": self.address})

    def repository(self, name: str) -> str:
        """``address/name``: where the images of one service live. Known before the repository exists."""
        return f"{self._address}/{name}"

    def before_push(self, name: str) -> list[pulumi.Resource]:
        """What must exist before an image can be pushed to :meth:`repository`."""
        return [self._made[name]] if name in self._made else []

    def _repository(self, name: str, service: str, args: ContainerRegistryArgs) -> Repository:
        _, _, path = self.repository(service).partition("/")
        repository = Repository(
            f"{name}-{service}",
            name=path,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key}],
            # Where images matter, a repository that holds some is not removed with the stack.
            force_delete=args.environment.tier == "dev",
            opts=self.child(),
        )
        LifecyclePolicy(
            f"{name}-{service}-lifecycle",
            repository=repository.name,
            policy=lifecycle(settings(args.environment).builds_kept),
            opts=self.child(),
        )
        return repository
