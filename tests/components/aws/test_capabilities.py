"""The capability table of aws-ecs tells the truth: what it offers is declared, what it refuses is refused."""

from __future__ import annotations

from typing import Any

import pytest

from components.capabilities import FEATURES
from components.capabilities.aws import AWS_ECS
from components.spec import SpecError
from tests.components.aws import inventory as data
from tests.components.aws.worlds import environment, service
from tests.components.inventory import DIRECTORY

SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"

DECLARED = {
    "build": ["docker-build:index:Image", "aws:ecr/repository:Repository"],
    "dedicated-builder": ["docker:index/buildxBuilder:BuildxBuilder"],
    "image": [TASK],
    "replicas": [SERVICE],
    "scaling-cpu": ["aws:appautoscaling/target:Target", "aws:appautoscaling/policy:Policy"],
    "scaling-memory": ["aws:appautoscaling/policy:Policy"],
    "scaling-requests": ["aws:appautoscaling/policy:Policy", "aws:lb/targetGroup:TargetGroup"],
    "scaling-schedules": ["aws:appautoscaling/scheduledAction:ScheduledAction"],
    "rolling": [SERVICE],
    "blue-green": [SERVICE, "aws:lb/targetGroup:TargetGroup", "aws:cloudwatch/metricAlarm:MetricAlarm"],
    "canary": [SERVICE, "aws:lb/targetGroup:TargetGroup", "aws:cloudwatch/metricAlarm:MetricAlarm"],
    "linear": [SERVICE, "aws:lb/targetGroup:TargetGroup", "aws:cloudwatch/metricAlarm:MetricAlarm"],
    "hooks": [SERVICE],
    "ingress": ["aws:lb/loadBalancer:LoadBalancer", "aws:lb/listenerRule:ListenerRule"],
    "internal": ["aws:servicediscovery/httpNamespace:HttpNamespace", SERVICE],
    "liveness-command": [TASK],
    "egress": ["aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "aws:ec2/vpcEndpoint:VpcEndpoint"],
    "scratch": [TASK],
    "persistent": ["aws:efs/fileSystem:FileSystem", "aws:efs/accessPoint:AccessPoint"],
    "slo-alerts": ["aws:amp/workspace:Workspace", "aws:amp/ruleGroupNamespace:RuleGroupNamespace"],
    "sidecars": [TASK],
    "secret-values": ["aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretVersion:SecretVersion"],
    "secret-references": [TASK],
}
"""What stands in the inventory for each feature that is offered."""

REFUSED: dict[str, dict[str, Any]] = {
    "min-ready": {"rollout": {"minReady": 10}},
    "workload-identity": {"serviceAccountAnnotations": {"example.org/role": "x"}},
}
"""What asks for each feature that is refused."""


def test_every_row_is_judged() -> None:
    assert set(DECLARED) == {key for key, answer in AWS_ECS.items() if answer.support != "refused"}
    assert set(REFUSED) == {key for key, answer in AWS_ECS.items() if answer.support == "refused"}


@pytest.mark.parametrize("key", DECLARED)
def test_what_is_offered_is_declared(key: str) -> None:
    (feature,) = (one for one in FEATURES if one.key == key)
    services = data.stack("prod").services
    assert [one for one in services if feature.asked(one)], "the inventory's environment does not ask for it"
    types = {line.split()[1] for line in (DIRECTORY / "aws-ecs-prod.txt").read_text(encoding="utf-8").splitlines()}
    assert set(DECLARED[key]) <= types


@pytest.mark.parametrize("key", REFUSED)
def test_what_is_refused_names_the_alternative(key: str) -> None:
    (feature,) = (one for one in FEATURES if one.key == key)
    with pytest.raises(SpecError) as caught:
        environment({"web": service(**REFUSED[key])})
    (problem,) = caught.value.problems
    assert problem.key == ".".join(["caas:services.web", *feature.path])
    assert problem.remedy == f"use {AWS_ECS[key].alternative}"
