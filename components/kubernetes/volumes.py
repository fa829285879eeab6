"""Directories that are not part of the image: scratch space and claims. Pure documents; ``service.py`` declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.naming import name as dns_name
from components.spec.service import Service

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import PersistentVolumeClaimSpecArgsDict, VolumeArgsDict, VolumeMountArgsDict


def claim_name(service: Service, volume: str) -> str:
    """Name of the claim behind a persistent volume."""
    return dns_name(service.name, volume)


def mounts(service: Service) -> list[VolumeMountArgsDict]:
    """Where the service's container sees its volumes."""
    return [
        {"name": key, "mount_path": volume.path, "read_only": volume.read_only}
        for key, volume in sorted(service.volumes.items())
    ]


def volumes(service: Service) -> list[VolumeArgsDict]:
    """The pod's side of the volumes. Scratch space has a limit: a full node hurts every pod on it."""
    return [
        {"name": key, "empty_dir": {"size_limit": f"{volume.size}Mi"}}
        if volume.kind == "scratch"
        else {"name": key, "persistent_volume_claim": {"claim_name": claim_name(service, key)}}
        for key, volume in sorted(service.volumes.items())
    ]


def claim_spec(size: int, storage_class: str | None) -> PersistentVolumeClaimSpecArgsDict:
    """A claim that every instance can mount at once.

    ReadWriteMany even where there is one instance: an update runs the old and the new one side by side,
    and access modes cannot be changed without losing the data.
    """
    spec: PersistentVolumeClaimSpecArgsDict = {
        "access_modes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": f"{size}Mi"}},
    }
    if storage_class is not None:
        spec["storage_class_name"] = storage_class
    return spec
