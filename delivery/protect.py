"""What an environment runs is kept in ECR: each proven digest gets a tag ``live-<environment>-<n>``.

No lifecycle rule expires an image with such a tag (``components/aws/registry.py``). A tag is set once and never moved,
so a repository with immutable tags takes it; those of the last releases stay (``caas:releasesKept``), so that a
rollback finds its image. The registries of Google and Azure remove only what has no tag, and every image that was built
or promoted has one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from components.naming import name
from components.spec import Environment
from delivery.output import Output
from delivery.records import Outcome, Release

LONGEST = 60
"""Characters of the environment in a tag, which has 128 at most."""

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""The kinds of manifests that are asked for: each is handed back as it was pushed."""

IMAGE = re.compile(r"^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^@:]+)@(sha256:[0-9a-f]{64})$")


Client = Callable[[str], Any]
"""Region -> a client of ECR."""


def recent(found: Sequence[Release], kept: int) -> list[str]:
    """The images of the last releases that succeeded, the oldest first, each once."""
    last = [one for one in found if one.outcome is Outcome.SUCCEEDED][-kept:]
    return list(dict.fromkeys(image for one in last for _, image in sorted(one.images.items())))


def protect(
    environment: Environment,
    images: Iterable[str],
    output: Output,
    client: Client | None = None,
    *,
    before: Sequence[str] = (),
) -> None:
    """Tag each image of the environment's own registry that runs now, where its newest tag is not there already, and
    keep the tags of what ran ``before`` (as :func:`recent` gives it).

    What cannot be tagged is a warning: the deployment is proven, and the next run tries again. Other platforms have
    no such tags, and nothing is done.
    """
    if environment.platform != "aws-ecs":
        return
    from botocore.exceptions import BotoCoreError, ClientError

    clients = client or _client
    for image in sorted(set(images)):
        found = IMAGE.match(image)
        if found is None or not image.startswith(f"{environment.registry.address}/"):
            continue  # somebody else keeps it
        account, region, repository, digest = found.groups()
        earlier = [one.rpartition("@")[2] for one in before if one.rpartition("@")[0] == image.rpartition("@")[0]]
        try:
            _protect(clients(region), account, repository, [*earlier, digest], environment, output)
        except (BotoCoreError, ClientError) as error:
            output.warn(f"{repository}@{digest[:19]} could not be tagged as running in {environment.stack}: {error}")


def _client(region: str) -> Any:
    import boto3  # here, since no other platform needs it and it takes long to import

    return boto3.client("ecr", region_name=region)


def missing(tags: Mapping[int, str], digests: Sequence[str]) -> dict[int, str]:
    """The tags to set: for what has none, and for what runs now (the last) unless the newest tag is its own."""
    added: dict[int, str] = {}
    for digest in digests:
        newest = max({**tags, **added}, default=0)
        last = digest == digests[-1] and {**tags, **added}.get(newest) != digest
        if last or digest not in {*tags.values(), *added.values()}:
            added[newest + 1] = digest
    return added


def superfluous(tags: Mapping[int, str], digests: Sequence[str], kept: int) -> list[int]:
    """The tags to remove: not among the newest, and none that alone holds what is still to be kept."""
    newest = sorted(tags)[-kept:]
    held = {tags[number] for number in newest}
    found = []
    for number in sorted(tags, reverse=True):
        if number in newest:
            continue
        if tags[number] in digests and tags[number] not in held:
            held.add(tags[number])
        else:
            found.append(number)
    return sorted(found)


def _protect(
    ecr: Any, account: str, repository: str, digests: Sequence[str], environment: Environment, output: Output
) -> None:
    where = {"registryId": account, "repositoryName": repository}
    prefix = f"live-{name(environment.stack, limit=LONGEST)}-"
    tags = _tags(ecr, where, prefix)
    for number, digest in missing(tags, digests).items():
        _tag(ecr, where, digest, f"{prefix}{number}")
        tags[number] = digest
        output.say(f"{repository}: tagged {prefix}{number}; no lifecycle rule removes it.")
    old = superfluous(tags, digests, environment.releases_kept)
    if old:
        # With a tag only the tag goes, as long as the image has another one: that of its build.
        ecr.batch_delete_image(**where, imageIds=[{"imageTag": f"{prefix}{number}"} for number in old])


def _tags(ecr: Any, where: dict[str, str], prefix: str) -> dict[int, str]:
    """Number -> digest of the environment's tags."""
    pages = ecr.get_paginator("describe_images").paginate(**where, filter={"tagStatus": "TAGGED"})
    found = {}
    for image in (each for page in pages for each in page["imageDetails"]):
        for tag in image["imageTags"]:
            number = tag.removeprefix(prefix)
            if tag.startswith(prefix) and number.isdecimal():
                found[int(number)] = image["imageDigest"]
    return found


def _tag(ecr: Any, where: dict[str, str], digest: str, tag: str) -> None:
    """Put the same manifest again under a further tag: nothing is pulled or pushed."""
    asked = ecr.batch_get_image(**where, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=list(MANIFESTS))
    for image in asked["images"]:
        ecr.put_image(
            **where,
            imageManifest=image["imageManifest"],
            imageManifestMediaType=image.get("imageManifestMediaType", MANIFESTS[0]),
            imageTag=tag,
            imageDigest=digest,
        )
        return
    from botocore.exceptions import ClientError

    text = f"there is no image {digest} in the repository"
    raise ClientError({"Error": {"Code": "ImageNotFoundException", "Message": text}}, "BatchGetImage")
