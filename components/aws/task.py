"""The task definition of a service: containers, security, health, shutdown. Pure documents.

Container definitions are JSON, so their keys are those of the ECS API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.aws import sizes
from components.aws.rollout import grace
from components.spec import defaults
from components.spec.service import Service, Sidecar

ARCHITECTURES = {"arm64": "ARM64", "amd64": "X86_64"}
PORT_NAME = "http"
"""By which Service Connect knows the service's port."""

LONGEST_START = 300
"""Seconds that a container's own health check may be told to wait."""


def containers(
    service: Service, image: pulumi.Input[str], secrets: Mapping[str, pulumi.Input[str]], group: str, region: str
) -> list[dict[str, Any]]:
    """Every container of an instance, the service's own first.

    :param secrets: Variable -> ARN that its value is read from.
    :param group: Name of the log group.
    """
    sidecars = sorted(service.sidecars.items())
    own: dict[str, Any] = {
        **_common(service.name, image, service.user, service.rollout.stop_timeout, group, region),
        "essential": True,
        "cpu": sizes.units(service.cpu),
        "memory": service.memory,
        "environment": _variables({"PORT": str(service.port), **service.environment}),
        "secrets": [{"name": name, "valueFrom": source} for name, source in sorted(secrets.items())],
        "portMappings": [
            {
                "name": PORT_NAME,
                "containerPort": service.port,
                "hostPort": service.port,
                "protocol": "tcp",
                "appProtocol": "http",
            }
        ],
        "mountPoints": [
            {"sourceVolume": key, "containerPath": volume.path, "readOnly": volume.read_only}
            for key, volume in sorted(service.volumes.items())
        ],
        # Sidecars start before the service and, since it depends on them, stop after it.
        "dependsOn": [{"containerName": name, "condition": "START"} for name, _ in sidecars],
    }
    if service.command:
        own["entryPoint"] = list(service.command)
    if service.args:
        own["command"] = list(service.args)
    if service.health.command:
        own["healthCheck"] = _health(service)
    return [own, *(_sidecar(name, sidecar, service, group, region) for name, sidecar in sidecars)]


def _sidecar(name: str, sidecar: Sidecar, service: Service, group: str, region: str) -> dict[str, Any]:
    """A helper that is restarted by itself: it does not take the instance with it."""
    container: dict[str, Any] = {
        **_common(name, sidecar.image, service.user, service.rollout.stop_timeout, group, region),
        "essential": False,
        "restartPolicy": {"enabled": True, "restartAttemptPeriod": 60},
        "cpu": sizes.units(sidecar.cpu),
        "memory": sidecar.memory,
        "environment": _variables(sidecar.environment),
    }
    if sidecar.port is not None:
        container["portMappings"] = [
            {"containerPort": sidecar.port, "hostPort": sidecar.port, "protocol": "tcp"},
        ]
    if sidecar.command:
        container["entryPoint"] = list(sidecar.command)
    if sidecar.args:
        container["command"] = list(sidecar.args)
    return container


def _common(
    name: str, image: pulumi.Input[str], user: int, stop_timeout: int, group: str, region: str
) -> dict[str, Any]:
    """What holds for every container: nobody's root, nothing writable, no capabilities, a log."""
    return {
        "name": name,
        "image": image,
        "user": f"{user}:{user}",
        "privileged": False,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
        "stopTimeout": stop_timeout,
        "logConfiguration": log(group, region, name),
    }


def log(group: str, region: str, prefix: str) -> dict[str, Any]:
    """Where a container's output goes. Without blocking: a log that cannot be written must not stop the service."""
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": group,
            "awslogs-region": region,
            "awslogs-stream-prefix": prefix,
            "mode": "non-blocking",
            "max-buffer-size": "4m",
        },
    }


def _health(service: Service) -> dict[str, Any]:
    """Liveness: asked inside the container, which is replaced with its instance when it fails."""
    probe = defaults.probe(service, "liveness")
    return {
        "command": ["CMD", *service.health.command],
        "interval": probe.interval,
        "timeout": probe.timeout,
        "retries": probe.failures,
        "startPeriod": min(grace(service), LONGEST_START),
    }


def _variables(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Sorted: ECS keeps no order, and a task definition that differs in nothing else would be a new one."""
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def target_health(service: Service) -> dict[str, Any]:
    """Readiness: asked by the load balancer, which sends requests to healthy instances only."""
    probe = defaults.probe(service, "readiness")
    return {
        "enabled": True,
        "protocol": "HTTP",
        "path": probe.path,
        # Each instance on its own port, so that an update may change it.
        "port": "traffic-port" if probe.port == service.port else str(probe.port),
        "matcher": "200-399",
        "interval": probe.interval,
        "timeout": probe.timeout,
        "healthy_threshold": 2,
        "unhealthy_threshold": probe.failures,
    }
