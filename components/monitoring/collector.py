"""The collector that stands beside a service where no Prometheus looks into the platform: it asks the service for its
metrics and writes them to a managed Prometheus. Pure; the configuration is the OpenTelemetry Collector's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.monitoring import objectives
from components.monitoring.objectives import Place, Subject
from components.spec.environment import Environment
from components.spec.service import Service, Sidecar

NAME = "collector"
"""The container's name: no sidecar of a service may have it."""
CPU, MEMORY = 0.1, 128
"""vCPU and MiB that it gets."""
ENDPOINT = "REMOTE_WRITE_URL"
"""Environment variable that holds where it writes to: known only once that is declared."""
SCRAPE = 30
"""Seconds between two looks at a service."""


@dataclass(frozen=True)
class Sender:
    """How a platform's managed Prometheus knows who writes to it."""

    authenticator: str
    """The extension that signs what is sent, such as ``sigv4auth``."""
    settings: Mapping[str, Any]
    """Of that extension."""
    detectors: tuple[str, ...]
    """Who tells which instance and version it is: resource detectors, such as ``ecs``."""


def configuration(subject: Subject, sender: Sender) -> dict[str, Any]:
    """What the collector does: look, bound its own memory, put together, send.

    :raises ValueError: The service has no metrics.
    """
    spec = subject.service
    if spec.metrics_path is None:
        raise ValueError(f"service {spec.name} has no metrics to collect")
    look = {
        "job_name": spec.name,
        "metrics_path": spec.metrics_path,
        "scrape_interval": f"{subject.scrape}s",
        # All containers of an instance share its loopback.
        "static_configs": [{"targets": [f"localhost:{spec.port}"], "labels": subject.identity}],
    }
    return {
        "extensions": {sender.authenticator: dict(sender.settings)},
        "receivers": {"prometheus": {"config": {"scrape_configs": [look]}}},
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": MEMORY * 3 // 4},
            "resourcedetection": {"detectors": list(sender.detectors), "timeout": "5s"},
            "batch": {},
        },
        "exporters": {
            "prometheusremotewrite": {
                "endpoint": f"${{env:{ENDPOINT}}}",
                "auth": {"authenticator": sender.authenticator},
                # Instance and version become labels: the dashboards tell them apart by these.
                "resource_to_telemetry_conversion": {"enabled": True},
            }
        },
        "service": {
            "extensions": [sender.authenticator],
            "pipelines": {
                "metrics": {
                    "receivers": ["prometheus"],
                    "processors": ["memory_limiter", "resourcedetection", "batch"],
                    "exporters": ["prometheusremotewrite"],
                }
            },
        },
    }


def subject(spec: Service, environment: Environment) -> Subject:
    """Whose objective it is that a collector looks at, as the rules name it."""
    return objectives.subject(spec, environment, SCRAPE)


def beside(
    spec: Service, environment: Environment, image: str, sender: Sender, variable: str, command: tuple[str, ...] = ()
) -> Service:
    """The service with a collector as one more sidecar.

    :param variable: Environment variable from which the image's collector takes its configuration.
    """
    sidecar = Sidecar(
        image=image,
        command=command,
        cpu=CPU,
        memory=MEMORY,
        environment={variable: json.dumps(configuration(subject(spec, environment), sender), sort_keys=True)},
    )
    return spec.model_copy(update={"sidecars": {**spec.sidecars, NAME: sidecar}})


def place(subject: Subject) -> Place:
    """Where the managed Prometheus finds what a collector has written: by the labels that it gave."""
    return Place(",".join(f'{name}="{value}"' for name, value in subject.identity.items()))
