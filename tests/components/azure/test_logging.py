"""The services' lines on Container Instances: a group that reads one table, and what it may reach."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from components.azure.logging import DATA, LogForwarder, LogForwarderArgs
from components.logging.forwarder.settings import CONFIGURATION, Settings, decoded
from tests.components.azure.worlds import LOGS, MARKER, NETWORK, SUBSCRIPTION, declared, environment, full
from tests.components.recorder import Recording, record

GROUP = "azure-native:containerinstance:ContainerGroup"
ROLE, GIVEN = "azure-native:authorization:RoleDefinition", "azure-native:authorization:RoleAssignment"
RULES, SUBNET = "azure-native:network:NetworkSecurityGroup", "azure-native:network:Subnet"


@cache
def logged() -> Recording:
    return declared(full(logging=LOGS))


def container(recording: Recording, name: str) -> dict[str, Any]:
    (found,) = [one for one in recording.one(GROUP).inputs["containers"] if one["name"] == name]
    return dict(found)


def variables(recording: Recording, name: str) -> dict[str, Any]:
    given = container(recording, name)["environmentVariables"]
    return {one["name"]: one.get("value", one.get("secureValue")) for one in given}


def test_one_small_group_stands_in_a_subnet_of_its_own_and_has_no_address() -> None:
    recording = logged()
    group = recording.one(GROUP).inputs
    assert group["containerGroupName"] == "caas-staging-log-forwarder"
    assert group["subnetIds"] == [{"id": "network-logs-id"}]
    assert "ipAddress" not in group
    assert group["restartPolicy"] == "Always"
    assert group["diagnostics"]["logAnalytics"]["workspaceId"] == "cluster-logs-customer"
    sizes = [one["resources"]["requests"] for one in group["containers"]]
    assert sizes == [{"cpu": 0.5, "memoryInGB": 0.5}] * 2
    for one in group["containers"]:
        assert one["securityContext"]["runAsUser"] == 65532
        assert one["securityContext"]["privileged"] is False
        assert "ports" not in one


def test_the_key_stands_where_azure_never_shows_it_and_nowhere_else() -> None:
    recording = logged()
    group = recording.one(GROUP)
    for name in ("collector", "log-forwarder"):
        given = {one["name"]: one for one in container(recording, name)["environmentVariables"]}
        assert given["ELASTICSEARCH_CREDENTIAL"] == {"name": "ELASTICSEARCH_CREDENTIAL", "secureValue": MARKER}
    assert len([path for path in group.secret_paths if path.endswith("secureValue")]) == 2
    mine = [one for one in recording.resources if one.name.startswith("logging") and one.type != GROUP]
    assert mine
    assert MARKER not in str([one.inputs for one in mine])
    open_ = declared(environment(stack="dev", logging={**LOGS, "apiKey": None}))
    assert "secureValue" not in str(open_.one(GROUP).inputs["containers"])


def test_the_forwarder_is_told_what_it_reads_and_where_lines_go() -> None:
    recording = logged()
    given = variables(recording, "log-forwarder")
    assert (given["WORKSPACE_ID"], given["AZURE_CLIENT_ID"]) == ("cluster-logs-customer", "logging-identity-client")
    told = decoded({CONFIGURATION: given[CONFIGURATION]})
    assert (told.own, told.services) == ("caas-staging-log-forwarder", ("api", "web"))
    assert (told.elasticsearch, told.stream) == (LOGS["elasticsearch"], "logs-caas.app-staging")
    assert (told.platform, told.credential) == ("azure-aci", "api-key")
    assert told.api == Settings.api == "https://api.loganalytics.azure.com"


def test_the_collector_listens_on_the_loopback_where_the_forwarder_sends() -> None:
    recording = logged()
    assert container(recording, "collector")["command"] == ["/otelcol-contrib", "--config=env:COLLECTOR_CONFIG"]
    said = json.loads(variables(recording, "collector")["COLLECTOR_CONFIG"])
    told = decoded({CONFIGURATION: variables(recording, "log-forwarder")[CONFIGURATION]})
    assert said["receivers"]["tcplog"]["listen_address"] == f"127.0.0.1:{told.collector}"
    assert said["exporters"]["elasticsearch"]["endpoints"] == [LOGS["elasticsearch"]]
    assert said["exporters"]["elasticsearch"]["logs_index"] == told.stream


def test_it_may_ask_one_workspace_for_one_table_and_pull_its_images() -> None:
    recording = logged()
    given = [one for one in recording.of(GIVEN) if one.inputs["principalId"] == "logging-identity-principal"]
    assert sorted(one.name for one in given) == ["logging-reader-role", "registry-reader-log-forwarder"]
    reader = recording.one(GIVEN, "logging-reader-role").inputs
    assert (reader["roleDefinitionId"], reader["scope"]) == ("logging-reader-id", "cluster-logs-id")
    assert reader["conditionVersion"] == "2.0"
    assert reader["condition"] == (
        f"((!(ActionMatches{{'{DATA}'}})) OR (@Resource[Microsoft.OperationalInsights/workspaces/tables:name] "
        "StringEquals 'ContainerInstanceLog_CL'))"
    )
    role = recording.one(ROLE, "logging-reader").inputs
    assert role["assignableScopes"] == [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/caas-staging"]
    assert role["permissions"] == [
        {
            "actions": [
                "Microsoft.OperationalInsights/workspaces/read",
                "Microsoft.OperationalInsights/workspaces/query/read",
            ],
            "notActions": [],
            "dataActions": ["Microsoft.OperationalInsights/workspaces/tables/data/read"],
            "notDataActions": [],
        }
    ]
    before = recording.one(GROUP).depends_on
    assert {one.rpartition("::")[2] for one in before} >= {"logging-reader-role", "registry-reader-log-forwarder"}


def test_it_is_let_out_to_azure_and_to_elasticsearch_and_nobody_gets_in() -> None:
    rules = logged().one(RULES, "network-logs-rules").inputs["securityRules"]
    out = {
        (one["destinationAddressPrefix"], one["destinationPortRange"])
        for one in rules
        if one["direction"] == "Outbound" and one["access"] == "Allow"
    }
    assert out == {
        ("10.7.0.0/24", "9243"),
        ("AzureContainerRegistry", "443"),
        ("Storage", "443"),
        ("AzureActiveDirectory", "443"),
        ("AzureMonitor", "443"),
    }
    assert [one["name"] for one in rules if one["direction"] == "Inbound"] == ["from-others"]
    assert [one["name"] for one in rules if one["access"] == "Deny"] == ["from-others", "to-others"]


def test_services_are_not_let_out_to_elasticsearch() -> None:
    rules = logged().one(RULES, "network-containers-rules").inputs["securityRules"]
    assert "10.7.0.0/24" not in [one["destinationAddressPrefix"] for one in rules]


def test_in_a_network_that_exists_it_stands_beside_the_services() -> None:
    known = {key: value for key, value in LOGS.items() if key != "addresses"}
    recording = declared(full(logging=known, network=NETWORK))
    assert recording.one(GROUP).inputs["subnetIds"] == [{"id": NETWORK["containers"]}]
    assert recording.of(SUBNET) == []


def test_without_logging_nothing_of_it_is_there() -> None:
    recording = declared(full())
    assert recording.of(GROUP) == []
    assert [one.name for one in recording.of(RULES)] == [
        "network-containers-rules",
        "network-front-rules",
        "network-gateway-rules",
    ]


def test_the_pipeline_may_give_the_reader_s_role() -> None:
    pipeline = {"system": "github", "repository": "team/shop"}
    recording = declared(full(logging=LOGS, pipeline=pipeline))
    role = recording.one(ROLE, "logging-reader").inputs["roleDefinitionId"]
    granted = recording.one(GIVEN, "pipeline-apply-granted").inputs
    assert role in granted["condition"]
    assert role not in declared(full(pipeline=pipeline)).one(GIVEN, "pipeline-apply-granted").inputs["condition"]


def test_a_program_of_one_s_own_that_forgets_a_part_is_told() -> None:
    nothing: Any = None
    args = LogForwarderArgs(
        environment=environment(), account=nothing, registry=nothing, network=nothing, cluster=nothing
    )

    def program() -> dict[str, Any]:
        LogForwarder("logging", args)
        return {}

    with pytest.raises(ValueError, match=r"logging\.elasticsearch and logging\.forwarder are required"):
        record(program)
