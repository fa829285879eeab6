"""What AWS's policies give to whoever holds them: no star, no way to give oneself more, no administrator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from policies.iam.documents import GRANTS, ROLE, Statement, covers, granted
from policies.reading import elements
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, Violation

ATTACHMENTS = frozenset(
    {
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
        "aws:iam/policyAttachment:PolicyAttachment",
    }
)

WITHOUT_RESOURCE = (
    "acm:ListCertificates",
    "application-autoscaling:Describe*",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListMetrics",
    "ec2:Describe*",
    "ecr:GetAuthorizationToken",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListTaskDefinitions",
    "elasticloadbalancing:Describe*",
    "kms:ListAliases",
    "kms:ListKeys",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "ssmmessages:*Channel",
    "sts:GetCallerIdentity",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
"""Actions that look or write only what is the account's, and that know no resource ("Actions, resources, and condition
keys", Service Authorization Reference)."""

NARROWING = ("aws:resourcetag/", "aws:resourceaccount", "cloudwatch:namespace", "ecs:cluster", "ssm:resourcetag/")
"""Keys of conditions that say which resources are meant where the resource itself is a star."""

ALONE = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
)
"""Actions with each of which a holder takes whatever right there is, where they reach any user, role or policy."""

PASS = "iam:PassRole"  # noqa: S105 - an action of IAM
STARTERS = (
    "cloudformation:CreateStack",
    "codebuild:CreateProject",
    "ec2:RunInstances",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "glue:CreateDevEndpoint",
    "glue:CreateJob",
    "lambda:CreateFunction",
    "sagemaker:CreateNotebookInstance",
    "states:CreateStateMachine",
)
"""Actions that run something as the role that is passed: together with PassRole for any role, all rights there are."""

BOUNDARY = "iam:permissionsboundary"

ADMINISTRATORS = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")


def _stars(resource: Resource, _: Setting) -> Iterator[Answer]:
    for found in granted(resource):
        if isinstance(found, Undecided):
            yield found
            continue
        for key in ("NotAction", "NotResource"):
            if found.has(key):
                yield Violation(f"{key} allows everything but a few; name what is allowed", f"{found.at}.{key}")
        broad = [action for action in found.texts("Action") if action == "*" or action.endswith(":*")]
        if broad:
            yield Violation(f"{_listed(broad)} allows every action; name those that are needed", f"{found.at}.Action")
        elif "*" in found.texts("Resource") and not _narrowed(found):
            wide = [action for action in found.texts("Action") if not _without_resource(action)]
            if wide:
                text = f"{_listed(wide)} on every resource there is; name the resources"
                yield Violation(text, f"{found.at}.Resource")


def _listed(actions: Iterable[str]) -> str:
    return ", ".join(sorted(actions))


def _without_resource(action: str) -> bool:
    return any(covers(known, action) for known in WITHOUT_RESOURCE)


def _narrowed(found: Statement) -> bool:
    return any(key.startswith(NARROWING) for _operator, key, _values in found.conditions())


def _any_target(found: Statement) -> bool:
    """Whether the statement reaches users, roles or policies that nobody has named."""
    return found.has("NotResource") or any(
        target == "*" or target.endswith((":*", "/*")) for target in found.texts("Resource")
    )


def _escalation(resource: Resource, _: Setting) -> Iterator[Answer]:
    passes, starts = [], []
    for found in granted(resource):
        if isinstance(found, Undecided):
            yield found
            continue
        actions = found.texts("Action")
        starts += [starter for pattern, starter in product(actions, STARTERS) if covers(pattern, starter)]
        bounded = any(key == BOUNDARY for _operator, key, _values in found.conditions())
        if not _any_target(found) or bounded:
            continue
        alone = {action for pattern, action in product(actions, ALONE) if covers(pattern, action)}
        if alone:
            text = f"with {_listed(alone)} the holder can take any right; name whom it may change, or set a boundary"
            yield Violation(text, f"{found.at}.Action")
        if any(covers(pattern, PASS) for pattern in actions):
            passes.append(found.at)
    if passes and starts:
        text = f"{PASS} for any role and {_listed(set(starts))} run a program with all rights there are; name the role"
        yield Violation(text, f"{passes[0]}.Resource")


def _administrator(resource: Resource, _: Setting) -> Iterator[Answer]:
    key = "managedPolicyArns" if resource.type == ROLE else "policyArn"
    for path, arn in elements(resource.properties, key):
        if arn is UNKNOWN:
            yield Undecided(path)
        elif str(arn).endswith(tuple(f":aws:policy/{name}" for name in ADMINISTRATORS)):
            name = str(arn).rpartition("/")[2]
            yield Violation(f"{name} allows nearly everything; write a policy of what is needed", path)


RULES = (
    Rule(
        id="iam-no-star",
        title="A policy names what it allows.",
        severity=Severity.CRITICAL,
        reason="Whoever takes over the holder has every right that the star stands for, today's and tomorrow's.",
        remedy="Name actions and resources; where an action knows no resource, give it a statement of its own.",
        types=frozenset(GRANTS),
        check=_stars,
        references=("CKV_AWS_63", "CKV_AWS_355", "CKV_AWS_62", "IAM.1", "IAM.21"),
    ),
    Rule(
        id="iam-no-privilege-escalation",
        title="No policy lets its holder take more rights.",
        severity=Severity.CRITICAL,
        reason="Every limit set elsewhere is void: one call, and the holder is administrator.",
        remedy="Name the roles or users that may be changed or passed, or ask for a permissions boundary.",
        types=frozenset(GRANTS),
        check=_escalation,
        references=("CKV_AWS_286",),
    ),
    Rule(
        id="iam-no-administrator",
        title="Nobody is given AWS's policies for administrators.",
        severity=Severity.CRITICAL,
        reason="A service or a pipeline with such a policy hands the account to whoever takes it over.",
        remedy="Write a policy of the actions and resources that are needed.",
        types=ATTACHMENTS | {ROLE},
        check=_administrator,
        references=("CKV_AWS_274",),
    ),
)
