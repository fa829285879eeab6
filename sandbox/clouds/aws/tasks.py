"""ECS task definitions: Fargate's sizes, and what containers may say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Reference, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

GIB = 1024

FARGATE: dict[int, tuple[int, ...]] = {
    256: (512, GIB, 2 * GIB),
    512: tuple(GIB * each for each in range(1, 5)),
    1024: tuple(GIB * each for each in range(2, 9)),
    2048: tuple(GIB * each for each in range(4, 17)),
    4096: tuple(GIB * each for each in range(8, 31)),
    8192: tuple(GIB * each for each in range(16, 61, 4)),
    16384: tuple(GIB * each for each in range(32, 121, 8)),
}
"""Memory in MiB that Fargate gives with each number of CPU units."""

CONTAINER_KEYS = frozenset(
    [
        "command",
        "cpu",
        "credentialSpecs",
        "dependsOn",
        "disableNetworking",
        "dnsSearchDomains",
        "dnsServers",
        "dockerLabels",
        "dockerSecurityOptions",
        "entryPoint",
        "environment",
        "environmentFiles",
        "essential",
        "extraHosts",
        "firelensConfiguration",
        "healthCheck",
        "hostname",
        "image",
        "interactive",
        "links",
        "linuxParameters",
        "logConfiguration",
        "memory",
        "memoryReservation",
        "mountPoints",
        "name",
        "portMappings",
        "privileged",
        "pseudoTerminal",
        "readonlyRootFilesystem",
        "repositoryCredentials",
        "resourceRequirements",
        "restartPolicy",
        "secrets",
        "startTimeout",
        "stopTimeout",
        "systemControls",
        "ulimits",
        "user",
        "versionConsistency",
        "volumesFrom",
        "workingDirectory",
    ]
)
"""What a container definition may hold, by the API's reference."""


def containers(values: Values) -> list[dict[str, Any]]:
    """The container definitions of a task definition whose text is known."""
    found = json.loads(values["containerDefinitions"])
    return found if isinstance(found, list) else []


def _check(inputs: Values) -> Iterator[Failure]:
    text = inputs.get("containerDefinitions")
    if text is None or UNKNOWN in text:
        return
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        yield Failure(
            "containerDefinitions", "ECS Task Definition container_definitions is invalid: a list is expected"
        )
        return
    for container in found:
        for key in sorted(container.keys() - CONTAINER_KEYS):
            reason = f"container {container.get('name')!r}: unknown key {key!r}"
            yield Failure("containerDefinitions", f"ECS Task Definition container_definitions is invalid: {reason}")


def _refuse(message: str) -> CloudError:
    return CloudError("ClientException", message)


def _admit(call: Call) -> None:
    found = containers(call.inputs)
    names = [each.get("name") for each in found]
    if not found:
        raise _refuse("Container list cannot be empty.")
    if len(set(names)) != len(names):
        raise _refuse("Container names should be unique within a task definition.")
    if not any(each.get("essential", True) for each in found):
        raise _refuse("Invalid setting for container list. At least one container must be essential.")
    volumes = {each.get("name") for each in call.inputs.get("volumes") or ()}
    for container in found:
        _admit_container(container, volumes)
        for other in container.get("dependsOn", ()):
            if other.get("containerName") not in names:
                raise _refuse(f"Container {container['name']} depends on an unknown container: {other}.")
    if "FARGATE" in (call.inputs.get("requiresCompatibilities") or ()):
        _admit_fargate(call.inputs, found)


def _admit_container(container: dict[str, Any], volumes: set[Any]) -> None:
    if not container.get("image"):
        raise _refuse("Container.image should not be null or empty.")
    for mount in container.get("mountPoints", ()):
        if mount.get("sourceVolume") not in volumes:
            raise _refuse(f"Unknown volume '{mount.get('sourceVolume')}'.")
    if not 0 <= container.get("stopTimeout", 30) <= 120:
        raise _refuse("Invalid stop timeout: it must be between 0 and 120 seconds.")


def _admit_fargate(inputs: Values, found: list[dict[str, Any]]) -> None:
    if inputs.get("networkMode") != "awsvpc":
        raise _refuse("Fargate only supports network mode 'awsvpc'.")
    cpu, memory = inputs.get("cpu"), inputs.get("memory")
    if not cpu or not memory:
        raise _refuse(f"Fargate requires task definition to have {'cpu' if not cpu else 'memory'} specified.")
    if not str(cpu).isdigit() or int(memory) not in FARGATE.get(int(cpu), ()):
        raise _refuse(f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")
    needs = [
        each["name"]
        for each in found
        if each.get("secrets") or each.get("logConfiguration", {}).get("logDriver") == "awslogs"
    ]
    if needs and not inputs.get("executionRoleArn"):
        raise _refuse(f"Fargate requires task definition to have execution role ARN to support {needs[0]}.")
    if any(each.get("privileged") for each in found):
        raise _refuse("Fargate does not support privileged containers.")
    if sum(each.get("memory", 0) for each in found) > int(memory):
        raise _refuse("The memory of the containers is more than the task's memory.")


def _make(call: Call) -> dict[str, Any]:
    family = call.inputs["family"]
    revision = call.world.count(f"task-definition/{call.scope.region}/{family}")
    bare = arn(call.scope, "ecs", f"task-definition/{family}")
    # The plug-in's id is the family, which all revisions share.
    return {"id": family, "arn": f"{bare}:{revision}", "arnWithoutRevision": bare, "revision": revision}


def role(*, holds: bool = False) -> Reference:
    """A role by its ARN."""
    return Reference(
        tokens.ROLE,
        "arn",
        "ClientException",
        "Role is not valid: {value} does not exist or cannot be assumed.",
        holds=holds,
        everywhere=True,
        # A role of another account, or one that the account's owner made.
        foreign=r"arn:aws:iam::(?!123456789012:).*|arn:aws:iam::\d+:role/aws-service-role/.*",
    )


KIND = Kind(
    tokens.TASK_DEFINITION,
    "ECS",
    "Task Definition",
    _make,
    computed=("arn", "arnWithoutRevision", "revision"),
    replaces=frozenset(
        {
            "containerDefinitions",
            "cpu",
            "enableFaultInjection",
            "ephemeralStorage",
            "executionRoleArn",
            "family",
            "ipcMode",
            "memory",
            "networkMode",
            "pidMode",
            "placementConstraints",
            "proxyConfiguration",
            "requiresCompatibilities",
            "runtimePlatform",
            "taskRoleArn",
            "volumes",
        }
    ),
    name=Name(
        "family", 255, r"[a-zA-Z0-9_-]+", "is no family: letters, digits, hyphens and underscores only", auto=False
    ),
    keyed="arn",
    defaults={"skipDestroy": False, "trackLatest": False, "enableFaultInjection": False},
    unread=frozenset({"skipDestroy", "trackLatest"}),
    choices={
        "networkMode": ("bridge", "host", "awsvpc", "none"),
        "requiresCompatibilities": ("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"),
        "runtimePlatform.cpuArchitecture": ("X86_64", "ARM64"),
        "pidMode": ("host", "task"),
        "ipcMode": ("host", "none", "task"),
    },
    ranges={"ephemeralStorage.sizeInGib": (21, 200)},
    documents=frozenset({"containerDefinitions"}),
    references={"executionRoleArn": role(), "taskRoleArn": role()},
    check=_check,
    admit=_admit,
)
