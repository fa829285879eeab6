"""What must be the same in every environment is found where it is not, and what may differ is let through.

Each difference is planted into what the components really declare for prod, and looked for between staging and prod.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from components.spec import Environment
from delivery.parity.graph import Graph, graph
from tests.delivery.parity.environments import Resources, declared, differences, ecs, kubernetes, resources

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
TASK = "aws:ecs/taskDefinition:TaskDefinition"

World = Callable[[str], Environment]


@cache
def staging(world: World) -> Graph:
    return declared(world("staging"))


def find(found: Resources, type_: str, name: str) -> dict[str, Any]:
    return next(one["inputs"] for one in found if one["type"] == type_ and one["name"] == name)


def drop(found: Resources, type_: str, name: str) -> None:
    found.remove(next(one for one in found if one["type"] == type_ and one["name"] == name))


def container(found: Resources, name: str = "web") -> dict[str, Any]:
    pod = find(found, DEPLOYMENT, f"{name}-deployment")["spec"]["template"]["spec"]
    return dict(pod)["containers"][0]  # type: ignore[no-any-return]


def task(found: Resources, change: Callable[[dict[str, Any]], object]) -> None:
    inputs = find(found, TASK, "web-task")
    containers = json.loads(inputs["containerDefinitions"])
    change(containers[0])
    inputs["containerDefinitions"] = json.dumps(containers)


def spec(found: Resources) -> dict[str, Any]:
    return dict(find(found, DEPLOYMENT, "web-deployment"))["spec"]  # type: ignore[no-any-return]


PLANTED: dict[str, tuple[World, Callable[[Resources], object], str]] = {
    "a readiness probe is gone": (kubernetes, lambda r: container(r).pop("readinessProbe"), "readinessProbe"),
    "a liveness probe asks another path": (
        kubernetes,
        lambda r: container(r)["livenessProbe"].update({"httpGet": {"path": "/other", "port": 8080}}),
        "livenessProbe",
    ),
    "a startup probe gives up sooner": (
        kubernetes,
        lambda r: container(r)["startupProbe"].update(failureThreshold=1),
        "startupProbe.failureThreshold",
    ),
    "the root file system can be written": (
        kubernetes,
        lambda r: container(r)["securityContext"].update(readOnlyRootFilesystem=False),
        "readOnlyRootFilesystem",
    ),
    "a capability comes back": (
        kubernetes,
        lambda r: container(r)["securityContext"].update(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
        "capabilities.add[0]",
    ),
    "the pod may be root": (
        kubernetes,
        lambda r: spec(r)["template"]["spec"]["securityContext"].update(runAsNonRoot=False),
        "runAsNonRoot",
    ),
    "an update may miss instances": (
        kubernetes,
        lambda r: spec(r)["strategy"]["rollingUpdate"].update(maxUnavailable="50%"),
        "maxUnavailable",
    ),
    "an update gives up later": (
        kubernetes,
        lambda r: spec(r).update(progressDeadlineSeconds=3000),
        "progressDeadlineSeconds",
    ),
    "nothing waits before the stop": (kubernetes, lambda r: container(r).pop("lifecycle"), "lifecycle"),
    "the stop is not waited for": (
        kubernetes,
        lambda r: spec(r)["template"]["spec"].update(terminationGracePeriodSeconds=1),
        "terminationGracePeriodSeconds",
    ),
    "a variable is added": (
        kubernetes,
        lambda r: container(r)["env"].append({"name": "DEBUG", "value": "1"}),
        "env[DEBUG].name",
    ),
    "a secret becomes plain text": (
        kubernetes,
        lambda r: next(e for e in container(r)["env"] if e["name"] == "TOKEN").update(value="x", valueFrom=None),
        "env[TOKEN].valueFrom",
    ),
    "a sidecar is gone": (
        kubernetes,
        lambda r: spec(r)["template"]["spec"]["initContainers"].pop(),
        "initContainers[proxy]",
    ),
    "another image runs": (
        kubernetes,
        lambda r: container(r).update(image="registry.example.com/other@sha256:" + "e" * 64),
        "containers[web].image",
    ),
    "the disruption budget is gone": (
        kubernetes,
        lambda r: drop(r, "kubernetes:policy/v1:PodDisruptionBudget", "web-disruption-budget"),
        "",
    ),
    "the network policy is gone": (kubernetes, lambda r: drop(r, POLICY, "web-policy"), ""),
    "the network policy lets everybody in": (
        kubernetes,
        lambda r: find(r, POLICY, "web-policy")["spec"].update(ingress=[{}]),
        "spec.ingress",
    ),
    "the autoscaler is gone": (
        kubernetes,
        lambda r: drop(r, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "web-autoscaler"),
        "",
    ),
    "load is judged by another measure": (
        kubernetes,
        lambda r: find(r, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "web-autoscaler")["spec"]["metrics"][0][
            "containerResource"
        ]["target"].update(averageUtilization=95),
        "averageUtilization",
    ),
    "a resource that nobody else has": (
        kubernetes,
        lambda r: r.append({"type": "kubernetes:core/v1:ConfigMap", "name": "extra", "inputs": {"data": {}}}),
        "",
    ),
    "an alarm is gone": (ecs, lambda r: drop(r, *alarm(r)), ""),
    "an alarm looks at another threshold": (
        ecs,
        lambda r: find(r, *alarm(r)).update(threshold=99),
        "threshold",
    ),
    "ECS does not take a version back": (
        ecs,
        lambda r: find(r, "aws:ecs/service:Service", "web-service")["deploymentCircuitBreaker"].update(rollback=False),
        "deploymentCircuitBreaker.rollback",
    ),
    "a container on ECS has no health check": (
        ecs,
        lambda r: task(r, lambda one: one.pop("healthCheck")),
        "healthCheck",
    ),
    "a container on ECS runs as root": (
        ecs,
        lambda r: task(r, lambda one: one.update(user="0")),
        "user",
    ),
    "traffic moves in one step": (
        ecs,
        lambda r: find(r, "aws:ecs/service:Service", "shop-service")["deploymentConfiguration"].update(
            strategy="BLUE_GREEN"
        ),
        "deploymentConfiguration.strategy",
    ),
    "the door is open to everybody": (
        ecs,
        lambda r: next(one for one in r if one["type"] == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")[
            "inputs"
        ].update(cidrIpv4="0.0.0.0/0"),
        "cidrIpv4",
    ),
}


def alarm(found: Resources) -> tuple[str, str]:
    type_ = "aws:cloudwatch/metricAlarm:MetricAlarm"
    return type_, next(one["name"] for one in found if one["type"] == type_)


@pytest.mark.parametrize("what", PLANTED)
def test_a_difference_that_may_not_be_is_found(what: str) -> None:
    world, spoil, path = PLANTED[what]
    refused, _ = differences(staging(world), declared(world("prod"), spoil))
    assert refused, what
    assert all(one.stacks == ("staging", "prod") for one in refused)
    assert any(path in one.path for one in refused), [one.path for one in refused]
    assert len({(one.type, one.name) for one in refused}) == 1, refused


def test_enough_differences_are_planted() -> None:
    assert len(PLANTED) >= 25


MAY: dict[str, dict[str, Any]] = {
    "another domain": {"domain": "shop.example.org"},
    "another owner": {"owner": "others"},
    "another cost centre": {"costCentre": "0815"},
    "another size": {"overrides": {"web": {"cpu": 2, "memory": 1024}}},
    "other bounds": {"overrides": {"web": {"scaling": {"minimum": 5, "maximum": 50}}}},
    "another count": {"overrides": {"api": {"replicas": 7}}},
    "another host": {"overrides": {"web": {"ingress": {"host": "www.example.net"}}}},
    "another value of a variable": {"overrides": {"web": {"environment": {"LEVEL": "warning"}}}},
    "another class of ingress": {"kubernetes": {"ingressClass": "other"}},
    "a namespace of the ingress": {"kubernetes": {"ingressNamespace": "front"}},
}


@pytest.mark.parametrize("what", MAY)
def test_a_difference_that_may_be_is_let_through(what: str) -> None:
    refused, _ = differences(staging(kubernetes), declared(kubernetes("prod", **MAY[what])))
    assert refused == []


def test_on_ecs_zones_ways_out_and_spot_may_differ() -> None:
    left = declared(ecs("staging", aws={"nat": "single", "spot": 50, "zones": ["eu-central-1a", "eu-central-1b"]}))
    right = declared(ecs("prod", aws={"nat": "zone"}))
    refused, accepted = differences(left, right)
    assert refused == []
    (ways_out,) = [one for one in accepted if one.type == "aws:ec2/natGateway:NatGateway" and not one.path]
    assert (ways_out.left, ways_out.right) == ("1 declared", "3 declared")
    assert "aws.nat" in (ways_out.reason or "")
    assert {"cidrBlock", "capacityProviderStrategies[1].weight"} <= {one.path for one in accepted}


def test_what_may_be_is_said_with_its_reason() -> None:
    _, accepted = differences(staging(kubernetes), declared(kubernetes("prod", **MAY["other bounds"])))
    bounds = [one for one in accepted if one.path == "spec.maxReplicas"]
    assert [(one.left, one.right) for one in bounds] == [("6", "50")]
    assert bounds[0].reason is not None
    assert "overrides.<service>.scaling" in bounds[0].reason


def test_only_dev_may_serve_without_tls() -> None:
    dev = declared(kubernetes("dev", overrides={"web": {"ingress": {"tls": False}}}))
    assert differences(dev, declared(kubernetes("prod")))[0] == []
    plain = declared(kubernetes("prod"), lambda r: find(r, *INGRESS)["spec"].pop("tls"))
    refused, _ = differences(staging(kubernetes), plain)
    assert {one.path.partition("[")[0] for one in refused} == {"spec.tls"}
    assert {one.right for one in refused} == {"-"}


INGRESS = ("kubernetes:networking.k8s.io/v1:Ingress", "web-ingress")


def test_the_same_images_from_each_environments_own_registry_are_the_same() -> None:
    other = {"registry": {"address": "registry.example.org/other"}}
    found = resources(kubernetes("prod", **other))
    moved = json.loads(json.dumps(found).replace("registry.example.com/team", "registry.example.org/other"))
    assert differences(staging(kubernetes), graph(kubernetes("prod", **other), moved))[0] == []


def test_an_image_from_the_registry_of_another_environment_is_a_difference() -> None:
    other = declared(kubernetes("prod", registry={"address": "registry.example.org/other"}))
    assert {one.path.rpartition(".")[2] for one in differences(staging(kubernetes), other)[0]} == {"image"}
