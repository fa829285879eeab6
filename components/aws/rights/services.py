"""What services and all that is kept for them take: containers, images, scaling, secrets, files, logs, alarms, roles.
Pure data."""

from __future__ import annotations

from collections.abc import Mapping

from components.aws.rights.model import Grant, Rights, ec2, simple

_ALARM = "arn:aws:cloudwatch:{region}:{account}:alarm:{name}*"
_BUCKET = "arn:aws:s3:::{name}-access-logs*"
_FILES = "arn:aws:elasticfilesystem:{region}:{account}:file-system/*"
_KEY = "arn:aws:kms:{region}:{account}:key/*"
_REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/{path}*"
_ROLE = "arn:aws:iam::{account}:role/{role}*"
_SECRET = "arn:aws:secretsmanager:{region}:{account}:secret:{name}*"  # noqa: S105 - a name
_SERVICE = "arn:aws:ecs:{region}:{account}:service/{cluster}/*"
_TASK = "arn:aws:ecs:{region}:{account}:task-definition/{name}*"
_TARGET = "arn:aws:application-autoscaling:{region}:{account}:scalable-target/*"
_TOPIC = "arn:aws:sns:{region}:{account}:{name}*"
_WORKSPACE = "arn:aws:aps:{region}:{account}:workspace/*"

_AUTOSCALING = "application-autoscaling:"
_SCALES = (f"{_AUTOSCALING}ListTagsForResource",)

