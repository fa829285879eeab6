"""What runs on ECS, put into words that are judged: from AWS's answers as they are, and through AWS's client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from delivery.declared import DeclaredService
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from delivery.observe import Snapshot, Target
from delivery.observe import ecs_objects as objects
from delivery.observe.ecs import EcsObserver
from delivery.verdict import State, judge

REGION = "eu-central-1"
PREFIX = f"arn:aws:ecs:{REGION}:123456789012"
OLD, NEW = f"{PREFIX}:task-definition/web:1", f"{PREFIX}:task-definition/web:2"
DIGEST = "sha256:" + "a" * 64
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/web@{DIGEST}"
TARGET = Target("shop", "web", NEW)
AT = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)


def service(revision: str = NEW, **changes: Any) -> dict[str, Any]:
    deployment = {
        "status": "PRIMARY",
        "taskDefinition": revision,
        "rolloutState": "COMPLETED",
        "runningCount": 2,
        "createdAt": AT,
    }
    return {
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "deployments": [deployment],
        "events": [],
        **changes,
    }


def task(number: int, revision: str = NEW, **changes: Any) -> dict[str, Any]:
    return {
        "taskArn": f"{PREFIX}:task/shop/{number:032x}",
        "taskDefinitionArn": revision,
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "attachments": [{"details": [{"name": "privateIPv4Address", "value": f"10.0.0.{number}"}]}],
        "containers": [{"name": "web", "image": IMAGE, "imageDigest": DIGEST, "lastStatus": "RUNNING"}],
        **changes,
    }


HEALTHY = {"10.0.0.1": "healthy", "10.0.0.2": "healthy"}


def seen(given: dict[str, Any], *tasks: dict[str, Any], health: dict[str, str] | None = HEALTHY) -> Snapshot:
    return objects.snapshot(TARGET, given, tasks, health, autoscaled=False)


def verdict(snapshot: Snapshot) -> tuple[State, str]:
    declared = DeclaredService("web", IMAGE, "https://web.example.com/", "shop", "web", 8080, 2, 4, "/ready", NEW)
    found = judge(declared, snapshot, {}, None)
    return found.state, "; ".join(found.reasons)


def test_what_was_declared_runs() -> None:
    assert verdict(seen(service(), task(1), task(2))) == (State.PROVEN, "")


def test_an_instance_counts_once_the_load_balancer_sends_it_requests() -> None:
    state, why = verdict(seen(service(), task(1), task(2), health={**HEALTHY, "10.0.0.2": "initial"}))
    assert state is State.WAITING
    assert "1 of 2 instances are ready" in why


def test_a_service_without_load_balancer_is_ready_by_its_own_check() -> None:
    found = seen(service(), task(1), task(2, healthStatus="UNHEALTHY"), health=None)
    assert (found.ready, found.answered) == (1, False)


def test_an_update_that_goes_on_is_waited_for() -> None:
    state, why = verdict(seen(service(runningCount=3), task(1), task(2), task(3, OLD)))
    assert state is State.WAITING
    assert "1 old instances are left" in why


def test_another_image_under_the_declared_revision_is_seen() -> None:
    other = [{"name": "web", "image": IMAGE, "imageDigest": "sha256:" + "b" * 64, "lastStatus": "RUNNING"}]
    state, why = verdict(seen(service(), task(1), task(2, containers=other)))
    assert state is State.WAITING
    assert "runs sha256:bbb" in why


def test_a_deployment_that_the_platform_took_back_has_failed_with_its_events() -> None:
    events = [
        {"message": "(service web) has reached a steady state.", "createdAt": LATER},
        {"message": "(service web) rolling back to deployment ecs-svc/1.", "createdAt": LATER},
    ]
    found = seen(service(OLD, events=events), task(1, OLD), task(2, OLD))
    assert found.taken_back
    state, why = verdict(found)
    assert state is State.FAILED
    assert "it runs web:1, declared is web:2" in why
    assert why.index("rolling back") < why.index("steady state"), "oldest first"


@pytest.mark.parametrize("running", [NEW, f"{PREFIX}:task-definition/web:3", f"{PREFIX}:task-definition/other:1", ""])
def test_only_an_earlier_revision_of_the_same_is_one_that_was_gone_back_to(running: str) -> None:
    assert not seen(service(running)).taken_back


def test_a_failed_deployment_is_named_by_its_reason() -> None:
    primary = service()["deployments"][0]
    failed = {**primary, "status": "ACTIVE", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start."}
    state, why = verdict(seen(service(OLD, deployments=[{**primary, "taskDefinition": OLD}, failed])))
    assert state is State.FAILED
    assert "tasks failed to start" in why


def test_why_no_instance_can_be_placed_is_shown_while_it_goes_on() -> None:
    primary = {**service()["deployments"][0], "rolloutState": "IN_PROGRESS", "runningCount": 0}
    event = {"message": "(service web) was unable to place a task: no capacity.", "createdAt": LATER}
    given = service(deployments=[primary], events=[event], runningCount=0)
    assert "no capacity" in (seen(given).refused or "")
    before = {**event, "createdAt": datetime(2025, 1, 1, tzinfo=UTC)}
    assert seen({**given, "events": [before]}).refused is None, "it is about an earlier deployment"


def test_why_a_container_does_not_run_is_ecs_s_word_for_it() -> None:
    broken = {
        "name": "web",
        "image": IMAGE,
        "lastStatus": "STOPPED",
        "exitCode": 1,
        "reason": "OutOfMemoryError: killed",
    }
    (instance,) = seen(service(), task(1, lastStatus="STOPPED", desiredStatus="STOPPED", containers=[broken])).instances
    (container,) = instance.containers
    assert (container.waiting, container.last_exit, instance.leaving) == ("OutOfMemoryError", "exit code 1", True)
    assert objects.stopped({"stoppedReason": "Essential container in task exited", "containers": [broken]}) == [
        "task stopped: Essential container in task exited",
        "container web: exit code 1, OutOfMemoryError: killed",
    ]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """AWS as moto answers for it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield boto3.client("ecs", region_name=REGION)


