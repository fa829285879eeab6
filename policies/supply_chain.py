"""Rules about what runs: which image, from where, built and attested how; on every platform alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.containers import CONTAINER_TYPES, containers
from policies.entropy import random_text
from policies.images import BY_DIGEST, digest, from_registry
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, Violation, dotted, items
from policies.secrecy import secret_name, secret_value

BUILDS: Mapping[str, tuple[str, ...]] = {
    "docker-build:index:Image": ("buildArgs",),
    "docker:index/image:Image": ("build", "args"),
}
"""Resource type -> where its build arguments stand."""


def _by_digest(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for container in containers(resource):
        at = dotted(*container.path, "image")
        if container.image is UNKNOWN:
            yield Undecided(at)
        elif isinstance(container.image, str) and not BY_DIGEST.search(container.image):
            yield Violation(
                f"container {container.called} runs {container.image!r}; name it as repository@sha256:…", at
            )


def _from_registry(resource: Resource, setting: Setting) -> Iterator[Answer]:
    if not setting.registries:
        return
    for container in containers(resource):
        at, image = dotted(*container.path, "image"), container.image
        if image is UNKNOWN:
            yield Undecided(at)
        elif isinstance(image, str) and not any(from_registry(image, one) for one in setting.registries):
            known = ", ".join(setting.registries)
            yield Violation(f"container {container.called} runs {image!r}, which does not come from {known}", at)


def _attested(resource: Resource, setting: Setting) -> Iterator[Answer]:
    attestations = setting.options.get("attestations")
    known = attestations if isinstance(attestations, Mapping) else {}
    for container in containers(resource):
        at, image = dotted(*container.path, "image"), container.image
        if image is UNKNOWN:
            yield Undecided(at)
        elif isinstance(image, str):
            attested = known.get(digest(image))
            for lack in _lacks(attested, setting):
                yield Violation(f"container {container.called} runs an image {lack}: {image!r}", at)


def _lacks(attested: Any, setting: Setting) -> Iterator[str]:
    """What is missing of an image's attestations; where none are known, all of it in prod and nothing elsewhere."""
    if not isinstance(attested, Mapping):
        if setting.tier == "prod":
            yield "that nobody signed or scanned"
        return
    if attested.get("signed") is not True:
        yield "without a signature"
    if attested.get("sbom") is not True:
        yield "without a list of what is in it (SBOM)"
    critical = attested.get("critical")
    # The engine hands every number over as a float.
    if not isinstance(critical, int | float):
        yield "that no scanner has seen"
    elif critical > _tolerated(setting):
        yield f"with {critical:.0f} critical vulnerabilities"


def _tolerated(setting: Setting) -> int:
    found = setting.options.get("mostCritical")
    return int(found) if isinstance(found, int | float) else 0


def _build_arguments(resource: Resource, _setting: Setting) -> Iterator[Answer]:
    for path, value in items(resource.properties, *BUILDS[resource.type]):
        name = str(path[-1])
        if value is UNKNOWN:
            yield Undecided(dotted(*path))
        elif isinstance(value, str) and value and secret_name(name):
            yield Violation(f"build argument {name} holds a secret, by its name", dotted(*path))
        elif isinstance(value, str) and (secret_value(value) or random_text(value, name)):
            yield Violation(f"build argument {name} holds a secret, by the look of its value", dotted(*path))


_ATTESTATIONS: Mapping[str, Any] = {
    "type": "object",
    "description": "Digest (sha256:…) of an image -> what is attested of it.",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "signed": {"type": "boolean", "description": "Whether a signature was verified."},
            "sbom": {"type": "boolean", "description": "Whether an SBOM is attached."},
            "critical": {"type": "integer", "description": "Critical vulnerabilities that the scan found."},
        },
    },
}

RULES: tuple[Rule, ...] = (
    Rule(
        id="image-digest",
        title="An image is named by digest, so that what was tested is what runs.",
        severity=Severity.HIGH,
        reason="A tag can point to something else tomorrow, and a rollback to a tag may not bring back what ran.",
        remedy="Name the image by the digest that its build gave: repository@sha256:….",
        types=CONTAINER_TYPES,
        check=_by_digest,
        references=("CKV_K8S_43", "CKV_K8S_14", "kube-score: container-image-tag", "polaris: tagNotSpecified"),
    ),
    Rule(
        id="image-registry",
        title="An image comes from the environment's registry.",
        severity=Severity.HIGH,
        reason="Elsewhere nobody scans it, and it can be gone, or be another one, when it is needed.",
        remedy="Push the image to the environment's registry, or add the registry that is trusted.",
        types=CONTAINER_TYPES,
        check=_from_registry,
        references=("gatekeeper: k8sallowedrepos", "kubescape: C-0001", "kubescape: C-0078"),
    ),
    Rule(
        id="image-attested",
        title="What runs in prod is signed, scanned, and known down to its packages.",
        severity=Severity.HIGH,
        reason="Otherwise nobody can tell whether the pipeline built it, or whether a known hole is in it.",
        remedy="Let the pipeline run `caas attest` where the image is built; `caas preview` verifies what it has.",
        types=CONTAINER_TYPES,
        check=_attested,
        references=("SLSA: build provenance", "kyverno: verify-image", "NIST SSDF PS.2", "kubescape: C-0237"),
        schema={
            "attestations": _ATTESTATIONS,
            "mostCritical": {
                "type": "integer",
                "minimum": 0,
                "default": 0,
                "description": "Critical vulnerabilities that are tolerated.",
            },
        },
    ),
    Rule(
        id="no-secret-build-argument",
        title="No build argument holds a secret.",
        severity=Severity.CRITICAL,
        reason="Build arguments stay in the image's history: whoever pulls the image reads them.",
        remedy="Hand the value over as a build secret (RUN --mount=type=secret), and change it now.",
        types=frozenset(BUILDS),
        check=_build_arguments,
        references=("docker: SecretsUsedInArgOrEnv",),
    ),
)
