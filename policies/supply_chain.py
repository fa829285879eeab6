"""Rules about what runs: pure functions from a resource's type and properties to violations.

They know nothing of Pulumi's policy SDK, so that a test can call them with plain data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, Violation

_BY_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")

_POD_TEMPLATES = frozenset(
    {
        "kubernetes:apps/v1:Deployment",
        "kubernetes:apps/v1:DaemonSet",
        "kubernetes:apps/v1:ReplicaSet",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:batch/v1:Job",
    }
)


def image_by_digest(resource_type: str, properties: Mapping[str, Any]) -> list[str]:
    """A container's image must name a digest: a tag can point to something else tomorrow, and a
    rollback to a tag may not bring back what ran.

    Returns:
        One sentence for each container whose image is not ``repository@sha256:…``.
    """
    return [
        f"container {container.get('name', '?')!r} runs {image!r}; name it as repository@sha256:…"
        for container in _containers(resource_type, properties)
        if isinstance(image := container.get("image"), str) and not _BY_DIGEST.search(image)
    ]


def _containers(resource_type: str, properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if resource_type == "kubernetes:core/v1:Pod":
        pod = properties.get("spec") or {}
    elif resource_type == "kubernetes:batch/v1:CronJob":
        pod = _walk(properties, "spec", "jobTemplate", "spec", "template", "spec")
    elif resource_type in _POD_TEMPLATES:
        pod = _walk(properties, "spec", "template", "spec")
    else:
        return
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod.get(kind) or ()


def _walk(properties: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    found: Any = properties
    for key in keys:
        found = (found or {}).get(key)
    return found or {}


def _check(resource: Resource, setting: Setting) -> Iterator[Answer]:  # noqa: ARG001 - every rule has this shape
    for container in _containers(resource.type, resource.properties):
        if container.get("image") is UNKNOWN:
            yield Undecided("spec.template.spec.containers[0].image")
    yield from (Violation(text) for text in image_by_digest(resource.type, resource.properties))


RULES = (
    Rule(
        id="image-digest",
        title="An image is named by digest, so that what was tested is what runs.",
        severity=Severity.HIGH,
        reason="A tag can point to something else tomorrow, and a rollback to it may not bring back what ran.",
        remedy="Name the image as repository@sha256:….",
        types=_POD_TEMPLATES | {"kubernetes:core/v1:Pod", "kubernetes:batch/v1:CronJob"},
        check=_check,
        references=("CKV_K8S_43",),
    ),
)