_BOUNDED = (("iam:PermissionsBoundary", ("{boundary}",)),)
PASSED_TO = ("ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "vpc-flow-logs.amazonaws.com")
"""Who may be handed a role of the environment: those whom its roles trust."""

RIGHTS: Mapping[str, Rights] = {
    "aws:amp/alertManagerDefinition:AlertManagerDefinition": simple(
        _WORKSPACE,
        "aps:DescribeAlertManagerDefinition",
        "aps:CreateAlertManagerDefinition aps:DeleteAlertManagerDefinition aps:PutAlertManagerDefinition",
        own=True,
    ),
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": Rights(
        read=(
            Grant(
                ("aps:DescribeRuleGroupsNamespace", "aps:ListTagsForResource"),
                ("arn:aws:aps:{region}:{account}:rulegroupsnamespace/*",),
            ),
        ),
        write=(
            Grant(("aps:CreateRuleGroupsNamespace",), (_WORKSPACE,), own=True),
            Grant(
                ("aps:DeleteRuleGroupsNamespace", "aps:PutRuleGroupsNamespace", "aps:TagResource", "aps:UntagResource"),
                ("arn:aws:aps:{region}:{account}:rulegroupsnamespace/*",),
            ),
        ),
    ),
    "aws:amp/workspace:Workspace": simple(
        _WORKSPACE,
        "aps:DescribeWorkspace aps:ListTagsForResource",
        "aps:DeleteWorkspace aps:TagResource aps:UntagResource aps:UpdateWorkspaceAlias",
        own=True,
    ),
    "aws:appautoscaling/policy:Policy": Rights(
        (f"{_AUTOSCALING}DescribeScalingPolicies",),
        write=(Grant((f"{_AUTOSCALING}DeleteScalingPolicy", f"{_AUTOSCALING}PutScalingPolicy"), (_TARGET,)),),
    ),
    "aws:appautoscaling/scheduledAction:ScheduledAction": Rights(
        (f"{_AUTOSCALING}DescribeScheduledActions",),
        write=(Grant((f"{_AUTOSCALING}DeleteScheduledAction", f"{_AUTOSCALING}PutScheduledAction"), (_TARGET,)),),
    ),
    "aws:appautoscaling/target:Target": Rights(
        (f"{_AUTOSCALING}DescribeScalableTargets",),
        (Grant(_SCALES, (_TARGET,)),),
        (
            Grant(
                (
                    f"{_AUTOSCALING}DeregisterScalableTarget",
                    f"{_AUTOSCALING}RegisterScalableTarget",
                    f"{_AUTOSCALING}TagResource",
                    f"{_AUTOSCALING}UntagResource",
                ),
                (_TARGET,),
            ),
        ),
    ),
    "aws:cloudwatch/dashboard:Dashboard": simple(
        "arn:aws:cloudwatch::{account}:dashboard/{name}*",
        "cloudwatch:GetDashboard",
        "cloudwatch:DeleteDashboards cloudwatch:PutDashboard",
    ),
    "aws:cloudwatch/logGroup:LogGroup": simple(
        "arn:aws:logs:{region}:{account}:log-group:{logs}/*",
        "logs:ListTagsForResource",
        "logs:AssociateKmsKey logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy "
        "logs:PutRetentionPolicy logs:TagResource logs:UntagResource",
        "logs:DescribeLogGroups",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": simple(
        _ALARM,
        "cloudwatch:ListTagsForResource",
        "cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm cloudwatch:TagResource cloudwatch:UntagResource",
        "cloudwatch:DescribeAlarms",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": simple(
        _REPOSITORY, "ecr:GetLifecyclePolicy", "ecr:DeleteLifecyclePolicy ecr:PutLifecyclePolicy"
    ),
    "aws:ecr/repository:Repository": simple(
        _REPOSITORY,
        "ecr:DescribeRepositories ecr:ListTagsForResource",
        "ecr:CreateRepository ecr:DeleteRepository ecr:PutImageScanningConfiguration ecr:PutImageTagMutability "
        "ecr:TagResource ecr:UntagResource",
    ),
    "aws:ecs/cluster:Cluster": simple(
        "arn:aws:ecs:{region}:{account}:cluster/{cluster}",
        "ecs:DescribeClusters",
        "ecs:CreateCluster ecs:DeleteCluster ecs:PutClusterCapacityProviders ecs:TagResource ecs:UntagResource "
        "ecs:UpdateCluster ecs:UpdateClusterSettings",
    ),
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": simple(
        "arn:aws:ecs:{region}:{account}:cluster/{cluster}", "ecs:DescribeClusters", "ecs:PutClusterCapacityProviders"
    ),
    "aws:ecs/service:Service": simple(
        _SERVICE,
        "ecs:DescribeServices",
        "ecs:CreateService ecs:DeleteService ecs:TagResource ecs:UntagResource ecs:UpdateService",
    ),
    "aws:ecs/taskDefinition:TaskDefinition": Rights(
        ("ecs:DescribeTaskDefinition",),
        write=(
            Grant(("ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource"), (_TASK,)),
            # The action knows no resource; a definition that is deregistered still runs where it runs.
            Grant(("ecs:DeregisterTaskDefinition",), ("*",)),
        ),
    ),
    "aws:efs/accessPoint:AccessPoint": Rights(
        read=(
            Grant(
                ("elasticfilesystem:DescribeAccessPoints",),
                (_FILES, "arn:aws:elasticfilesystem:{region}:{account}:access-point/*"),
            ),
        ),
        write=(
            Grant(("elasticfilesystem:CreateAccessPoint", "elasticfilesystem:TagResource"), (_FILES,), own=True),
            Grant(
                (
                    "elasticfilesystem:DeleteAccessPoint",
                    "elasticfilesystem:TagResource",
                    "elasticfilesystem:UntagResource",
                ),
                ("arn:aws:elasticfilesystem:{region}:{account}:access-point/*",),
                own=True,
            ),
        ),
    ),
    "aws:efs/fileSystem:FileSystem": Rights(
        read=(
            Grant(
                ("elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeLifecycleConfiguration"), (_FILES,)
            ),
        ),
        write=(
            Grant(("elasticfilesystem:CreateFileSystem", "elasticfilesystem:TagResource"), (_FILES,)),
            Grant(
                (
                    "elasticfilesystem:DeleteFileSystem",
                    "elasticfilesystem:PutLifecycleConfiguration",
                    "elasticfilesystem:UntagResource",
                    "elasticfilesystem:UpdateFileSystem",
                ),
                (_FILES,),
                own=True,
            ),
        ),
    ),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": simple(
        _FILES,
        "elasticfilesystem:DescribeFileSystemPolicy",
        "elasticfilesystem:DeleteFileSystemPolicy elasticfilesystem:PutFileSystemPolicy",
        own=True,
    ),
    "aws:efs/mountTarget:MountTarget": Rights(
        ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        (
            Grant(
                ("elasticfilesystem:DescribeMountTargets", "elasticfilesystem:DescribeMountTargetSecurityGroups"),
                (_FILES,),
            ),
        ),
        (
            Grant(
                (
                    "elasticfilesystem:CreateMountTarget",
                    "elasticfilesystem:DeleteMountTarget",
                    "elasticfilesystem:ModifyMountTargetSecurityGroups",
                ),
                (_FILES,),
                own=True,
            ),
            Grant(("ec2:CreateNetworkInterface",), (ec2("network-interface"), ec2("subnet"), ec2("security-group"))),
            Grant(("ec2:DeleteNetworkInterface",), (ec2("network-interface"),)),
        ),
    ),
    # Only the pipeline's own identity and the boundary are such policies: read with it, changed by no pipeline.
    "aws:iam/policy:Policy": Rights(),
    # Which rights a role can have is bounded (see ci_identity.py); the bound itself no pipeline may take away.
    "aws:iam/role:Role": Rights(
        read=(
            Grant(
                (
                    "iam:GetRole",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                ),
                (_ROLE,),
            ),
        ),
        write=(
            Grant(("iam:CreateRole",), (_ROLE,), when=_BOUNDED),
            Grant(
                (
                    "iam:DeleteRole",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                    "iam:UpdateRoleDescription",
                ),
                (_ROLE,),
            ),
            Grant(("iam:PassRole",), (_ROLE,), when=(("iam:PassedToService", PASSED_TO),)),
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": Rights(
        read=(Grant(("iam:GetRolePolicy",), (_ROLE,)),),
        write=(Grant(("iam:DeleteRolePolicy", "iam:PutRolePolicy"), (_ROLE,), when=_BOUNDED),),
    ),
    "aws:kms/alias:Alias": Rights(
        ("kms:ListAliases",),
        write=(
            Grant(
                ("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"),
                ("arn:aws:kms:{region}:{account}:alias/{name}*",),
            ),
        ),
    ),
    "aws:kms/key:Key": simple(
        _KEY,
        "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags",
        "kms:CreateGrant kms:Decrypt kms:EnableKeyRotation kms:Encrypt kms:GenerateDataKey kms:PutKeyPolicy "
        "kms:TagResource kms:UntagResource kms:UpdateKeyDescription",
        own=True,
    ),
    "aws:s3/bucket:Bucket": simple(
        _BUCKET,
        "s3:GetAccelerateConfiguration s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketLogging "
        "s3:GetBucketObjectLockConfiguration s3:GetBucketPolicy s3:GetBucketRequestPayment s3:GetBucketTagging "
        "s3:GetBucketVersioning s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration "
        "s3:GetReplicationConfiguration s3:ListBucket",
        "s3:CreateBucket s3:DeleteBucket s3:PutBucketTagging",
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": simple(
        _BUCKET, "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": simple(
        _BUCKET, "s3:GetBucketPolicy", "s3:DeleteBucketPolicy s3:PutBucketPolicy"
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": simple(
        _BUCKET, "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": simple(
        _BUCKET, "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration"
    ),
    "aws:secretsmanager/secret:Secret": simple(
        _SECRET,
        "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy",
        "secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:RestoreSecret "
        "secretsmanager:TagResource secretsmanager:UntagResource secretsmanager:UpdateSecret",
    ),
    # A version is read with its value; whoever previews gets no value and takes what the state says.
    "aws:secretsmanager/secretVersion:SecretVersion": simple(
        _SECRET,
        "",
        "secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage",
    ),
    "aws:servicediscovery/httpNamespace:HttpNamespace": simple(
        "arn:aws:servicediscovery:{region}:{account}:namespace/*",
        "servicediscovery:GetNamespace servicediscovery:ListTagsForResource",
        "servicediscovery:DeleteNamespace servicediscovery:TagResource servicediscovery:UntagResource",
        own=True,
    ),
    "aws:sns/topic:Topic": simple(
        _TOPIC,
        "sns:GetTopicAttributes sns:ListTagsForResource",
        "sns:CreateTopic sns:DeleteTopic sns:SetTopicAttributes sns:TagResource sns:UntagResource",
    ),
    "aws:sns/topicPolicy:TopicPolicy": simple(_TOPIC, "sns:GetTopicAttributes", "sns:SetTopicAttributes"),
    "aws:sns/topicSubscription:TopicSubscription": simple(
        _TOPIC, "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes sns:Subscribe sns:Unsubscribe"
    ),
}
