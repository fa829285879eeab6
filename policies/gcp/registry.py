"""Artifact Registry and what stands in front: images for those who are named, tags that stay, TLS 1.2."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from policies.reading import asked, elements, filled, shown, tiers_schema, unknown
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    Violation,
    judged,
    read,
)

REPOSITORY = frozenset({"gcp:artifactregistry/repository:Repository"})
READERS = frozenset(f"gcp:artifactregistry/repositoryIam{kind}:RepositoryIam{kind}" for kind in ("Member", "Binding"))
TLS = frozenset({"gcp:compute/sSLPolicy:SSLPolicy"})

EVERYBODY = ("allUsers", "allAuthenticatedUsers")


def _not_public(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, member in chain(elements(resource.properties, "member"), elements(resource.properties, "members")):
        if member is UNKNOWN:
            yield Undecided(path)
        elif member in EVERYBODY:
            yield Violation(f"{member} may use the repository, which is everybody there is; name who", path)


def _key(resource: Resource, setting: Setting) -> Iterator[Answer]:
    answers = judged(
        resource.properties,
        ("kmsKeyName",),
        lambda found: not filled(found),
        "images are encrypted by a key that is not yours to take away; set kmsKeyName",
    )
    yield from asked(setting, answers, "prod")


def _immutable(resource: Resource, _: Setting) -> Iterator[Answer]:
    form, mode = read(resource.properties, "format"), read(resource.properties, "mode")
    if form is UNKNOWN or mode is UNKNOWN:
        yield from unknown(resource.properties, ("format",), ("mode",))
    elif form == "DOCKER" and mode in (None, "STANDARD_REPOSITORY"):
        yield from judged(
            resource.properties,
            ("dockerConfig", "immutableTags"),
            lambda found: found is not True,
            "a tag can be moved to another image; set dockerConfig.immutableTags to true",
        )


def _scanned(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("vulnerabilityScanningConfig", "enablementConfig"),
        lambda found: found == "DISABLED",
        "no image is looked at; set vulnerabilityScanningConfig.enablementConfig to INHERITED",
    )


def _tls12(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("minTlsVersion",),
        lambda found: found not in ("TLS_1_2", "TLS_1_3"),
        lambda found: f"{shown(found, 'TLS_1_0')} is broken; set minTlsVersion to TLS_1_2",
    )
    yield from judged(
        resource.properties,
        ("profile",),
        lambda found: found not in ("MODERN", "RESTRICTED"),
        lambda found: f"the profile {shown(found, 'COMPATIBLE')} has weak ciphers; write MODERN or RESTRICTED",
    )


RULES = (
    Rule(
        id="gar-not-public",
        title="No repository is open to everybody.",
        severity=Severity.CRITICAL,
        reason="Images hold the program, its faults, and often more than was meant.",
        remedy="Name users, groups or service accounts.",
        types=READERS,
        check=_not_public,
        references=("CKV_GCP_101",),
    ),
    Rule(
        id="gar-cmek",
        title="Images of prod are encrypted by a key of one's own.",
        severity=Severity.MEDIUM,
        reason="Only a key of your own says who may read, shows who did, and can be taken away.",
        remedy="Set kmsKeyName. It cannot be changed later.",
        types=REPOSITORY,
        check=_key,
        references=("CKV_GCP_84",),
        schema=tiers_schema("prod"),
    ),
    Rule(
        id="gar-immutable-tags",
        title="A tag in Artifact Registry stays what it was.",
        severity=Severity.HIGH,
        reason="Whoever may push can put another image behind a tag that was tested and approved.",
        remedy="Set dockerConfig.immutableTags to true.",
        types=REPOSITORY,
        check=_immutable,
    ),
    Rule(
        id="gar-scan",
        title="Artifact Registry looks at each image that is pushed.",
        severity=Severity.MEDIUM,
        reason="A known fault in an image is found before it runs, or by somebody else after.",
        remedy="Leave vulnerabilityScanningConfig out, or set it to INHERITED.",
        types=REPOSITORY,
        check=_scanned,
    ),
    Rule(
        id="gcp-tls12",
        title="A load balancer of Google speaks TLS 1.2 at the least, with strong ciphers.",
        severity=Severity.HIGH,
        reason="TLS 1.0 and 1.1 are broken and forbidden by every standard that counts.",
        remedy="Set minTlsVersion to TLS_1_2 and profile to MODERN.",
        types=TLS,
        check=_tls12,
        references=("CKV_GCP_4",),
    ),
)
