"""A service: what an instance is, how many there are, how they are replaced, and who they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.azure import rollout, sizes
from components.spec.service import Rollout, Service
from tests.components.azure.worlds import FULL, MARKER, SUBSCRIPTION, declared, environment, full, service, web
from tests.components.recorder import Recording
from tests.components.worlds import service as any_service

PROFILE = "azure-native:containerinstance:ContainerGroupProfile"
GROUP = "azure-native:containerinstance:NGroup"
BALANCER = "azure-native:network:LoadBalancer"
ROLE = "azure-native:authorization:RoleAssignment"


def own(recording: Recording, name: str = "web") -> dict[str, Any]:
    """The service's own container."""
    container: dict[str, Any] = recording.one(PROFILE, f"{name}-profile").inputs["containers"][0]
    return container


def described(**changes: Any) -> Service:
    return Service.model_validate_json(json.dumps({"name": "web", **any_service(**changes)}))


def test_containers_have_no_privilege() -> None:
    for container in declared(full()).one(PROFILE, "web-profile").inputs["containers"]:
        assert container["securityContext"] == {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsUser": 10001,
            "runAsGroup": 10001,
        }


def test_a_secret_is_given_where_azure_never_shows_it() -> None:
    recording = declared(full())
    profile = recording.one(PROFILE, "web-profile")
    variables = {one["name"]: one for one in own(recording)["environmentVariables"]}
    assert variables["API_KEY"] == {"name": "API_KEY", "secureValue": MARKER}
    assert [path for path in profile.secret_paths if path.endswith("secureValue")]
    assert variables["PORT"] == {"name": "PORT", "value": "8080"}
    for one in recording.resources:
        if one.type != PROFILE:
            assert MARKER not in str(one.inputs), one.name


def test_probes_ask_what_the_description_says() -> None:
    container = own(web(health={"readiness": {"path": "/r", "interval": 7}, "liveness": {"path": "/l"}}))
    assert container["readinessProbe"]["httpGet"] == {"path": "/r", "port": 8080, "scheme": "http"}
    assert container["readinessProbe"]["periodSeconds"] == 7
    assert container["livenessProbe"]["httpGet"]["path"] == "/l"
    assert container["livenessProbe"]["initialDelaySeconds"] == 120, "the time that a start may take"
    assert own(declared(full()))["livenessProbe"]["exec"] == {"command": ["/app", "healthcheck"]}
    assert "livenessProbe" not in own(web()), "Azure has no TCP connect"


def test_a_release_is_a_new_profile() -> None:
    names = {
        web(**changes).one(PROFILE).inputs["containerGroupProfileName"]
        for changes in ({}, {"image": "shopteam.azurecr.io/thing@sha256:" + "b" * 64}, {"environment": {"A": "b"}})
    }
    assert len(names) == 3
    assert all(name.startswith("caas-staging-web-") for name in names)
    again = web(scaling={"minimum": 4, "maximum": 9}).one(PROFILE).inputs["containerGroupProfileName"]
    assert again in names, "a count is no release"
    recording = declared(full())
    assert MARKER not in recording.one(PROFILE, "web-profile").inputs["containerGroupProfileName"]
    group = recording.one(GROUP, "web-group").inputs["containerGroupProfiles"][0]
    assert group["resource"] == {"id": "web-profile-id"}


def test_the_group_keeps_a_count_over_the_zones() -> None:
    inputs = web().one(GROUP).inputs
    assert inputs["elasticProfile"]["desiredCount"] == 3
    assert inputs["elasticProfile"]["maintainDesiredCount"] is True
    assert inputs["zones"] == ["1", "2", "3"]
    assert "zones" not in web(azure={"zones": []}).one(GROUP).inputs


@pytest.mark.parametrize(
    ("changes", "batch", "unhealthy", "pause"),
    [
        ({}, 20, 20, "PT35S"),
        ({"maxSurge": 10}, 10, 20, "PT35S"),
        ({"maxSurge": 0, "maxUnavailable": 50}, 20, 50, "PT35S"),
        ({"minReady": 90}, 20, 20, "PT90S"),
    ],
)
def test_instances_are_replaced_in_small_batches(
    changes: dict[str, Any], batch: int, unhealthy: int, pause: str
) -> None:
    profile = rollout.update_profile(Rollout.model_validate_json(json.dumps(changes)))
    assert profile["update_mode"] == "Rolling"
    assert profile["rolling_update_profile"] == {
        "max_batch_percent": batch,
        "max_unhealthy_percent": unhealthy,
        "pause_time_between_batches": pause,
        "in_place_update": False,
    }
    assert web().one(GROUP).inputs["tags"]["rollingupdate.replace.enabled"] == "true"


def test_each_service_is_somebody_who_may_pull_and_nothing_else() -> None:
    recording = declared(full())
    mine = [one.inputs for one in recording.of(ROLE) if one.inputs["principalId"] == "web-identity-principal"]
    (pull,) = mine
    assert pull["scope"] == "registry-registry-id"
    assert pull["roleDefinitionId"].endswith("/7f951dda-4ed3-4680-a7ca-43fe172d538d")
    group = recording.one(GROUP, "web-group")
    assert group.inputs["identity"] == {"type": "UserAssigned", "userAssignedIdentities": ["web-identity-id"]}
    assert [one for one in group.depends_on if one.endswith("::registry-reader-web")]
    (login,) = recording.one(PROFILE, "web-profile").inputs["imageRegistryCredentials"]
    assert login.keys() == {"server", "identity"}, "no password"
    assert login["identity"].startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/caas-staging/")


def test_a_service_has_an_address_and_a_name_inside() -> None:
    recording = declared(full())
    balancer = recording.one(BALANCER, "api-balancer").inputs
    (front,) = balancer["frontendIPConfigurations"]
    assert front["subnet"] == {"id": "network-front-id"}
    assert "publicIPAddress" not in front
    (rule,) = balancer["loadBalancingRules"]
    assert (rule["frontendPort"], rule["backendPort"], rule["disableOutboundSnat"]) == (80, 9090, True)
    (probe,) = balancer["probes"]
    assert (probe["protocol"], probe["requestPath"]) == ("Http", "/r")
    record = recording.one("azure-native:privatedns:PrivateRecordSet", "api-name").inputs
    assert (record["privateZoneName"], record["relativeRecordSetName"]) == ("caas-staging.internal", "api")
    assert record["aRecords"] == [{"ipv4Address": "10.0.16.4"}]


@pytest.mark.parametrize(
    ("changes", "cpu", "memory"),
    [
        ({"cpu": 0.25, "memory": 256}, 1.0, 1.0),
        ({"cpu": 2, "memory": 4096}, 2.0, 4.0),
        ({"cpu": 1.234, "memory": 1500}, 1.24, 1.5),
        (
            {"cpu": 0.5, "memory": 512, "sidecars": {"a": {"image": FULL["sidecars"]["helper"]["image"], "cpu": 0.3}}},
            0.7,
            0.9,
        ),
    ],
)
def test_a_small_service_gets_the_smallest_group_that_is_sold(
    changes: dict[str, Any], cpu: float, memory: float
) -> None:
    size = sizes.own(described(**changes))
    assert (size.cpu, size.memory) == (cpu, memory)


def test_what_scales_keeps_its_count_through_an_update() -> None:
    fixed = declared(environment({"web": service(scaling=None, replicas=3)}))
    assert fixed.one(GROUP).inputs["elasticProfile"]["desiredCount"] == 3
    assert fixed.of("azure-native:logic:Workflow") == []
    assert fixed.of("azure-native:authorization:RoleDefinition") == []
