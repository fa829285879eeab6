"""Directories that are not part of the image: task storage, and files on EFS that survive the instance.

Task storage needs no resource; what EFS needs is declared here, below the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import efs
from pulumi_aws.ec2 import SecurityGroup
from pulumi_aws.vpc import SecurityGroupEgressRule, SecurityGroupIngressRule

from components.aws.account import GROUP_LIMIT, named, tags
from components.aws.iam import Statement, document, file_statements, file_system_policy
from components.aws.network import Network
from components.spec.environment import Environment
from components.spec.service import Service, Volume

NFS = 2049


@dataclass(frozen=True)
class Files:
    """A file system of a service's own.

    :param system: Its id.
    :param arn: Its ARN.
    :param points: Volume -> (id, ARN) of the access point through which alone it is mounted.
    :param mounts: What must exist before an instance can mount it.
    """

    system: pulumi.Output[str]
    arn: pulumi.Output[str]
    points: Mapping[str, tuple[pulumi.Output[str], pulumi.Output[str]]]
    mounts: Sequence[pulumi.Resource]

    def statements(self, service: Service) -> list[Statement]:
        """What the service's role may do with it."""
        writable = any(not volume.read_only for volume in persistent(service).values())
        return file_statements(self.arn, [arn for _, arn in self.points.values()], writable)


def persistent(service: Service) -> dict[str, Volume]:
    """The volumes that survive an instance; sorted."""
    return {key: one for key, one in sorted(service.volumes.items()) if one.kind == "persistent"}


def volumes(service: Service, files: Files | None) -> list[dict[str, Any]]:
    """The task definition's side: encrypted on the way, and through an access point only."""
    found: list[dict[str, Any]] = []
    for key, volume in sorted(service.volumes.items()):
        if volume.kind == "scratch" or files is None:
            found.append({"name": key})
            continue
        point, _ = files.points[key]
        configuration = {
            "file_system_id": files.system,
            "transit_encryption": "ENABLED",
            "authorization_config": {"access_point_id": point, "iam": "ENABLED"},
        }
        found.append({"name": key, "efs_volume_configuration": configuration})
    return found


def declare_files(
    prefix: str,
    service: Service,
    environment: Environment,
    network: Network,
    group: pulumi.Output[str],
    key: pulumi.Input[str],
    child: pulumi.ResourceOptions,
) -> Files | None:
    """The file system behind a service's persistent volumes; None where it has none.

    :param group: The service's security group: the only one that may mount.
    :param child: Options of a child of the service.
    """
    wanted = persistent(service)
    if not wanted:
        return None
    own_tags = tags(environment, service)
    system = efs.FileSystem(
        f"{prefix}-files",
        creation_token=named(environment, service.name),
        encrypted=True,
        kms_key_id=key,
        throughput_mode="elastic",
        tags={"Name": named(environment, service.name), **own_tags},
        opts=child,
    )
    points = {}
    for name in wanted:
        point = efs.AccessPoint(
            f"{prefix}-files-{name}",
            file_system_id=system.id,
            posix_user={"uid": service.user, "gid": service.user},
            root_directory={
                "path": f"/{name}",
                "creation_info": {"owner_uid": service.user, "owner_gid": service.user, "permissions": "0750"},
            },
            tags=own_tags,
            opts=child,
        )
        points[name] = (point.id, point.arn)
    own = _group(prefix, service, environment, network, group, child)
    mounts = [
        efs.MountTarget(
            f"{prefix}-files-mount-{index}",
            file_system_id=system.id,
            subnet_id=subnet,
            security_groups=[own],
            opts=child,
        )
        for index, subnet in enumerate(network.private_subnets)
    ]
    return Files(system.id, system.arn, points, mounts)


def restrict(
    prefix: str, files: Files, service: Service, role: pulumi.Input[str], child: pulumi.ResourceOptions
) -> pulumi.Resource:
    """The file system's own policy: this role only, and never without TLS."""
    policy: pulumi.Resource = efs.FileSystemPolicy(
        f"{prefix}-files-policy",
        file_system_id=files.system,
        policy=document(*file_system_policy(role, files.statements(service))),
        opts=child,
    )
    return policy


def _group(
    prefix: str,
    service: Service,
    environment: Environment,
    network: Network,
    clients: pulumi.Output[str],
    child: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """The file system's security group: the service's instances may mount it, and nobody else."""
    group = SecurityGroup(
        f"{prefix}-files-group",
        name=named(environment, service.name, "files", limit=GROUP_LIMIT),
        description="Files of one service",
        vpc_id=network.vpc,
        tags=tags(environment, service),
        opts=child,
    )
    ports = {"ip_protocol": "tcp", "from_port": NFS, "to_port": NFS}
    SecurityGroupIngressRule(
        f"{prefix}-files-in",
        security_group_id=group.id,
        description="Instances of the service",
        referenced_security_group_id=clients,
        opts=child,
        **ports,
    )
    SecurityGroupEgressRule(
        f"{prefix}-files-out",
        security_group_id=clients,
        description="Files of the service",
        referenced_security_group_id=group.id,
        opts=child,
        **ports,
    )
    identity: pulumi.Output[str] = group.id
    return identity
