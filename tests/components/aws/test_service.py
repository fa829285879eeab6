"""A service on AWS: which resources are declared, and what stands in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.components.aws.worlds import (
    GIVEN,
    MARKER,
    SIDECAR,
    containers,
    declared,
    environment,
    full,
    service,
    web,
)
from tests.components.recorder import Declared, Recording

SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
TARGETS = "aws:lb/targetGroup:TargetGroup"
POLICY = "aws:appautoscaling/policy:Policy"
FILES = "aws:efs/fileSystem:FileSystem"


@pytest.fixture(scope="module")
def world() -> Recording:
    return declared(full())


def the(recording: Recording, type_: str) -> dict[str, Any]:
    return recording.one(type_).inputs


def test_containers_run_by_digest_as_nobody_and_write_nothing(world: Recording) -> None:
    own, helper = containers(world)
    assert (own["image"], helper["image"]) == (GIVEN, SIDECAR)
    for one in (own, helper):
        assert one["readonlyRootFilesystem"] is True
        assert one["user"] == "10001:10001"
        assert one["privileged"] is False
        assert one["linuxParameters"] == {"capabilities": {"drop": ["ALL"]}}
        assert one["logConfiguration"]["logDriver"] == "awslogs"
        assert one["logConfiguration"]["options"]["awslogs-group"] == "/caas/caas/staging/services/web"


def test_the_size_is_the_cheapest_for_all_containers() -> None:
    task = the(web(cpu=0.25, memory=256), TASK)
    assert (task["cpu"], task["memory"]) == ("512", "1024")
    larger = web(cpu=1, memory=2048, sidecars={"helper": {"image": SIDECAR, "cpu": 0.5, "memory": 512}})
    assert (the(larger, TASK)["cpu"], the(larger, TASK)["memory"]) == ("2048", "4096")
    assert [(one["cpu"], one["memory"]) for one in containers(larger)] == [(1024, 2048), (512, 512)]
    assert task["requiresCompatibilities"] == ["FARGATE"]
    assert task["networkMode"] == "awsvpc"


def test_command_and_arguments_replace_what_the_image_has() -> None:
    (own,) = containers(web(command=["/app"], args=["serve"]))
    assert (own["entryPoint"], own["command"]) == (["/app"], ["serve"])
    assert not {"entryPoint", "command"} & set(containers(web())[0])


def test_instances_are_private(world: Recording) -> None:
    for one in world.of(SERVICE):
        network = one.inputs["networkConfiguration"]
        assert network["assignPublicIp"] is False
        assert all("-private-" in subnet for subnet in network["subnets"])
        assert network["securityGroups"] == [f"{one.inputs['name']}-group-id", "network-members-id"]
        assert one.inputs["enableExecuteCommand"] is False


def test_a_service_admits_its_load_balancer_and_the_environment_s_services(world: Recording) -> None:
    def admitted(name: str) -> list[tuple[Any, ...]]:
        rules = [one.inputs for one in world.of(INGRESS_RULE) if one.inputs["securityGroupId"] == f"{name}-group-id"]
        assert not [rule for rule in rules if "cidrIpv4" in rule or "cidrIpv6" in rule]
        return sorted((rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) for rule in rules)

    assert admitted("web") == [("balancer-group-id", 8080, 8080), ("network-members-id", 8080, 8080)]
    assert admitted("api") == [("network-members-id", 9090, 9090)]


def test_the_load_balancer_leaves_for_its_services_only(world: Recording) -> None:
    rules = [one.inputs for one in world.of(EGRESS_RULE) if one.inputs["securityGroupId"] == "balancer-group-id"]
    assert [(rule["referencedSecurityGroupId"], rule["fromPort"]) for rule in rules] == [("web-group-id", 8080)]


def test_egress_is_what_the_description_names(world: Recording) -> None:
    rules = [one.inputs for one in world.of(EGRESS_RULE) if one.inputs["securityGroupId"] == "web-group-id"]
    found = {(rule.get("cidrIpv4"), rule.get("referencedSecurityGroupId"), rule["fromPort"]) for rule in rules}
    assert found == {("10.9.0.0/16", None, 5432), (None, "web-files-group-id", 2049)}


def test_readiness_is_the_load_balancer_s_and_liveness_the_container_s(world: Recording) -> None:
    group = the(world, TARGETS)
    assert group["healthCheck"] == {
        "enabled": True,
        "protocol": "HTTP",
        "path": "/ready",
        "port": "traffic-port",
        "matcher": "200-399",
        "interval": 15,
        "timeout": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 3,
    }
    assert containers(world)[0]["healthCheck"] == {
        "command": ["CMD", "/app", "healthcheck"],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
        "startPeriod": 120,
    }
    assert world.one(SERVICE, "web-service").inputs["healthCheckGracePeriodSeconds"] == 120


def test_a_probe_on_a_port_of_its_own_is_admitted() -> None:
    recording = web(health={"readiness": {"path": "/ready", "port": 8081}})
    ports = [
        one.inputs["fromPort"]
        for one in recording.of(INGRESS_RULE)
        if one.inputs.get("referencedSecurityGroupId") == "balancer-group-id"
    ]
    assert sorted(ports) == [8080, 8081]
    assert the(recording, TARGETS)["healthCheck"]["port"] == "8081"


def test_draining_and_stopping() -> None:
    recording = web(rollout={"drain": 45, "stopTimeout": 90})
    assert the(recording, TARGETS)["deregistrationDelay"] == 45
    assert containers(recording)[0]["stopTimeout"] == 90


def test_a_bad_version_is_taken_back_and_capacity_kept() -> None:
    inputs = the(web(), SERVICE)
    assert inputs["deploymentConfiguration"] == {"strategy": "ROLLING"}
    assert inputs["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert inputs["deploymentMinimumHealthyPercent"] == 100
    assert inputs["deploymentMaximumPercent"] == 200
    assert inputs["waitForSteadyState"] is True
    assert inputs["availabilityZoneRebalancing"] == "ENABLED"
    assert inputs["platformVersion"] == "LATEST"


def test_surge_and_unavailability_are_the_description_s() -> None:
    inputs = the(web(rollout={"maxSurge": 0, "maxUnavailable": 34}), SERVICE)
    assert (inputs["deploymentMinimumHealthyPercent"], inputs["deploymentMaximumPercent"]) == (66, 100)
    assert inputs["availabilityZoneRebalancing"] == "DISABLED", "it needs room above 100 percent"


def test_an_apply_waits_longer_than_the_circuit_breaker() -> None:
    one = web(rollout={"progressDeadline": 150}).one(SERVICE)
    assert one.timeouts == {"create": "690s", "update": "690s", "delete": "690s"}


def test_the_service_waits_for_what_it_needs(world: Recording) -> None:
    waits = {urn.rpartition("::")[2] for urn in world.one(SERVICE, "web-service").depends_on}
    assert waits >= {
        "web-rule",
        "web-execution-policy",
        "web-task-policy",
        "web-log-group",
        "web-files-mount-0",
        "cluster-capacity",
    }


def test_the_count_is_the_autoscaler_s(world: Recording) -> None:
    target = world.one("aws:appautoscaling/target:Target", "web-scaling").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (3, 6)
    assert target["resourceId"] == "service/caas-staging/web"
    assert target["scalableDimension"] == "ecs:service:DesiredCount"


def test_targets_are_percent_of_what_was_declared(world: Recording) -> None:
    def tracking(kind: str) -> dict[str, Any]:
        found: dict[str, Any] = world.one(POLICY, f"web-scaling-{kind}").inputs[
            "targetTrackingScalingPolicyConfiguration"
        ]
        return found

    task = world.one(TASK, "web-task").inputs
    assert (task["cpu"], task["memory"]) == ("1024", "2048")
    assert tracking("cpu")["targetValue"] == 17.5, "70 % of 256 of 1024 units"
    assert tracking("memory")["targetValue"] == 10, "80 % of 256 of 2048 MiB"
    requests = tracking("requests")
    assert requests["targetValue"] == 600
    assert requests["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ALBRequestCountPerTarget",
        "resourceLabel": "balancer-balancer-arnSuffix/web-target-group-arnSuffix",
    }
    for kind in ("cpu", "memory", "requests"):
        assert (tracking(kind)["scaleOutCooldown"], tracking(kind)["scaleInCooldown"]) == (60, 300)


def test_schedules_change_the_bounds(world: Recording) -> None:
    action = the(world, "aws:appautoscaling/scheduledAction:ScheduledAction")
    assert action["schedule"] == "cron(0 6 ? * MON,TUE,WED,THU,FRI *)"
    assert action["timezone"] == "UTC"
    assert action["scalableTargetAction"] == {"minCapacity": 4, "maxCapacity": 8}


def test_a_fixed_count_is_declared_and_nothing_scales() -> None:
    recording = web(scaling=None, replicas=4)
    assert the(recording, SERVICE)["desiredCount"] == 4
    assert not [one for one in recording.resources if one.type.startswith("aws:appautoscaling")]


def test_the_count_of_a_scaling_service_is_ignored_later(monkeypatch: pytest.MonkeyPatch) -> None:
    ignored: dict[str, list[str]] = {}

    from tests.components import recorder

    original = recorder.RecordingMonitor.RegisterResource

    def noting(self: Any, request: Any) -> Any:
        ignored[request.name] = list(request.ignoreChanges)
        return original(self, request)

    monkeypatch.setattr(recorder.RecordingMonitor, "RegisterResource", noting)
    fixed = service(scaling=None, replicas=3, ingress={"host": "fixed.example.com"})
    declared(environment({"web": service(), "fixed": fixed}))
    assert ignored["web-service"] == ["desiredCount"]
    assert ignored["fixed-service"] == []


def test_services_call_one_another_by_name(world: Recording) -> None:
    for name in ("web", "api"):
        connect = world.one(SERVICE, f"{name}-service").inputs["serviceConnectConfiguration"]
        assert connect == {
            "enabled": True,
            "namespace": "arn:aws:cluster-namespace",
            "services": [
                {"portName": "http", "discoveryName": name, "clientAlias": [{"dnsName": name, "port": 80}]},
            ],
        }
        assert containers(world, name)[0]["portMappings"][0]["name"] == "http"


def test_an_internal_service_has_no_way_in_from_the_world(world: Recording) -> None:
    mine = {one.type for one in world.resources if one.name.startswith("api-")}
    assert not [type_ for type_ in mine if type_.startswith("aws:lb/")]
    assert "loadBalancers" not in world.one(SERVICE, "api-service").inputs


def test_without_ingress_there_is_no_load_balancer() -> None:
    internal = service(ingress=None, health={"readiness": {"path": "/r"}, "command": ["/api", "ok"]})
    recording = declared(environment({"api": internal}, aws={"certificate": None}))
    assert not [one for one in recording.resources if one.type.startswith(("aws:lb/", "aws:s3/"))]


def secrets_of(one: Declared) -> frozenset[str]:
    return one.secret_paths


def test_secret_values_stand_in_one_secret_place(world: Recording) -> None:
    version = world.one("aws:secretsmanager/secretVersion:SecretVersion")
    assert secrets_of(version) == {"secretString"}
    assert version.inputs["secretString"] == f'{{"API_KEY": "{MARKER}"}}'
    for one in world.resources:
        if one is not version:
            assert MARKER not in str(one.inputs), one.urn
    assert MARKER not in str(world.result)


def test_a_secret_is_encrypted_by_the_environment_s_key(world: Recording) -> None:
    secret = the(world, "aws:secretsmanager/secret:Secret")
    assert secret["kmsKeyId"] == "arn:aws:account-key"
    assert secret["name"] == "caas-staging/web"
    assert secret["recoveryWindowInDays"] == 7


def test_a_new_value_is_a_new_version_that_the_task_names(world: Recording) -> None:
    found = {one["name"]: one["valueFrom"] for one in containers(world)[0]["secrets"]}
    assert found["API_KEY"] == "arn:aws:web-secret:API_KEY::web-secret-version-versionId"
    assert "secrets" not in containers(world)[1], "a sidecar gets no secret of the service"


def test_files_are_encrypted_and_mounted_through_their_own_door(world: Recording) -> None:
    system = the(world, FILES)
    assert (system["encrypted"], system["kmsKeyId"]) == (True, "arn:aws:account-key")
    point = the(world, "aws:efs/accessPoint:AccessPoint")
    assert point["posixUser"] == {"uid": 10001, "gid": 10001}
    assert point["rootDirectory"]["creationInfo"] == {"ownerUid": 10001, "ownerGid": 10001, "permissions": "0750"}
    task = world.one(TASK, "web-task").inputs
    data, scratch = task["volumes"]
    assert scratch == {"name": "tmp"}
    assert data["efsVolumeConfiguration"] == {
        "fileSystemId": "web-files-id",
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": "web-files-data-id", "iam": "ENABLED"},
    }
    assert len(world.of("aws:efs/mountTarget:MountTarget")) == 3
    rules = [r.inputs for r in world.of(INGRESS_RULE) if r.inputs["securityGroupId"] == "web-files-group-id"]
    assert [(r["referencedSecurityGroupId"], r["fromPort"]) for r in rules] == [("web-group-id", 2049)]


def test_scratch_beyond_what_is_free_is_asked_for() -> None:
    volumes = {"tmp": {"path": "/tmp", "size": 30 * 1024}}
    assert the(web(volumes=volumes), TASK)["ephemeralStorage"] == {"sizeInGib": 31}
    assert "ephemeralStorage" not in the(web(), TASK)


def test_sidecars_start_first_and_are_restarted(world: Recording) -> None:
    own, helper = containers(world)
    assert own["dependsOn"] == [{"containerName": "helper", "condition": "START"}]
    assert (own["essential"], helper["essential"]) == (True, False)
    assert helper["restartPolicy"]["enabled"] is True


def test_the_service_s_labels_are_tags_of_its_instances() -> None:
    inputs = the(web(labels={"team.example.com/part": "shop"}), SERVICE)
    assert inputs["tags"] == {"team.example.com/part": "shop", "caas:service": "web"}
    assert inputs["propagateTags"] == "SERVICE"
