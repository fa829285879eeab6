"""ECR: a tag that stays what it was, images that are looked at, and nobody's business but the account's."""

from __future__ import annotations

from collections.abc import Iterator

from policies.iam.documents import anybody
from policies.reading import elements, filled, parsed
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    StackRule,
    Undecided,
    Violation,
    judged,
    read,
)

REPOSITORY = "aws:ecr/repository:Repository"
POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
PUBLIC = "aws:ecrpublic/repository:Repository"


def _immutable(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("imageTagMutability",),
        lambda found: found != "IMMUTABLE",
        "a tag can be moved to another image; set imageTagMutability to IMMUTABLE",
    )


def _scan(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("imageScanningConfiguration", "scanOnPush"),
        lambda found: found is not True,
        "no image is looked at when it is pushed; set scanOnPush to true",
    )


def _encrypted(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("encryptionConfigurations", 0, "encryptionType"),
        lambda found: found not in ("KMS", "KMS_DSSE"),
        "images are encrypted by a key that is not yours to take away; set encryptionType to KMS",
    )


def _not_public(resource: Resource, _: Setting) -> Iterator[Answer]:
    if resource.type == PUBLIC:
        yield Violation("a repository of ECR Public is there for the whole world; use a private one")
        return
    document = {"policy": parsed(read(resource.properties, "policy"))}
    for path, statement in elements(document, "policy", "Statement"):
        effect, principal = read(statement, "Effect"), read(statement, "Principal")
        if effect is UNKNOWN or principal is UNKNOWN:
            yield Undecided(path)
        elif effect == "Allow" and anybody(principal) and not filled(read(statement, "Condition")):
            yield Violation("everybody with an account at AWS may use the repository; name accounts or roles", path)


def _lifecycle(resources: tuple[Resource, ...], _: Setting) -> Iterator[tuple[Resource | None, Answer]]:
    policies = [each for each in resources if each.type == LIFECYCLE]
    named = [read(each.properties, "repository") for each in policies if not each.depends.get("repository")]
    linked = {urn for each in policies for urn in each.depends.get("repository", ())}
    for resource in resources:
        if resource.type == REPOSITORY and resource.urn not in linked:
            name = read(resource.properties, "name")
            if name is UNKNOWN or (UNKNOWN in named and name not in named):
                yield resource, Undecided("name")
            elif name not in named:
                yield resource, Violation("no image ever leaves the repository; give it an aws.ecr.LifecyclePolicy")


RULES = (
    Rule(
        id="ecr-immutable-tags",
        title="A tag in ECR stays what it was.",
        severity=Severity.HIGH,
        reason="Whoever may push can put another image behind a tag that was tested and approved.",
        remedy="Set imageTagMutability to IMMUTABLE.",
        types=frozenset({REPOSITORY}),
        check=_immutable,
        references=("CKV_AWS_51", "ECR.2"),
    ),
    Rule(
        id="ecr-scan-on-push",
        title="ECR looks at each image that is pushed.",
        severity=Severity.HIGH,
        reason="A known fault in an image is found before it runs, or by somebody else after.",
        remedy="Set imageScanningConfiguration.scanOnPush to true.",
        types=frozenset({REPOSITORY}),
        check=_scan,
        references=("CKV_AWS_163", "ECR.1"),
    ),
    Rule(
        id="ecr-kms",
        title="Images in ECR are encrypted by a key of KMS.",
        severity=Severity.MEDIUM,
        reason="Only a key of your own says who may read, shows who did, and can be taken away.",
        remedy="Set encryptionConfigurations[0] to KMS with kmsKey. It cannot be changed later.",
        types=frozenset({REPOSITORY}),
        check=_encrypted,
        references=("CKV_AWS_136", "ECR.5"),
    ),
    Rule(
        id="ecr-not-public",
        title="No repository is open to everybody.",
        severity=Severity.CRITICAL,
        reason="Images hold the program, its faults, and often more than was meant.",
        remedy="Name accounts or roles as principals, or limit the statement by a condition.",
        types=frozenset({POLICY, PUBLIC}),
        check=_not_public,
        references=("CKV_AWS_32",),
    ),
)

STACK_RULES = (
    StackRule(
        id="ecr-lifecycle",
        title="Images that nobody needs leave ECR.",
        severity=Severity.LOW,
        reason="Each build leaves one more, with faults that nobody mends and at a price.",
        remedy="Declare an aws.ecr.LifecyclePolicy for the repository.",
        check=_lifecycle,
        references=("ECR.3",),
    ),
)
