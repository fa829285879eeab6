"""Every container's lines into an Elasticsearch that exists: FireLens' router beside each service on ECS.

What the router does stands in ``components/logging/router.py``; here it becomes a container of the task, and its key a
secret that only who starts tasks may read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_aws.secretsmanager import Secret, SecretVersion

from components.aws.account import cluster_name, named
from components.aws.secrets import RECOVERY, Kept, rendered
from components.base import Component, Transform
from components.compared import stand_in
from components.image import version
from components.logging import router
from components.spec.environment import Environment
from components.spec.logging import ROUTER
from components.spec.service import Service, Sidecar

CONFIGURATION, CREDENTIAL = "ROUTER_CONFIG", "ELASTICSEARCH_CREDENTIAL"
"""Environment variables of the router: what it does, and its key."""
CPU, MEMORY = 0.05, 192
"""vCPU and MiB that it gets."""
BUFFER = 8192
"""Lines that ECS's log driver keeps while the router takes none; what is more is dropped, and the service goes on."""


def with_router(spec: Service, environment: Environment) -> Service:
    """The service with the router as one more sidecar; as it is where lines go to CloudWatch."""
    logs = environment.logging
    if logs is None or logs.elasticsearch is None:
        return spec
    described = router.Router(
        environment=environment.stack,
        platform=environment.platform,
        service=spec.name,
        namespace=cluster_name(environment),
        endpoint=logs.elasticsearch,
        credential="api-key" if logs.api_key else None,
    )
    sidecar = Sidecar(
        image=logs.agent,
        args=(f"--config=env:{CONFIGURATION}",),
        cpu=CPU,
        memory=MEMORY,
        environment={
            CONFIGURATION: json.dumps(router.configuration(described), sort_keys=True, separators=(",", ":")),
            "GOMEMLIMIT": f"{MEMORY * 8 // 10}MiB",
            "GOMAXPROCS": "1",
        },
    )
    return spec.model_copy(update={"sidecars": {**spec.sidecars, ROUTER: sidecar}})


@dataclass(frozen=True, kw_only=True)
class LogKeyArgs:
    """What the routers' key is made of.

    :param environment: Which of the secrets it is, is read from its ``logging`` part.
    :param key: ARN of the key that encrypts it.
    :param secrets: Secret values by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    key: pulumi.Input[str]
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class LogKey(Component):
    """The key with which the environment's routers add lines, in Secrets Manager."""

    kept: Kept
    """Where it is kept, by version: a new key is a new deployment of every service."""

    def __init__(self, name: str, args: LogKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:LogKey", name, opts, args.transforms)
        logs = args.environment.logging
        if logs is None or logs.api_key is None:
            raise ValueError("logging.apiKey is required where lines go to an Elasticsearch with a key")
        secret = Secret(
            f"{name}-secret",
            name=f"{named(args.environment)}/logging",
            description="The key with which lines are added to Elasticsearch",
            kms_key_id=args.key,
            recovery_window_in_days=RECOVERY[args.environment.tier],
            opts=self.child(),
        )
        value = SecretVersion(
            f"{name}-secret-version",
            secret_id=secret.id,
            secret_string=rendered({CREDENTIAL: args.secrets[logs.api_key]}),
            opts=self.child(),
        )
        self.kept = Kept(stand_in(secret.arn, "arn:of-the-secret"), stand_in(value.version_id, "version"))
        self.finish({"secret": secret.arn})


def directed(containers: Sequence[dict[str, Any]], image: pulumi.Input[str], key: Kept | None) -> list[dict[str, Any]]:
    """Containers of a task whose lines go to its router; as they are where it has none.

    The router itself goes on writing to CloudWatch. It ends with its task and its task with it, as AWS advises: a
    service whose lines are lost must be seen. ECS starts it before all others and stops it after them.
    """
    if not any(one["name"] == ROUTER for one in containers):
        return list(containers)
    return [_router(one, image, key) if one["name"] == ROUTER else _routed(one) for one in containers]


def _routed(container: dict[str, Any]) -> dict[str, Any]:
    options = {"log-driver-buffer-limit": str(BUFFER)}
    after = {"containerName": ROUTER, "condition": "START"}
    others = [one for one in container.get("dependsOn", []) if one["containerName"] != ROUTER]
    return {
        **container,
        "logConfiguration": {"logDriver": "awsfirelens", "options": options},
        "dependsOn": [*others, after],
    }


def _router(container: dict[str, Any], image: pulumi.Input[str], key: Kept | None) -> dict[str, Any]:
    known: list[tuple[str, pulumi.Input[str]]] = [(router.IMAGE, image), (router.VERSION, version(image))]
    made = {
        **{name: value for name, value in container.items() if name != "restartPolicy"},
        "essential": True,
        # ECS makes a configuration of Fluent Bit's beside the socket; the Collector has its own.
        "firelensConfiguration": {"type": "fluentbit"},
        "environment": [*container["environment"], *({"name": name, "value": value} for name, value in known)],
    }
    if key is not None:
        made["secrets"] = [{"name": CREDENTIAL, "valueFrom": key.variable(CREDENTIAL)}]
    return made
