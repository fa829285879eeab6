"""Artifact Registry: repositories, who reads them, and the images that somebody pushed."""

from __future__ import annotations

from typing import Any

from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Reference, Unique
from sandbox.clouds.core.world import GLOBAL, World
from sandbox.clouds.gcp import tokens
from sandbox.clouds.gcp.formats import LABELS, labelled, location, now, path, project

OF_REPOSITORY = Reference(
    tokens.REPOSITORY,
    "repositoryId",
    "notFound",
    "Requested entity was not found: repository '{value}'",
    everywhere=True,
)


def push(world: World, repository: str, image: str, tag: str, digest: str) -> None:
    """An image pushed under a tag, as a builder does it. Raises `CloudError` for an immutable tag that is taken."""
    with world.open():
        record = world.find(tokens.REPOSITORY, GLOBAL, "repositoryId", repository)
        if record is None:
            raise CloudError("NAME_UNKNOWN", f"Repository {repository!r} not found", 404)
        images = record["platform"].setdefault("images", {})
        immutable = (record["state"].get("dockerConfig") or {}).get("immutableTags")
        if immutable and images.get(f"{image}:{tag}", digest) != digest:
            text = f"cannot update tag {tag}. The repository has enabled tag immutability"
            raise CloudError("DENIED", text, 400)
        images[f"{image}:{tag}"] = digest
        world.put(tokens.REPOSITORY, GLOBAL, record["state"]["id"], record)


def _repository(call: Call) -> dict[str, Any]:
    name, where = call.inputs["repositoryId"], location(call)
    return {
        "id": path(call, "locations", where, "repositories", name),
        "name": name,
        "location": where,
        "project": project(call),
        "createTime": now(),
        "updateTime": now(),
        "registryUri": f"{where}-docker.pkg.dev/{project(call)}/{name}",
        **labelled(call),
    }


def _member(call: Call) -> dict[str, Any]:
    where = path(call, "locations", location(call), "repositories", call.inputs["repository"])
    return {
        "id": f"{where}/{call.inputs['role']}/{call.inputs['member']}",
        "project": project(call),
        "location": location(call),
        "etag": "BwYAAAAAAAA=",
    }


KINDS = (
    Kind(
        tokens.REPOSITORY,
        "Artifact Registry",
        "Repository",
        _repository,
        computed=("name", "location", "project", "createTime", "updateTime", "registryUri", *LABELS),
        volatile=frozenset(LABELS),
        replaces=frozenset({"repositoryId", "location", "project", "format", "mode", "kmsKeyName"}),
        name=Name(
            "repositoryId", 63, r"[a-z]([a-z0-9-]*[a-z0-9])?", "must begin with a letter: a-z, 0-9 and -", auto=False
        ),
        choices={
            "format": ("DOCKER", "MAVEN", "NPM", "PYTHON", "APT", "YUM", "GO", "KFP", "GENERIC"),
            "mode": ("STANDARD_REPOSITORY", "VIRTUAL_REPOSITORY", "REMOTE_REPOSITORY"),
            "cleanupPolicies.action": ("DELETE", "KEEP"),
            "cleanupPolicies.condition.tagState": ("TAGGED", "UNTAGGED", "ANY"),
            "vulnerabilityScanningConfig.enablementConfig": ("INHERITED", "DISABLED"),
        },
        unique=Unique(("location", "repositoryId"), "ALREADY_EXISTS", "the repository already exists: {value}"),
        everywhere=True,
    ),
    Kind(
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
        "Artifact Registry",
        "RepositoryIamMember",
        _member,
        computed=("project", "location", "etag"),
        replaces=frozenset({"repository", "location", "project", "role", "member", "condition"}),
        references={"repository": OF_REPOSITORY},
        everywhere=True,
    ),
)
"""A repository that another stack made is not in this world: tests name it there first."""
