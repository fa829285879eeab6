"""The pod template of a service: containers, security, resources, shutdown, placement.

Pure documents. Field names are those of the Kubernetes API in snake_case, as the provider's SDK has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

from components.image import version
from components.kubernetes.metadata import DIGEST
from components.kubernetes.probes import liveness, readiness, startup
from components.kubernetes.volumes import mounts, volumes
from components.spec.service import Service, Sidecar

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import (
        ContainerArgsDict,
        EnvVarArgsDict,
        PodSpecArgsDict,
        PodTemplateSpecArgsDict,
        ResourceRequirementsArgsDict,
        SecretKeySelectorArgsDict,
        SecurityContextArgsDict,
        TopologySpreadConstraintArgsDict,
    )

CONTAINER_SECURITY: SecurityContextArgsDict = {
    "allow_privilege_escalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "read_only_root_filesystem": True,
}


def pod_template(
    service: Service,
    image: pulumi.Input[str],
    *,
    labels: Mapping[str, str],
    selector: Mapping[str, str],
    secret: pulumi.Output[str] | None,
    pull_secret: pulumi.Output[str] | None,
) -> PodTemplateSpecArgsDict:
    """The template of a service's pods.

    :param labels: Labels of the pods; they contain the selector.
    :param selector: What the service's pods are found by.
    :param secret: Name of the Secret with the configured secret values.
    :param pull_secret: Name of the Secret that pulls the images.
    """
    spec: PodSpecArgsDict = {
        "automount_service_account_token": False,
        "containers": [_container(service, image, secret)],
        "enable_service_links": False,
        "security_context": {
            "fs_group": service.user,
            "fs_group_change_policy": "OnRootMismatch",
            "run_as_group": service.user,
            "run_as_non_root": True,
            "run_as_user": service.user,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "service_account_name": service.name,
        "termination_grace_period_seconds": service.rollout.stop_timeout,
        "topology_spread_constraints": _spread(selector),
    }
    if service.sidecars:
        spec["init_containers"] = [_sidecar(name, sidecar) for name, sidecar in sorted(service.sidecars.items())]
    if service.volumes:
        spec["volumes"] = volumes(service)
    if pull_secret is not None:
        spec["image_pull_secrets"] = [{"name": pull_secret}]
    return {"metadata": {"labels": {**labels, DIGEST: version(image)}}, "spec": spec}


def _container(service: Service, image: pulumi.Input[str], secret: pulumi.Output[str] | None) -> ContainerArgsDict:
    container: ContainerArgsDict = {
        "name": service.name,
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "env": _environment({"PORT": str(service.port), **service.environment}) + _secret_variables(service, secret),
        "ports": [{"name": "http", "container_port": service.port, "protocol": "TCP"}],
        "resources": _resources(service.cpu, service.memory, _scratch(service)),
        "security_context": CONTAINER_SECURITY,
        "readiness_probe": readiness(service),
        "liveness_probe": liveness(service),
        "startup_probe": startup(service),
    }
    if service.command:
        container["command"] = list(service.command)
    if service.args:
        container["args"] = list(service.args)
    if service.volumes:
        container["volume_mounts"] = mounts(service)
    if service.rollout.endpoint_lag:
        # A native action: the image needs no shell. The pod serves on while the load balancers notice.
        container["lifecycle"] = {"pre_stop": {"sleep": {"seconds": service.rollout.endpoint_lag}}}
    return container


def _sidecar(name: str, sidecar: Sidecar) -> ContainerArgsDict:
    """A native sidecar: starts before the service and stops after it."""
    container: ContainerArgsDict = {
        "name": name,
        "image": sidecar.image,
        "image_pull_policy": "IfNotPresent",
        "env": _environment(sidecar.environment),
        "resources": _resources(sidecar.cpu, sidecar.memory),
        "restart_policy": "Always",
        "security_context": CONTAINER_SECURITY,
    }
    if sidecar.command:
        container["command"] = list(sidecar.command)
    if sidecar.args:
        container["args"] = list(sidecar.args)
    if sidecar.port:
        container["ports"] = [{"container_port": sidecar.port, "protocol": "TCP"}]
    return container


def _environment(values: Mapping[str, str]) -> list[EnvVarArgsDict]:
    return [{"name": key, "value": value} for key, value in sorted(values.items())]


LOG_STORAGE = 128
"""MiB on the node's disk for what a container writes to its log: the kubelet keeps five files of 10 MiB (its defaults
containerLogMaxFiles and containerLogMaxSize) and one more while it turns them over; twice that, so that only a
container that writes elsewhere is ever ended for it."""


def resources(service: Service) -> list[ResourceRequirementsArgsDict]:
    """What each container of an instance asks for, the service's own first."""
    own = _resources(service.cpu, service.memory, _scratch(service))
    return [own, *(_resources(one.cpu, one.memory) for _, one in sorted(service.sidecars.items()))]


def _scratch(service: Service) -> int:
    """MiB of the scratch volumes, which the node counts towards the pod's storage."""
    return sum(volume.size for volume in service.volumes.values() if volume.kind == "scratch")


def _resources(cpu: float, memory: int, scratch: int = 0) -> ResourceRequirementsArgsDict:
    """CPU is requested and may be exceeded while the node has some to spare: a limit would throttle a service
    that could have answered. Memory and disk cannot be taken back, so request and limit are the same."""
    fixed = {"memory": f"{memory}Mi", "ephemeral-storage": f"{scratch + LOG_STORAGE}Mi"}
    return {"limits": fixed, "requests": {"cpu": f"{round(cpu * 1000)}m", **fixed}}


def _spread(selector: Mapping[str, str]) -> list[TopologySpreadConstraintArgsDict]:
    """Over zones, then over nodes, as far as there are any.

    A wish and not a condition: a cluster of one zone, or one that has lost a zone, must still run the service.
    Counting per pod template keeps the spread even during an update.
    """
    return [
        {
            "label_selector": {"match_labels": dict(selector)},
            "match_label_keys": ["pod-template-hash"],
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _secret_variables(service: Service, own: pulumi.Output[str] | None) -> list[EnvVarArgsDict]:
    """Container variables that read from Secrets.

    :param own: Name of the Secret with the configured values; None where there are none.
    """
    entries: list[EnvVarArgsDict] = []
    for variable, source in sorted(service.secrets.items()):
        if source.reference is not None:
            existing, _, key = source.reference.partition("/")
            reference: SecretKeySelectorArgsDict = {"name": existing, "key": key}
        else:
            reference = {"name": own, "key": variable}
        entries.append({"name": variable, "value_from": {"secret_key_ref": reference}})
    return entries
