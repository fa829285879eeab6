"""ECS task definitions: what a container may do on its host, what it holds in plain text, where its log goes.

The containers are JSON text; while a part of it is unknown all of it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.reading import filled, named, parsed, several, unknown
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    Violation,
    dotted,
    items,
    judged,
    read,
)
from policies.secrecy import secret_name, secret_value

TASKS = frozenset({"aws:ecs/taskDefinition:TaskDefinition"})

CONTAINERS = "containerDefinitions"

Place = tuple[tuple[str | int, ...], Any, Any]
"""Path of a container, the container, and the document that both stand in."""


def _containers(resource: Resource) -> Iterator[Place]:
    document = {CONTAINERS: parsed(read(resource.properties, CONTAINERS))}
    yield from ((path, container, document) for path, container in items(document, CONTAINERS))


def _privileged(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container, document in _containers(resource):
        message = f"{named(container)} is privileged, which makes it root on its host; leave privileged out"
        yield from judged(document, (*path, "privileged"), lambda found: found not in (None, False), message)


def _read_only(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container, document in _containers(resource):
        message = f"{named(container)} can write to its image; set readonlyRootFilesystem to true"
        yield from judged(document, (*path, "readonlyRootFilesystem"), lambda found: found is not True, message)


def _is_root(user: Any) -> bool:
    """None is the image's own user, which is root unless the image says otherwise."""
    return str(user or "").split(":")[0].strip() in ("", "0", "root")


