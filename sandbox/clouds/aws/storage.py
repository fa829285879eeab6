"""S3 buckets with their settings, and EFS."""

from __future__ import annotations

from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import address, arn, hex_id, tail
from sandbox.clouds.aws.network import GROUP, IN_SUBNET
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique

OF_BUCKET = Reference(
    tokens.BUCKET, "bucket", "NoSuchBucket", "The specified bucket does not exist: {value}", holds=False
)
OF_FILE_SYSTEM = Reference(
    tokens.FILE_SYSTEM, "id", "FileSystemNotFound", "File system '{value}' does not exist.", holds=True
)


def _bucket(call: Call) -> dict[str, Any]:
    name, region = call.inputs["bucket"], call.scope.region
    return {
        "id": name,
        "arn": arn(call.scope, "s3", name, region="", account=""),
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "bucketRegion": region,
        "hostedZoneId": "Z21DNDUVLTQW6Q",
    }


def _admit_bucket(call: Call) -> None:
    """Names are one for the whole world, whatever the region."""
    for region, kind, id_, _ in call.world.everything():
        if call.old is None and kind == tokens.BUCKET and id_ == call.inputs["bucket"]:
            text = f"Your previous request to create the named bucket succeeded and you already own it ({region})."
            raise CloudError("BucketAlreadyOwnedByYou", text, 409)


def _empty(call: Call) -> None:
    if call.platform.get("objects") and not call.inputs.get("forceDestroy"):
        raise CloudError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)


def _setting(name: str, noun: str, **more: Any) -> Kind:
    """A setting of a bucket: a resource of its own to the plug-in, whose id is the bucket's."""
    token = f"aws:s3/{name[0].lower()}{name[1:]}:{name}"
    references = {"bucket": OF_BUCKET}
    return Kind(
        token,
        "S3",
        noun,
        lambda call: {"id": call.inputs["bucket"]},
        replaces=frozenset({"bucket"}),
        references=references,
        **more,
    )


def _file_system(call: Call) -> dict[str, Any]:
    id_ = hex_id("fs")
    return {
        "id": id_,
        "arn": arn(call.scope, "elasticfilesystem", f"file-system/{id_}"),
        "dnsName": f"{id_}.efs.{call.scope.region}.amazonaws.com",
        "ownerId": call.scope.account,
        "numberOfMountTargets": 0,
        "creationToken": call.inputs.get("creationToken") or f"terraform-{tail()}",
        "kmsKeyId": call.inputs.get("kmsKeyId"),
    }


def _mount_target(call: Call) -> dict[str, Any]:
    subnet = call.the(tokens.SUBNET, "id", call.inputs["subnetId"]) or {}
    system, zone = call.inputs["fileSystemId"], subnet.get("availabilityZone")
    host = f"{system}.efs.{call.scope.region}.amazonaws.com"
    return {
        "id": hex_id("fsmt"),
        "availabilityZoneName": zone,
        "availabilityZoneId": subnet.get("availabilityZoneId"),
        "dnsName": host,
        "mountTargetDnsName": f"{zone}.{host}",
        "fileSystemArn": arn(call.scope, "elasticfilesystem", f"file-system/{system}"),
        "ipAddress": call.inputs.get("ipAddress") or address(public=False),
        "networkInterfaceId": hex_id("eni"),
        "ownerId": call.scope.account,
    }


def _admit_mount_target(call: Call) -> None:
    subnet = call.the(tokens.SUBNET, "id", call.inputs["subnetId"]) or {}
    for other in call.others("aws:efs/mountTarget:MountTarget"):
        same = other["fileSystemId"] == call.inputs["fileSystemId"]
        if same and other["availabilityZoneName"] == subnet.get("availabilityZone"):
            raise CloudError("MountTargetConflict", "mount target already exists in this AZ", 409)


def _access_point(call: Call) -> dict[str, Any]:
    id_, system = hex_id("fsap"), call.inputs["fileSystemId"]
    return {
        "id": id_,
        "arn": arn(call.scope, "elasticfilesystem", f"access-point/{id_}"),
        "fileSystemArn": arn(call.scope, "elasticfilesystem", f"file-system/{system}"),
        "ownerId": call.scope.account,
    }


