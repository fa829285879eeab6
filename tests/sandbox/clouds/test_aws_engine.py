"""A small environment on the simulated AWS with the real engine, from nothing to nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.clouds.aws import tokens
from tests.sandbox.clouds.programs import RESOURCES, faults, stack, states, text, world

UP = ("up", "--yes", "--skip-preview")

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_an_environment_lives_through_its_changes(tmp_path: Path) -> None:
    engine = stack(tmp_path, text())
    preview = engine.must("preview")
    assert f"+ {RESOURCES + 1} to create" in preview
    assert "url  : [unknown]" in preview
    assert "count: 2" in preview
    assert "resources" not in world(tmp_path) or world(tmp_path)["resources"] == {}

    assert f"+ {RESOURCES + 1} created" in engine.must(*UP)
    assert "task-definition/hello:1" in engine.must("stack", "output", "task")
    state = engine.must("stack", "export")
    assert "hidden-word" not in state
    assert f"{RESOURCES + 1} unchanged" in engine.must("preview", "--expect-no-changes", "--refresh")

    engine.program(text(tag="v2", count=3))
    changed = engine.must(*UP)
    assert "+-1 replaced" in changed
    assert "~ 1 updated" in changed
    (service,) = states(tmp_path, tokens.SERVICE)
    assert (service["desiredCount"], service["taskDefinition"].rpartition("/")[2]) == (3, "hello:2")
    assert [each["revision"] for each in states(tmp_path, tokens.TASK_DEFINITION)] == [2]

    # Another name is another target group: the listener and the service move before the old one goes.
    engine.program(text(tag="v2", count=3, name="other"))
    moved = engine.must(*UP)
    assert "+-1 replaced" in moved
    assert "~ 2 updated" in moved
    assert [each["name"] for each in states(tmp_path, tokens.TARGET_GROUP)] == ["other"]

    engine.must("destroy", "--yes", "--skip-preview")
    left = world(tmp_path)["resources"]
    assert {kind for kinds in left.values() for kind, records in kinds.items() if records} == set()


def test_refresh_finds_what_a_hand_changed(tmp_path: Path) -> None:
    engine = stack(tmp_path, text())
    engine.must(*UP)
    file = tmp_path / "clouds" / "aws.json"
    held = world(tmp_path)
    region = held["resources"]["eu-central-1"]
    (record,) = region[tokens.SERVICE].values()
    record["state"]["desiredCount"] = 7
    region[tokens.LOG_GROUP].clear()
    (cluster,) = region[tokens.CLUSTER].values()
    cluster["state"]["tags"] = {"by": "hand"}
    file.write_text(json.dumps(held))

    assert f"{RESOURCES + 1} unchanged" in engine.must("preview")
    refreshed = engine.must("refresh", "--yes", "--skip-preview")
    assert "~ 2 updated" in refreshed
    assert "- 1 deleted" in refreshed
    repaired = engine.must(*UP)
    assert "~ 2 updated" in repaired
    assert "+ 1 created" in repaired
    (service,) = states(tmp_path, tokens.SERVICE)
    (cluster_state,) = states(tmp_path, tokens.CLUSTER)
    assert service["desiredCount"] == 2
    assert not cluster_state.get("tags")
    assert f"{RESOURCES + 1} unchanged" in engine.must("preview", "--refresh")


SERVICE_FAULT = {"type": tokens.SERVICE, "operation": "create", "times": 1}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"fault": "throttle"}, "StatusCode: 400"),
        ({"fault": "unavailable"}, "ServiceUnavailableException: Service is unavailable"),
        ({"fault": "half"}, "ServiceUnavailableException: Service is unavailable"),
        ({"fault": "rollback"}, "ECS deployment circuit breaker: tasks failed to start."),
    ],
    ids=lambda each: each["fault"] if isinstance(each, dict) else "",
)
def test_a_fault_names_its_resource_and_the_next_run_converges(
    tmp_path: Path, fault: dict[str, Any], words: str
) -> None:
    engine = stack(tmp_path, text())
    faults(tmp_path, {**SERVICE_FAULT, **fault})
    answer = engine.pulumi(*UP)
    assert answer.code != 0
    assert "aws:ecs:Service (hello)" in answer.text
    assert "creating ECS Service (hello): operation error ECS: CreateService" in answer.text
    assert words in answer.text
    assert "Traceback" not in answer.text
    engine.must(*UP)
    assert len(states(tmp_path, tokens.SERVICE)) == 1
    assert f"{RESOURCES + 1} unchanged" in engine.must("preview", "--refresh", "--expect-no-changes")


def test_a_lost_answer_leaves_a_resource_that_nobody_knows(tmp_path: Path) -> None:
    engine = stack(tmp_path, text())
    faults(tmp_path, {"type": tokens.CLUSTER, "operation": "create", "times": 1, "fault": "lost"})
    assert engine.pulumi(*UP).code != 0
    answer = engine.pulumi(*UP)
    assert answer.code != 0
    assert "InvalidParameterException: The cluster trial exists already." in answer.text


@pytest.mark.parametrize("watched", [True, False])
def test_a_deployment_that_ecs_takes_back(tmp_path: Path, watched: bool) -> None:
    program = text() if watched else text().replace("wait_for_steady_state=True", "wait_for_steady_state=False")
    engine = stack(tmp_path, program)
    engine.must(*UP)
    faults(tmp_path, {"type": tokens.SERVICE, "operation": "update", "times": 1, "fault": "rollback"})
    engine.program(program.replace("'v1'", "'v2'"))
    answer = engine.pulumi(*UP)
    # Who does not wait is told that all went well, as by the real plug-in.
    assert (answer.code != 0) == watched
    if watched:
        assert "updating ECS Service (hello)" in answer.text
        assert "rolling back to arn:aws:ecs:eu-central-1:123456789012:task-definition/hello:1" in answer.text
    (service,) = states(tmp_path, tokens.SERVICE)
    assert service["taskDefinition"].endswith("hello:1")
    engine.must("up", "--yes", "--skip-preview", "--refresh")
    (service,) = states(tmp_path, tokens.SERVICE)
    assert service["taskDefinition"].endswith("hello:2")


def test_what_is_unknown_or_wrong_is_refused(tmp_path: Path) -> None:
    engine = stack(tmp_path, 'import pulumi_aws\npulumi_aws.sqs.Queue("q")\n')
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "aws:sqs/queue:Queue: the simulated aws does not know it; add it to sandbox/clouds/aws" in answer.text
    engine.program("""
        import pulumi
        class Cluster(pulumi.CustomResource):
            def __init__(self):
                super().__init__("aws:ecs/cluster:Cluster", "c", {"nmae": "a", "settings": "x"})
        Cluster()
    """)
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "An argument named 'nmae' is not expected here." in answer.text
    assert "expected list, got string" in answer.text
    engine.program('import pulumi_aws\npulumi_aws.sqs.get_queue(name="q")\n')
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "aws:sqs/getQueue:getQueue: the simulated aws does not know it" in answer.text


def test_nobody_meets_the_simulation_by_accident(tmp_path: Path) -> None:
    engine = stack(tmp_path, text())
    del engine.variables["CAAS_CLOUDS"]
    answer = engine.pulumi("preview")
    assert answer.code != 0
    assert "this is the sandbox's simulation, and CAAS_CLOUDS does not ask for it" in answer.text
    assert "sandbox/clouds" not in os.environ["PATH"]


def test_providers_regions_and_default_tags(tmp_path: Path) -> None:
    engine = stack(
        tmp_path,
        """
        import pulumi, pulumi_aws as aws
        there = aws.Provider("there", region="us-east-1", default_tags={"tags": {"owner": "team"}})
        opts = pulumi.InvokeOptions(provider=there)
        group = aws.cloudwatch.LogGroup("a", name="a", tags={"x": "y"}, opts=pulumi.ResourceOptions(provider=there))
        elsewhere = aws.cloudwatch.LogGroup("b", name="a", region="eu-west-1")
        pulumi.export("tags", group.tags_all)
        pulumi.export("arns", [group.arn, elsewhere.arn])
        pulumi.export("region", aws.get_region(opts=opts).region)
        pulumi.export("account", aws.get_caller_identity().account_id)
        pulumi.export("token", aws.ecr.get_authorization_token().user_name)
        pulumi.export("policy", aws.iam.get_policy_document(
            statements=[{"actions": ["a:b"], "resources": ["*"]}]).minified_json)
        """,
    )
    engine.must(*UP)
    found = _outputs(engine.must("stack", "output", "--json"))
    assert found["tags"] == {"owner": "team", "x": "y"}
    assert found["arns"] == [
        "arn:aws:logs:us-east-1:123456789012:log-group:a",
        "arn:aws:logs:eu-west-1:123456789012:log-group:a",
    ]
    assert (found["region"], found["account"], found["token"]) == ("us-east-1", "123456789012", "AWS")
    assert json.loads(found["policy"])["Statement"] == [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]
    engine.must("preview", "--expect-no-changes", "--refresh")


def _outputs(text_: str) -> dict[str, Any]:
    """The outputs, after what the engine says of its plug-ins."""
    found: dict[str, Any] = json.loads(text_[text_.index("{\n") :])
    return found
