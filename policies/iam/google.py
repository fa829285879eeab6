"""IAM of Google Cloud: no role from before there were roles, nobody who is everybody, no key that never ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from policies.reading import elements, filled, shown
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, Violation, judged, read

ABOVE = ("projects", "folder", "organizations")
"""Where a role reaches everything below."""

WIDE = frozenset(f"gcp:{module}/iAM{kind}:IAM{kind}" for module in ABOVE for kind in ("Member", "Binding"))

SINGLE = frozenset(
    f"gcp:{module}/{name}{kind}:{name[:1].upper()}{name[1:]}{kind}"
    for module, name in (
        ("cloudrun", "iam"),
        ("cloudrunv2", "serviceIam"),
        ("kms", "cryptoKeyIAM"),
        ("kms", "keyRingIAM"),
        ("pubsub", "topicIAM"),
        ("secretmanager", "secretIam"),
        ("serviceaccount", "iAM"),
        ("storage", "bucketIAM"),
    )
    for kind in ("Member", "Binding")
)
"""Where a role reaches one resource. Repositories of images have a rule of their own (policies/gcp)."""

KEY = frozenset({"gcp:serviceaccount/key:Key"})
PROVIDER = frozenset({"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"})

BASIC = ("roles/owner", "roles/editor", "roles/viewer")

IMPERSONATION = (
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityUser",
)
"""Roles that make their holder any service account of the project, where they are given on the project."""

EVERYBODY = ("allUsers", "allAuthenticatedUsers")


def _basic(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("role",),
        lambda found: found in BASIC,
        lambda found: f"{found} allows thousands of actions on everything below; give the role of what is done",
    )


def _impersonation(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("role",),
        lambda found: found in IMPERSONATION,
        lambda found: f"{found} here is for every service account below; give it on the one that is meant",
    )


def _everybody(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, member in chain(elements(resource.properties, "member"), elements(resource.properties, "members")):
        if member is UNKNOWN:
            yield Undecided(path)
        elif member in EVERYBODY:
            yield Violation(f"{member} is everybody there is; name who", path)
        elif str(member).startswith("principalSet:") and str(member).endswith("/*"):
            yield Violation("everybody whom an identity pool knows; name an attribute, such as the repository", path)


def _key(resource: Resource, _: Setting) -> Iterator[Answer]:
    """Where the public half is given, the private one never comes here."""
    name = shown(read(resource.properties, "serviceAccountId"), "a service account")
    message = f"a key of {name} stands in the stack's state and works for whoever has it; use Workload Identity"
    yield from judged(resource.properties, ("publicKeyData",), lambda found: not filled(found), message)


def _provider(resource: Resource, _: Setting) -> Iterator[Answer]:
    if read(resource.properties, "oidc") is not None:
        yield from judged(
            resource.properties,
            ("attributeCondition",),
            lambda found: not filled(found) or str(found).strip() == "true",
            "every token of the provider is taken, whoever asked for it; set attributeCondition to a repository",
        )


RULES = (
    Rule(
        id="gcp-no-basic-roles",
        title="Nobody is owner, editor or viewer of a project.",
        severity=Severity.HIGH,
        reason="These roles allow nearly everything, and what they allow grows with every new service.",
        remedy="Give the role of what is done, such as roles/artifactregistry.writer.",
        types=WIDE,
        check=_basic,
        references=("CKV_GCP_117", "CKV_GCP_115", "CKV_GCP_116"),
    ),
    Rule(
        id="gcp-no-project-impersonation",
        title="Nobody may act as every service account of a project.",
        severity=Severity.HIGH,
        reason="The holder has the rights of all of them together.",
        remedy="Give the role on the one service account that is meant.",
        types=WIDE,
        check=_impersonation,
        references=("CKV_GCP_41", "CKV_GCP_45", "CKV_GCP_49"),
    ),
    Rule(
        id="gcp-no-public-members",
        title="No role is given to everybody.",
        severity=Severity.CRITICAL,
        reason="allUsers is the world, and allAuthenticatedUsers is everybody with an address at Google.",
        remedy="Name users, groups or service accounts; of an identity pool name an attribute.",
        types=WIDE | SINGLE,
        check=_everybody,
        references=("CKV_GCP_28", "CKV_GCP_112", "CKV_GCP_102"),
    ),
    Rule(
        id="gcp-no-service-account-keys",
        title="No stack makes a key of a service account.",
        severity=Severity.HIGH,
        reason="A key never ends by itself, works from everywhere, and stands in the state of the stack.",
        remedy="Use Workload Identity, in the cluster and from the pipeline; at worst give the public half of a key.",
        types=KEY,
        check=_key,
        references=("CIS GCP 1.4",),
    ),
    Rule(
        id="gcp-oidc-scoped",
        title="An identity provider's tokens are taken from those who are meant only.",
        severity=Severity.HIGH,
        reason="Without a condition every repository at the provider may ask for the pool's identities.",
        remedy="Set attributeCondition, such as assertion.repository == 'team/shop'.",
        types=PROVIDER,
        check=_provider,
        references=("CKV_GCP_125",),
    ),
)