KINDS = (
    Kind(
        tokens.BUCKET,
        "S3",
        "Bucket",
        _bucket,
        computed=("arn", "bucketDomainName", "bucketRegionalDomainName", "bucketRegion", "hostedZoneId"),
        replaces=frozenset({"bucket", "bucketPrefix", "objectLockEnabled"}),
        name=Name(
            "bucket",
            63,
            r"(?=.{3,})(?!xn--)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]*[a-z0-9]",
            "is no valid bucket name: 3 to 63 lower-case letters, digits, dots and hyphens",
        ),
        defaults={"forceDestroy": False},
        unread=frozenset({"forceDestroy"}),
        documents=frozenset({"policy"}),
        quota=Quota(10000, "TooManyBuckets", "You have attempted to create more buckets than allowed"),
        admit=_admit_bucket,
        release=_empty,
    ),
    _setting("BucketPolicy", "Bucket Policy", documents=frozenset({"policy"})),
    _setting("BucketPublicAccessBlock", "Bucket Public Access Block"),
    _setting("BucketLifecycleConfiguration", "Bucket Lifecycle Configuration"),
    _setting("BucketOwnershipControls", "Bucket Ownership Controls"),
    _setting("BucketServerSideEncryptionConfiguration", "Bucket Server-side Encryption Configuration"),
    _setting(
        "BucketVersioning",
        "Bucket Versioning",
        choices={"versioningConfiguration.status": ("Enabled", "Suspended", "Disabled")},
    ),
    _setting("BucketLogging", "Bucket Logging"),
    Kind(
        tokens.FILE_SYSTEM,
        "EFS",
        "File System",
        _file_system,
        computed=("arn", "dnsName", "ownerId", "numberOfMountTargets", "creationToken", "kmsKeyId"),
        replaces=frozenset({"creationToken", "encrypted", "kmsKeyId", "performanceMode", "availabilityZoneName"}),
        defaults={"encrypted": False, "performanceMode": "generalPurpose", "throughputMode": "bursting"},
        choices={
            "performanceMode": ("generalPurpose", "maxIO"),
            "throughputMode": ("bursting", "provisioned", "elastic"),
        },
        unique=Unique(("creationToken",), "FileSystemAlreadyExists", "File system with token {value} already exists"),
        held=("FileSystemInUse", "File system '{id}' has mount targets or access points and cannot be deleted."),
        quota=Quota(1000, "FileSystemLimitExceeded", "The maximum number of file systems is {limit}."),
    ),
    Kind(
        "aws:efs/mountTarget:MountTarget",
        "EFS",
        "Mount Target",
        _mount_target,
        computed=(
            "availabilityZoneName",
            "availabilityZoneId",
            "dnsName",
            "mountTargetDnsName",
            "fileSystemArn",
            "ipAddress",
            "networkInterfaceId",
            "ownerId",
        ),
        replaces=frozenset({"fileSystemId", "subnetId", "ipAddress"}),
        references={"fileSystemId": OF_FILE_SYSTEM, "subnetId": IN_SUBNET, "securityGroups": GROUP},
        admit=_admit_mount_target,
    ),
    Kind(
        "aws:efs/accessPoint:AccessPoint",
        "EFS",
        "Access Point",
        _access_point,
        computed=("arn", "fileSystemArn", "ownerId"),
        replaces=frozenset({"fileSystemId", "posixUser", "rootDirectory"}),
        references={"fileSystemId": OF_FILE_SYSTEM},
        quota=Quota(10000, "AccessPointLimitExceeded", "The maximum is {limit}.", per="fileSystemId"),
    ),
    *(
        Kind(
            f"aws:efs/{name[0].lower()}{name[1:]}:{name}",
            "EFS",
            noun,
            lambda call: {"id": call.inputs["fileSystemId"]},
            replaces=frozenset({"fileSystemId"}),
            documents=documents,
            references={"fileSystemId": Reference(**{**vars(OF_FILE_SYSTEM), "holds": False})},
        )
        for name, noun, documents in (
            ("FileSystemPolicy", "File System Policy", frozenset({"policy"})),
            ("BackupPolicy", "Backup Policy", frozenset[str]()),
        )
    ),
)
