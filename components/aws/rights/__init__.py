"""Resource type -> the actions of AWS that declaring one takes: to read it, and to make, change and remove it. Pure.

The rights of a pipeline are made from this table and from the types that a stack declares ("Actions, resources, and
condition keys for AWS services", Service Authorization Reference). What the first apply of a stack makes once and what
cannot be limited to a resource (a key, a workspace, a namespace) is not made by a pipeline: an administrator applies
it, together with the rights that come with the type.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.aws.rights import network, services
from components.aws.rights.model import Grant, Rights

_CLUSTER = "arn:aws:ecs:{region}:{account}:cluster/{cluster}"
_REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/{path}*"
_SERVICE = "arn:aws:ecs:{region}:{account}:service/{cluster}/*"

RIGHTS: Mapping[str, Rights] = {**network.RIGHTS, **services.RIGHTS}
"""Every type that a stack on AWS may declare."""

DELIVERY = Rights(
    look=(
        "application-autoscaling:DescribeScalableTargets",
        "cloudwatch:GetMetricData",
        "ecr:GetAuthorizationToken",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "sts:GetCallerIdentity",
    ),
    read=(
        Grant(("ecs:DescribeServiceDeployments", "ecs:DescribeServices", "ecs:ListServiceDeployments"), (_SERVICE,)),
        Grant(("ecs:DescribeTasks",), ("arn:aws:ecs:{region}:{account}:task/{cluster}/*",)),
        Grant(("ecs:ListTasks",), ("*",), when=(("ecs:cluster", (_CLUSTER,)),)),
        Grant(("ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"), (_REPOSITORY,)),
    ),
    write=(
        Grant(
            (
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchDeleteImage",
                "ecr:CompleteLayerUpload",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ),
            (_REPOSITORY,),
        ),
    ),
)
"""What `caas` itself asks whatever is declared: what runs, how it does, and images that are pushed and marked."""
