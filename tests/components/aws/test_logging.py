"""Logs of services on ECS: the router beside each, its key, and what it may reach."""

from __future__ import annotations

import json
from typing import Any

from components.aws.logging import BUFFER
from components.logging import agent
from components.spec.logging import ROUTER
from tests.components.aws.worlds import (
    GIVEN,
    MARKER,
    REGISTRY,
    SIDECAR,
    containers,
    declared,
    environment,
    policy,
    service,
)
from tests.components.recorder import Recording

COLLECTOR = f"{REGISTRY}/collector@sha256:" + "d" * 64
LOGGING = {
    "agent": COLLECTOR,
    "elasticsearch": "https://logs.example.com:9243",
    "apiKey": "logs",
    "addresses": ["10.7.0.0/24"],
}
TASK_LIMIT = 64 * 1024
"""Bytes of a task definition ("Amazon ECS service quotas")."""


def logged(logging: dict[str, Any] | None = None, **changes: Any) -> Recording:
    return declared(environment({"web": service(**changes)}, secrets=("logs",), logging=logging or LOGGING))


def by_name(recording: Recording) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in containers(recording)}


def settings(recording: Recording) -> dict[str, str]:
    return {one["name"]: one["value"] for one in by_name(recording)[ROUTER]["environment"]}


def test_every_container_writes_to_the_router_and_the_router_to_cloudwatch() -> None:
    found = by_name(logged(sidecars={"helper": {"image": SIDECAR}}))
    for name in ("web", "helper"):
        assert found[name]["logConfiguration"] == {
            "logDriver": "awsfirelens",
            "options": {"log-driver-buffer-limit": str(BUFFER)},
        }
        assert found[name]["dependsOn"][-1] == {"containerName": ROUTER, "condition": "START"}
    router = found[ROUTER]
    assert router["logConfiguration"]["logDriver"] == "awslogs"
    assert router["logConfiguration"]["options"]["awslogs-stream-prefix"] == ROUTER
    assert router["firelensConfiguration"] == {"type": "fluentbit"}
    assert "dependsOn" not in router


def test_a_task_without_its_router_ends_and_the_router_is_nobody() -> None:
    router = by_name(logged())[ROUTER]
    assert router["essential"] is True
    assert "restartPolicy" not in router
    assert (router["image"], router["user"], router["readonlyRootFilesystem"]) == (COLLECTOR, "10001:10001", True)
    assert router["linuxParameters"] == {"capabilities": {"drop": ["ALL"]}}
    assert router["command"] == ["--config=env:ROUTER_CONFIG"]


def test_lines_are_treated_as_on_a_node() -> None:
    said = json.loads(settings(logged())["ROUTER_CONFIG"])
    own = said["processors"]["transform/document"]["log_statements"]
    on_a_node = agent.configuration(agent.Agent(environment="staging", platform="kubernetes", namespace="n"))
    common, joined, redacted, _ = own
    assert len(redacted["statements"]) > 20
    assert [joined, redacted] == on_a_node["processors"]["transform/text"]["log_statements"][1:3]
    document = 'resource.attributes["document"]'
    for key, value in {
        "service.name": "web",
        "service.version": "${env:SERVICE_VERSION}",
        "service.environment": "staging",
        "cloud.platform": "aws-ecs",
        "orchestrator.namespace": "caas-staging",
    }.items():
        assert f'set({document}["{key}"], "{value}")' in common["statements"]
    recombined = [one["id"] for one in said["receivers"]["tcplog"]["operators"] if one["type"] == "recombine"]
    assert recombined == ["pieces", "trace"]
    sender = said["exporters"]["elasticsearch"]
    assert sender["logs_index"] == "logs-caas.app-staging"
    assert sender["endpoints"] == ["https://logs.example.com:9243"]
    assert sender["sending_queue"]["block_on_overflow"] is True
    assert "storage" not in sender["sending_queue"]


def test_the_version_is_that_of_the_image() -> None:
    found = settings(logged())
    assert found["SERVICE_IMAGE"] == GIVEN
    assert found["SERVICE_VERSION"] == "a" * 12


def test_the_key_is_read_by_reference_and_never_plain() -> None:
    recording = logged()
    router = by_name(recording)[ROUTER]
    (secret,) = router["secrets"]
    assert secret["name"] == "ELASTICSEARCH_CREDENTIAL"
    assert secret["valueFrom"].startswith("arn:aws:logging-secret:ELASTICSEARCH_CREDENTIAL::")
    kept = recording.one("aws:secretsmanager/secretVersion:SecretVersion", "logging-secret-version")
    assert kept.secret_paths == {"secretString"} or list(kept.secret_paths) == ["secretString"]
    assert MARKER not in repr([one for one in recording.resources if one is not kept])
    assert json.loads(settings(recording)["ROUTER_CONFIG"])["exporters"]["elasticsearch"]["api_key"] == (
        "${env:ELASTICSEARCH_CREDENTIAL}"
    )
    assert recording.one("aws:secretsmanager/secret:Secret", "logging-secret").inputs["kmsKeyId"]


def test_who_starts_the_task_reads_the_key_and_the_task_itself_may_nothing() -> None:
    recording = logged()
    allowed = policy(recording.one("aws:iam/rolePolicy:RolePolicy", "web-execution-policy"))
    (read,) = [one for one in allowed if "secretsmanager:GetSecretValue" in one["Action"]]
    assert read["Resource"] == ["arn:aws:logging-secret"]
    assert not [one for one in recording.of("aws:iam/rolePolicy:RolePolicy") if one.name == "web-task-policy"]


def test_the_service_is_let_out_to_elasticsearch_alone() -> None:
    recording = logged()
    rule = recording.one("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "web-out-logs-0").inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.7.0.0/24", 9243, 9243)


def test_an_elasticsearch_without_a_key_needs_no_secret() -> None:
    given = {key: value for key, value in LOGGING.items() if key != "apiKey"}
    recording = declared(environment({"web": service()}, stack="dev", logging=given))
    assert "secrets" not in by_name(recording)[ROUTER]
    assert not recording.of("aws:secretsmanager/secret:Secret")
    assert "api_key" not in json.loads(settings(recording)["ROUTER_CONFIG"])["exporters"]["elasticsearch"]


def test_a_task_definition_stays_below_what_ecs_takes() -> None:
    task = logged().one("aws:ecs/taskDefinition:TaskDefinition", "web-task")
    assert len(json.dumps(task.inputs["containerDefinitions"])) < TASK_LIMIT * 3 // 4


def test_without_logging_lines_go_to_cloudwatch() -> None:
    recording = declared(environment())
    assert [one["logConfiguration"]["logDriver"] for one in containers(recording)] == ["awslogs"]
    assert not [one for one in recording.resources if one.type == "caas:aws:LogKey"]