def _non_root(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container, document in _containers(resource):
        message = f"{named(container)} runs as root, or as whoever its image says; set user to a number other than 0"
        yield from judged(document, (*path, "user"), _is_root, message)


def _capabilities(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container, document in _containers(resource):
        of = (*path, "linuxParameters", "capabilities")
        yield from judged(
            document,
            (*of, "drop"),
            lambda found: "ALL" not in several(found),
            f"{named(container)} keeps capabilities of the kernel; drop ALL",
        )
        yield from judged(
            document,
            (*of, "add"),
            filled,
            f"{named(container)} is given capabilities of the kernel; add none",
        )


def _host_processes(resource: Resource, _: Setting) -> Iterator[Answer]:
    for key, what in (("pidMode", "processes"), ("ipcMode", "shared memory")):
        message = f"its containers see the {what} of the host; leave {key} out"
        yield from judged(resource.properties, (key,), lambda found: found == "host", message)


def _host_network(resource: Resource, _: Setting) -> Iterator[Answer]:
    message = "its containers use the network of the host, past every security group of their own; write awsvpc"
    yield from judged(resource.properties, ("networkMode",), lambda found: found == "host", message)


def _host_path(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, volume in items(resource.properties, "volumes"):
        name = read(volume, "name")
        message = f"volume {name!r} is a directory of the host; use EFS, or a volume of the task"
        yield from judged(resource.properties, (*path, "hostPath"), filled, message)


def _secret_environment(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container, document in _containers(resource):
        for at, variable in items(document, *path, "environment"):
            name, value = read(variable, "name"), read(variable, "value")
            if name is UNKNOWN or value is UNKNOWN:
                yield Undecided(dotted(*at))
            elif filled(value) and (secret_name(name) or secret_value(value)):
                yield Violation(
                    f"{named(container)} holds a secret in plain text as {name}; name it under secrets, by the ARN of "
                    "where it is kept",
                    dotted(*at),
                )


def _logs(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, container, document in _containers(resource):
        message = f"{named(container)} writes its log to nowhere; set logConfiguration"
        yield from judged(
            document,
            (*path, "logConfiguration", "logDriver"),
            lambda found: not filled(found) or found == "none",
            message,
        )


def _roles(resource: Resource, _: Setting) -> Iterator[Answer]:
    own, execution = (read(resource.properties, key) for key in ("taskRoleArn", "executionRoleArn"))
    if own is None or execution is None:
        return
    if own is UNKNOWN or execution is UNKNOWN:
        yield from unknown(resource.properties, ("taskRoleArn",), ("executionRoleArn",))
    elif own == execution:
        yield Violation(
            "the containers hold the rights of what starts them: to pull images and to read secrets; "
            "give the task a role of its own",
            "taskRoleArn",
        )


def _files(resource: Resource, _: Setting) -> Iterator[Answer]:
    for path, volume in items(resource.properties, "volumes"):
        of = (*path, "efsVolumeConfiguration")
        if read(resource.properties, *of) is not None:
            name = read(volume, "name")
            message = f"volume {name!r} is read and written in plain text; set transitEncryption to ENABLED"
            yield from judged(
                resource.properties, (*of, "transitEncryption"), lambda found: found != "ENABLED", message
            )


RULES = (
    Rule(
        id="ecs-no-privileged",
        title="No ECS container is privileged.",
        severity=Severity.CRITICAL,
        reason="Whoever takes over the container is root on its host, and so in every other container there.",
        remedy="Leave privileged out; give the one capability that is needed, if any.",
        types=TASKS,
        check=_privileged,
        references=("CKV_AWS_334", "ECS.4"),
    ),
    Rule(
        id="ecs-readonly-rootfs",
        title="An ECS container cannot write to its own image.",
        severity=Severity.HIGH,
        reason="Whoever breaks in can put other programs in place of those that were tested.",
        remedy="Set readonlyRootFilesystem to true and mount a volume where the service has to write.",
        types=TASKS,
        check=_read_only,
        references=("CKV_AWS_336", "ECS.5"),
    ),
    Rule(
        id="ecs-non-root-user",
        title="An ECS container does not run as root.",
        severity=Severity.HIGH,
        reason="A fault in the kernel or the runtime is worth far more to root than to anybody else.",
        remedy="Set user to a number other than 0, such as 10001:10001.",
        types=TASKS,
        check=_non_root,
        references=("ECS.20",),
    ),
    Rule(
        id="ecs-capabilities",
        title="An ECS container has no capability of the kernel that it does not need.",
        severity=Severity.MEDIUM,
        reason="Docker leaves fourteen capabilities to every container, among them to forge packets.",
        remedy='Set linuxParameters.capabilities to {"drop": ["ALL"]}.',
        types=TASKS,
        check=_capabilities,
        references=("kube-score: container-security-context", "CIS Docker 5.4"),
    ),
    Rule(
        id="ecs-no-host-pid",
        title="ECS containers do not see the processes or the shared memory of their host.",
        severity=Severity.HIGH,
        reason="A container could read what other processes hold in memory and end them.",
        remedy="Leave pidMode and ipcMode out, or write task.",
        types=TASKS,
        check=_host_processes,
        references=("CKV_AWS_335", "ECS.3"),
    ),
    Rule(
        id="ecs-no-host-network",
        title="ECS containers have a network of their own.",
        severity=Severity.MEDIUM,
        reason="On the host's network a container listens on its addresses and can ask for the host's credentials.",
        remedy="Set networkMode to awsvpc.",
        types=TASKS,
        check=_host_network,
        references=("ECS.17", "ECS.1"),
    ),
    Rule(
        id="ecs-no-host-path",
        title="ECS containers mount no directory of their host.",
        severity=Severity.HIGH,
        reason="With the host's files, or the socket of its runtime, a container is as mighty as the host.",
        remedy="Use a volume of the task, or EFS for what must survive it.",
        types=TASKS,
        check=_host_path,
        references=("CIS Docker 5.6",),
    ),
    Rule(
        id="ecs-no-secret-env",
        title="No ECS task definition holds a secret in plain text.",
        severity=Severity.CRITICAL,
        reason="Everybody who may look at task definitions reads it, and every revision keeps it for ever.",
        remedy="Keep it in Secrets Manager or Parameter Store and name its ARN under secrets.",
        types=TASKS,
        check=_secret_environment,
        references=("ECS.8",),
    ),
    Rule(
        id="ecs-log-config",
        title="Every ECS container's log goes somewhere.",
        severity=Severity.HIGH,
        reason="On Fargate a log that is not shipped is gone with the instance: nobody can tell why it ended.",
        remedy="Set logConfiguration, with awslogs or awsfirelens.",
        types=TASKS,
        check=_logs,
        references=("ECS.9",),
    ),
    Rule(
        id="ecs-task-role",
        title="An ECS service does not hold the rights of what starts it.",
        severity=Severity.HIGH,
        reason="The execution role reads every secret of the task; code that runs in a container should not.",
        remedy="Name two roles: executionRoleArn for ECS, taskRoleArn for the service.",
        types=TASKS,
        check=_roles,
        references=("CKV_AWS_249",),
    ),
    Rule(
        id="ecs-efs-tls",
        title="ECS reads and writes EFS over TLS.",
        severity=Severity.MEDIUM,
        reason="NFS is plain text: whoever sees the network reads the files and can change them.",
        remedy="Set efsVolumeConfiguration.transitEncryption to ENABLED.",
        types=TASKS,
        check=_files,
        references=("CKV_AWS_97", "ECS.18"),
    ),
)
