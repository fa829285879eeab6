"""Where images are pushed to and pulled from on Google Cloud: one Artifact Registry repository for the environment.

Who builds and what runs does not belong here. A token for pushing is no part of a plan: Docker's own configuration
(``gcloud auth configure-docker``) holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp.artifactregistry import Repository, RepositoryIamMember

from components.base import Component, Transform
from components.gcp.account import settings
from components.spec.checks_gcp import ARTIFACT_REGISTRY
from components.spec.environment import Environment

UNTAGGED_KEPT = "604800s"
"""Seven days, after which an image without a tag goes. Every image that was ever declared has a tag, which cannot be
moved: none that an environment runs is removed."""

READER = "roles/artifactregistry.reader"


@dataclass(frozen=True, kw_only=True)
class ContainerRegistryArgs:
    """What a registry is made of.

    :param environment: The registry's address, and whether its repository is made here.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    transforms: Sequence[Transform] = ()


class ContainerRegistry(Component):
    """A repository whose tags cannot be moved and whose images are scanned."""

    address: pulumi.Output[str]
    """``<location>-docker.pkg.dev/<project>/<repository>[/path]``."""

    def __init__(self, name: str, args: ContainerRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:gcp:ContainerRegistry", name, opts, args.transforms)
        self._address = args.environment.registry.address
        match = ARTIFACT_REGISTRY.match(self._address)
        if match is None:
            raise ValueError(f"registry {self._address}: not an address in Artifact Registry")
        self._location, self._project, self._repository_id = match[1], match[2], match[3]
        self._name = name
        make = settings(args.environment).repository == "make"
        self._made = self._repository(name, args.environment) if make else None
        self.address = pulumi.Output.from_input(self._address)
        self.finish({"address": self.address})

    def repository(self, name: str) -> str:
        """``address/name``: where the images of one service live. Known before the repository exists."""
        return f"{self._address}/{name}"

    @property
    def before_push(self) -> list[pulumi.Resource]:
        """What must exist before an image can be pushed."""
        return [] if self._made is None else [self._made]

    def readable_by(self, member: pulumi.Input[str]) -> None:
        """Let somebody pull, from this repository and no other."""
        RepositoryIamMember(
            f"{self._name}-reader",
            project=self._project,
            location=self._location,
            repository=self._repository_id if self._made is None else self._made.repository_id,
            role=READER,
            member=member,
            opts=self.child(),
        )

    def _repository(self, name: str, environment: Environment) -> Repository:
        return Repository(
            f"{name}-repository",
            location=self._location,
            project=self._project,
            repository_id=self._repository_id,
            description=f"Images of {environment.project}, {environment.stack}",
            format="DOCKER",
            mode="STANDARD_REPOSITORY",
            docker_config={"immutable_tags": True},
            vulnerability_scanning_config={"enablement_config": "INHERITED"},
            kms_key_name=settings(environment).kms_key,
            cleanup_policy_dry_run=False,
            cleanup_policies=[
                {"id": "keep-tagged", "action": "KEEP", "condition": {"tag_state": "TAGGED"}},
                {
                    "id": "untagged-go",
                    "action": "DELETE",
                    "condition": {"tag_state": "UNTAGGED", "older_than": UNTAGGED_KEPT},
                },
            ],
            # Where images matter, the repository stays when the stack goes.
            opts=self.child(retain_on_delete=environment.tier != "dev"),
        )
