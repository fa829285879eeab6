"""Who may become whom, and who may use what: trust in roles, and the policies of keys, buckets and queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.iam.documents import ROLE, Statement, account, anybody, statements
from policies.reading import several
from policies.rule import Answer, Resource, Rule, Setting, Severity, Undecided, Violation, read

SHARED: Mapping[str, str] = {
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
}
"""Resource -> where the document stands that says who may use it."""

LIMITING = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principaltag/",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "elasticfilesystem:accesspointarn",
    "kms:calleraccount",
    "sts:externalid",
)
"""Keys of conditions that say who is meant where the principal does not."""

WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


def _limited(found: Statement) -> bool:
    """Whether a condition says who: one that must hold, with values that are not everything."""
    return any(
        key.startswith(LIMITING) and _holds(operator) and "*" not in values
        for operator, key, values in found.conditions()
    )


def _holds(operator: str) -> bool:
    """Whether a condition with this operator fails where the key is missing or differs."""
    return "Not" not in operator and not operator.startswith("ForAllValues:") and not operator.endswith("IfExists")


def _names_one(subject: str) -> bool:
    """Whether a subject names one repository, project or service account, at the least.

    What stands before the first wildcard counts: ``repo:team/shop:*`` names one, ``repo:team/*`` does not, and in
    ``system:serviceaccount:shop:*`` it is the namespace. A subject that is an address, as with Jenkins, has to
    hold the whole job.
    """
    fixed = subject.replace("?", "*").partition("*")[0]
    if fixed == subject:
        return bool(subject)
    if fixed.startswith("https://"):
        return fixed.count("/") >= "https://host/job/name/".count("/")
    return fixed.count(":") >= (3 if fixed.startswith("system:serviceaccount:") else 2)


def _trust(resource: Resource, _: Setting) -> Iterator[Answer]:
    for found in statements(read(resource.properties, "assumeRolePolicy"), "assumeRolePolicy"):
        if isinstance(found, Undecided):
            yield found
            continue
        principal = read(found.body, "Principal")
        at = f"{found.at}.Principal"
        if found.has("NotPrincipal") or anybody(principal):
            yield Violation("everybody with an account at AWS may take the role; name who", at)
        whole = [text for text in several(read(principal, "AWS")) if account(str(text))]
        if whole and not _limited(found):
            yield Violation(
                f"all of account {account(str(whole[0]))} may take the role; name roles, or ask for sts:ExternalId",
                at,
            )
        if WEB_IDENTITY in found.texts("Action"):
            yield from _web_identity(found)


def _web_identity(found: Statement) -> Iterator[Answer]:
    tests = [
        (key, values)
        for operator, key, values in found.conditions()
        if operator.rpartition(":")[2].startswith("String") and _holds(operator)
    ]
    subjects = [values for key, values in tests if key.endswith(":sub")]
    if not any(values and all(_names_one(value) for value in values) for values in subjects):
        yield Violation(
            "everybody whom the identity provider knows may take the role; ask for the subject of one repository or "
            "service account (StringLike on …:sub)",
            f"{found.at}.Condition",
        )
    if not any(key.endswith(":aud") and "*" not in values for key, values in tests):
        yield Violation(
            "a token that was made for somebody else opens the role as well; ask for its audience (…:aud)",
            f"{found.at}.Condition",
        )


def _shared(resource: Resource, _: Setting) -> Iterator[Answer]:
    key = SHARED.get(resource.type, "policy")
    if read(resource.properties, key) is None:
        return
    for found in statements(read(resource.properties, key), key):
        if isinstance(found, Undecided):
            yield found
        elif (found.has("NotPrincipal") or anybody(read(found.body, "Principal"))) and not _limited(found):
            yield Violation(
                "everybody may use it; name who, or limit the statement by a condition", f"{found.at}.Principal"
            )


RULES = (
    Rule(
        id="iam-trust-scoped",
        title="A role says who exactly may take it.",
        severity=Severity.HIGH,
        reason="A role that a whole account, or every pipeline of a provider, may take is theirs.",
        remedy="Name roles or services; for OIDC ask for the subject and the audience of the token.",
        types=frozenset({ROLE}),
        check=_trust,
        references=("CKV_AWS_60", "CKV_AWS_61", "CKV_AWS_358"),
    ),
    Rule(
        id="iam-no-public-principal",
        title="No key, bucket, queue or secret is open to everybody.",
        severity=Severity.CRITICAL,
        reason="Whoever guesses the name reads it, or fills it.",
        remedy="Name accounts, roles or services as principals, or limit the statement by a condition.",
        types=frozenset(SHARED),
        check=_shared,
        references=("CKV_AWS_33", "CKV_AWS_70", "CKV_AWS_168", "S3.6", "SQS.3", "SNS.4"),
    ),
)
