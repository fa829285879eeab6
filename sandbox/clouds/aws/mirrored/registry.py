"""ECR: repositories, what they do with tags and images, their policies, and what was pushed."""

from __future__ import annotations

from typing import Any

from moto.ecr import urls
from moto.ecr.models import ECRBackend, Image, Repository

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.mirrored.seen import STARTED, Record, Seen, build, tagged
from sandbox.clouds.core.world import World


def _repositories(backend: Repositories) -> dict[str, Repository]:
    with backend.world.open() as world:
        held = world.all(tokens.REPOSITORY, backend.region_name)
        lifecycles = _texts(world, tokens.LIFECYCLE_POLICY, backend.region_name)
        policies = _texts(world, tokens.REPOSITORY_POLICY, backend.region_name)
        return {
            name: _repository(record, backend.region_name, lifecycles.get(name), policies.get(name))
            for name, record in held.items()
        }


def _texts(world: World, token: str, region: str) -> dict[str, str]:
    """Repository -> the policy of this type that it has."""
    return {one["state"]["repository"]: one["state"]["policy"] for one in world.all(token, region).values()}


def _repository(record: Record, region: str, lifecycle: str | None, policy: str | None) -> Repository:
    state = record["state"]
    scanning = {"scanOnPush": bool((state.get("imageScanningConfiguration") or {}).get("scanOnPush"))}
    encryption = [_encryption(one) for one in state.get("encryptionConfigurations") or ()]
    made = build(
        Repository,
        ACCOUNT,
        region,
        state["name"],
        registry_id=None,
        encryption_config=encryption[0] if encryption else None,
        image_scan_config=scanning,
        image_tag_mutability=state["imageTagMutability"],
    )
    made.created_at = STARTED
    made.lifecycle_policy, made.policy = lifecycle, policy
    made.scanning_config["scanOnPush"] = scanning["scanOnPush"]
    made.images = [
        build(Image, ACCOUNT, tag, "", state["name"], "", digest=digest)
        for tag, digest in (record["platform"].get("images") or {}).items()
    ]
    return made


def _encryption(given: Record) -> dict[str, str]:
    key = given.get("kmsKey")
    return {"encryptionType": given.get("encryptionType") or "AES256", **({"kmsKey": key} if key else {})}


def _tags(backend: Repositories) -> Any:
    with backend.world.open() as world:
        return tagged(world.all(tokens.REPOSITORY, backend.region_name).values(), tag_name="tags")


class Repositories(ECRBackend):
    """The world's repositories."""

    repositories: Any = Seen(_repositories)
    tagger: Any = Seen(_tags)

    def __init__(self, world: World, region: str) -> None:
        self.world = world
        super().__init__(region, ACCOUNT)

    @property
    def _url_module(self) -> Any:
        return urls  # moto looks for it beside the class
