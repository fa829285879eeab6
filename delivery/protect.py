"""What an environment runs is kept in ECR: each proven digest gets a tag ``live-<environment>-<n>``.

No lifecycle rule expires an image with such a tag (``components/aws/registry.py``). A tag is set once and never moved,
so a repository with immutable tags takes it; the newest ten of an environment stay, so that a rollback finds its image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from components.naming import name
from components.spec import Environment
from delivery.output import Output

KEPT = 10
"""Tags of one environment in one repository."""

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


def protect(environment: Environment, images: Iterable[str], output: Output, client: Client | None = None) -> None:
    """Tag each image of the environment's own registry that runs now, where its newest tag is not there already.

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
        try:
            _protect(clients(region), account, repository, digest, environment.stack, output)
        except (BotoCoreError, ClientError) as error:
            output.warn(f"{repository}@{digest[:19]} could not be tagged as running in {environment.stack}: {error}")


def _client(region: str) -> Any:
    import boto3  # here, since no other platform needs it and it takes long to import

    return boto3.client("ecr", region_name=region)


def _protect(ecr: Any, account: str, repository: str, digest: str, stack: str, output: Output) -> None:
    where = {"registryId": account, "repositoryName": repository}
    prefix = f"live-{name(stack, limit=LONGEST)}-"
    tags = _tags(ecr, where, prefix)
    newest = max(tags, default=0)
    if tags.get(newest) != digest:
        _tag(ecr, where, digest, f"{prefix}{newest + 1}")
        tags[newest + 1] = digest
        output.say(f"{repository}: tagged {prefix}{newest + 1}; no lifecycle rule removes it.")
    old = sorted(tags)[:-KEPT]
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
