"""What one instance of a service is: the containers of its group, their security, health and variables. Pure documents.

The group itself is never declared: a profile describes it, and an NGroup keeps so many of them (``service.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.azure import sizes
from components.secrets import DIGEST_LENGTH, content_digest
from components.spec import defaults
from components.spec.service import Service, Sidecar

SECURITY: dict[str, Any] = {
    "privileged": False,
    "allow_privilege_escalation": False,
    "capabilities": {"drop": ["ALL"]},
}
"""Of every container. A file system that cannot be written to is not to be had."""


def containers(
    service: Service, image: pulumi.Input[str], secrets: Mapping[str, pulumi.Input[str]]
) -> list[dict[str, Any]]:
    """Every container of an instance, the service's own first.

    :param secrets: Variable -> value, which Azure never gives out again.
    """
    size = sizes.own(service)
    own: dict[str, Any] = {
        "name": service.name,
        "image": image,
        "ports": [{"port": service.port, "protocol": "TCP"}],
        "resources": _resources(size),
        "environment_variables": [
            *_variables({"PORT": str(service.port), **service.environment}),
            *({"name": name, "secure_value": value} for name, value in sorted(secrets.items())),
        ],
        "security_context": {**SECURITY, "run_as_user": service.user, "run_as_group": service.user},
        "readiness_probe": _asked(service, "readiness"),
    }
    if service.command or service.args:
        own["command"] = [*service.command, *service.args]
    if (liveness := _liveness(service)) is not None:
        own["liveness_probe"] = liveness
    mounts = [
        {"name": key, "mount_path": volume.path, "read_only": volume.read_only}
        for key, volume in sorted(service.volumes.items())
    ]
    if mounts:
        own["volume_mounts"] = mounts
    return [own, *(_sidecar(name, one, service) for name, one in sorted(service.sidecars.items()))]


def volumes(service: Service) -> list[dict[str, Any]]:
    """Scratch directories, emptied with the instance."""
    return [{"name": key, "empty_dir": {}} for key in sorted(service.volumes)]


def _sidecar(name: str, sidecar: Sidecar, service: Service) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": name,
        "image": sidecar.image,
        "resources": _resources(sizes.asked(sidecar.cpu, sidecar.memory)),
        "environment_variables": _variables(sidecar.environment),
        "security_context": {**SECURITY, "run_as_user": service.user, "run_as_group": service.user},
    }
    if sidecar.port is not None:
        container["ports"] = [{"port": sidecar.port, "protocol": "TCP"}]
    if sidecar.command or sidecar.args:
        container["command"] = [*sidecar.command, *sidecar.args]
    return container


def _resources(size: sizes.Size) -> dict[str, Any]:
    both = {"cpu": size.cpu, "memory_in_gb": size.memory}
    return {"requests": both, "limits": both}


def _variables(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def _asked(service: Service, role: defaults.Role) -> dict[str, Any]:
    probe = defaults.probe(service, role)
    return {
        "http_get": {"path": probe.path, "port": probe.port, "scheme": "http"},
        "period_seconds": probe.interval,
        "timeout_seconds": probe.timeout,
        "failure_threshold": probe.failures,
    }


def _liveness(service: Service) -> dict[str, Any] | None:
    """Asked over HTTP or inside the container, once the service has had its time to start: there is no probe for that
    alone. None where it is a TCP connect, which Azure cannot do: a process that ends is started again all the same."""
    startup = defaults.probe(service, "startup")
    first = {"initial_delay_seconds": startup.interval * startup.failures}
    if service.health.command:
        probe = defaults.probe(service, "liveness")
        return {
            "exec_": {"command": list(service.health.command)},
            "period_seconds": probe.interval,
            "timeout_seconds": probe.timeout,
            "failure_threshold": probe.failures,
            **first,
        }
    if service.health.liveness.path is None:
        return None
    return {**_asked(service, "liveness"), **first}


def revision(
    service: Service,
    image: pulumi.Input[str],
    salt: str,
    secrets: Mapping[str, pulumi.Output[str]],
    found: Sequence[pulumi.Input[str]] = (),
) -> pulumi.Output[str]:
    """A digest of everything in which one release differs from another: a new one is a new profile.

    :param salt: Of the secrets' part; see ``components/secrets.py``.
    :param found: What else it is told that only Azure knows.
    """
    placeholders: dict[str, pulumi.Input[str]] = dict.fromkeys(secrets, "")
    described = json.dumps([containers(service, "", placeholders), volumes(service)], sort_keys=True)
    held: pulumi.Output[dict[str, str]] = pulumi.Output.all(**secrets) if secrets else pulumi.Output.from_input({})
    values = held.apply(lambda known: content_digest(f"{salt}/{service.name}", known))
    together: pulumi.Output[str] = pulumi.Output.all(image, pulumi.Output.unsecret(values), *found).apply(
        lambda known: hashlib.sha256(json.dumps([described, *known]).encode()).hexdigest()[:DIGEST_LENGTH]
    )
    return together