def test_the_service_is_read_through_aws_s_client(aws: Any) -> None:
    aws.create_cluster(clusterName="shop")
    container = {"name": "web", "image": IMAGE, "memory": 512}
    registered = aws.register_task_definition(family="web", containerDefinitions=[container])
    arn = registered["taskDefinition"]["taskDefinitionArn"]
    aws.create_service(cluster="shop", serviceName="web", taskDefinition=arn, desiredCount=2)
    found = EcsObserver(REGION).snapshot(Target("shop", "web", arn))
    assert (found.exists, found.desired, found.newest, found.autoscaled) == (True, 2, arn, False)
    assert found.deadline_exceeded is None


def test_what_is_not_there_is_no_error(aws: Any) -> None:
    observer = EcsObserver(REGION)
    assert not observer.snapshot(Target("shop", "web")).exists
    aws.create_cluster(clusterName="shop")
    assert not observer.snapshot(Target("shop", "web")).exists


def test_without_credentials_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(DeliveryError, match="There are no AWS credentials") as refused:
        EcsObserver(REGION).snapshot(TARGET)
    assert refused.value.code is Exit.NOT_PROVEN
    assert "Log in" in (refused.value.remedy or "")


def test_a_cloud_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(DeliveryError, match=f"AWS in {REGION} does not answer") as refused:
        EcsObserver(REGION).snapshot(TARGET)
    assert refused.value.code is Exit.NOT_PROVEN


def test_credentials_of_another_account_are_refused_before_anything_is_looked_for(aws: Any) -> None:
    aws.create_cluster(clusterName="shop")
    with pytest.raises(
        DeliveryError, match="those of account 123456789012, and the services are in 210987654321"
    ) as no:
        EcsObserver(REGION, "210987654321").snapshot(TARGET)
    assert no.value.code is Exit.BAD_INPUT
    assert not EcsObserver(REGION, "123456789012").snapshot(TARGET).exists
