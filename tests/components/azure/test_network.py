"""Registry, network and gateway: each fact that security rests on, by itself."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from components.azure.network import ranges
from tests.components.azure import inventory
from tests.components.azure.worlds import (
    EXISTING,
    HOME,
    NETWORK,
    REGISTRY,
    VAULT,
    declared,
    environment,
    full,
    service,
    web,
)
from tests.components.recorder import Recording

REGISTRY_TYPE = "azure-native:containerregistry:Registry"
RULES = "azure-native:network:NetworkSecurityGroup"
SUBNET = "azure-native:network:Subnet"
GATEWAY = "azure-native:network:ApplicationGateway"


def gateway(recording: Recording) -> dict[str, Any]:
    return recording.one(GATEWAY).inputs


def last(part: dict[str, str]) -> str:
    """What an id within the gateway names."""
    return part["id"].rpartition("/")[2]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_registry_knows_no_password(stack: str) -> None:
    inputs = declared(inventory.stack(stack)).one(REGISTRY_TYPE).inputs
    assert (inputs["adminUserEnabled"], inputs["anonymousPullEnabled"]) == (False, False)
    premium = stack == "prod"
    assert inputs["sku"] == {"name": "Premium" if premium else "Standard"}
    assert ("policies" in inputs) == premium
    if premium:
        assert inputs["policies"]["retentionPolicy"] == {"status": "enabled", "days": 7}
        assert inputs["policies"]["quarantinePolicy"] == {"status": "enabled"}


def test_a_registry_that_stays_is_in_no_group_that_goes() -> None:
    prod = declared(inventory.stack("prod"))
    assert prod.one(REGISTRY_TYPE).inputs["resourceGroupName"] == "caas-prod-images"
    assert prod.one("azure-native:resources:ResourceGroup", "registry-group").inputs["resourceGroupName"] == (
        "caas-prod-images"
    )
    assert declared(inventory.stack("dev")).one(REGISTRY_TYPE).inputs["resourceGroupName"] == "caas-dev"
    named = web(azure={"resourceGroup": "shop"})
    assert named.one(REGISTRY_TYPE).inputs["resourceGroupName"] == "shop"
    assert named.of("azure-native:resources:ResourceGroup") == []


def test_a_registry_that_exists_is_only_read() -> None:
    recording = web(azure={"registry": EXISTING})
    assert recording.of(REGISTRY_TYPE) == []
    reader = recording.one("azure-native:authorization:RoleAssignment", "registry-reader-web").inputs
    assert reader["scope"] == EXISTING


def test_an_image_is_built_after_its_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inventory.__file__.rpartition("/tests/")[0])
    image = declared(inventory.stack("prod")).one("docker-build:index:Image")
    assert image.inputs["platforms"] == ["linux/amd64"]
    assert image.inputs["tags"][0].startswith(f"{REGISTRY}/web:")
    assert [one for one in image.depends_on if one.endswith("::registry-registry")]


def test_addresses_are_divided_without_overlap() -> None:
    divided = ranges("10.20.0.0/16")
    assert (divided.gateway, divided.front, divided.containers) == ("10.20.0.0/20", "10.20.16.0/20", "10.20.128.0/17")


def test_containers_have_a_subnet_of_their_own_and_one_way_out() -> None:
    recording = web()
    containers = recording.one(SUBNET, "network-containers").inputs
    assert containers["delegations"] == [
        {"name": "containers", "serviceName": "Microsoft.ContainerInstance/containerGroups"}
    ]
    assert containers["natGateway"] == {"id": "network-nat-id"}
    for name in ("containers", "front", "gateway"):
        inputs = recording.one(SUBNET, f"network-{name}").inputs
        assert inputs["networkSecurityGroup"] == {"id": f"network-{name}-rules-id"}
        assert inputs["defaultOutboundAccess"] is False


def test_rules_end_with_a_denial_in_each_direction_and_priorities_differ() -> None:
    recording = declared(full())
    for name, directions in (("containers", {"Inbound", "Outbound"}), ("front", {"Inbound"}), ("gateway", {"Inbound"})):
        rules = recording.one(RULES, f"network-{name}-rules").inputs["securityRules"]
        for direction in directions:
            mine = sorted(
                (one["priority"], one["access"], one["name"]) for one in rules if one["direction"] == direction
            )
            assert mine[-1][1] == "Deny"
            assert {access for _, access, _ in mine[:-1]} == {"Allow"}
        for one, other in combinations(rules, 2):
            assert (one["priority"], one["direction"]) != (other["priority"], other["direction"])


def test_only_gateway_probes_and_services_reach_containers() -> None:
    rules = declared(full()).one(RULES, "network-containers-rules").inputs["securityRules"]
    sources = {one["sourceAddressPrefix"] for one in rules if (one["direction"], one["access"]) == ("Inbound", "Allow")}
    assert sources == {"AzureLoadBalancer", "10.0.0.0/20", "10.0.128.0/17"}
    outside = {
        one["destinationAddressPrefix"]: one.get("destinationPortRanges")
        for one in rules
        if one["name"].startswith("to-outside")
    }
    assert outside == {"10.9.0.0/16": ["5432"]}
    assert "to-outside-0" not in str(web().one(RULES, "network-containers-rules").inputs)


def test_a_network_that_exists_is_not_touched() -> None:
    recording = web(azure={"network": NETWORK})
    assert not recording.of(SUBNET) + recording.of(RULES) + recording.of("azure-native:network:NatGateway")
    link = recording.one("azure-native:privatedns:VirtualNetworkLink").inputs
    assert link["virtualNetwork"] == {"id": HOME}
    group = recording.one("azure-native:containerinstance:NGroup").inputs["containerGroupProfiles"][0]
    assert group["containerGroupProperties"] == {"subnetIds": [{"id": NETWORK["containers"]}]}
    assert gateway(recording)["gatewayIPConfigurations"][0]["subnet"] == {"id": NETWORK["gateway"]}


def test_tls_is_served_and_plain_http_leads_there() -> None:
    inputs = gateway(web())
    listeners = {last(one["frontendPort"]): one for one in inputs["httpListeners"]}
    assert listeners["https"]["hostName"] == listeners["http"]["hostName"] == "web.example.com"
    assert last(listeners["https"]["sslCertificate"]) == "wildcard"
    assert inputs["sslPolicy"] == {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101S"}
    rules = {last(one["httpListener"]): one for one in inputs["requestRoutingRules"]}
    plain = rules[listeners["http"]["name"]]
    assert "urlPathMap" not in plain
    (redirect,) = inputs["redirectConfigurations"]
    assert last(plain["redirectConfiguration"]) == redirect["name"]
    assert (redirect["redirectType"], last(redirect["targetListener"])) == ("Permanent", listeners["https"]["name"])


def test_the_gateway_reads_its_certificates_and_nothing_else_of_the_vault() -> None:
    recording = declared(
        environment({"web": service(), "shop": service(ingress={"host": "shop.example.org", "tlsSecret": "shop"})})
    )
    certificates = {one["name"]: one["keyVaultSecretId"] for one in gateway(recording)["sslCertificates"]}
    assert certificates["shop"] == "https://shop-keys.vault.azure.net/secrets/shop"
    scopes = {
        one.inputs["scope"]
        for one in recording.of("azure-native:authorization:RoleAssignment")
        if one.inputs["principalId"] == "front-identity-principal"
    }
    assert scopes == {f"{VAULT}/secrets/shop", f"{VAULT}/secrets/wildcard"}


def test_a_longer_path_is_a_service_of_its_own() -> None:
    world = environment({"web": service(), "shop": service(ingress={"host": "web.example.com", "path": "/shop"})})
    recording = declared(world)
    (paths,) = gateway(recording)["urlPathMaps"]
    assert last(paths["defaultBackendAddressPool"]) == "web"
    (rule,) = paths["pathRules"]
    assert (rule["paths"], last(rule["backendAddressPool"])) == (["/shop", "/shop/*"], "shop")
    assert recording.result["services"]["shop"]["url"] == "https://web.example.com/shop"


def test_a_path_without_a_service_reaches_nobody() -> None:
    (paths,) = gateway(web(ingress={"path": "/only"}))["urlPathMaps"]
    assert last(paths["defaultBackendAddressPool"]) == "nobody"


def test_every_part_that_is_named_exists() -> None:
    inputs = gateway(declared(inventory.stack("prod")))
    named: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("id"), str) and "/applicationGateways/" in value["id"]:
                named.append(value["id"].partition("/applicationGateways/")[2].partition("/")[2])
            for each in value.values():
                collect(each)
        if isinstance(value, list):
            for each in value:
                collect(each)

    collect(inputs)
    there = {
        f"{kind}/{one['name']}"
        for kind, parts in inputs.items()
        if isinstance(parts, list)
        for one in parts
        if isinstance(one, dict)
    }
    assert named
    assert set(named) <= there


@pytest.mark.parametrize(("stack", "sku"), [("dev", "Standard_v2"), ("prod", "WAF_v2")])
def test_web_rules_stand_before_what_matters(stack: str, sku: str) -> None:
    recording = declared(inventory.stack(stack))
    assert gateway(recording)["sku"] == {"name": sku, "tier": sku}
    policies = recording.of("azure-native:network:WebApplicationFirewallPolicy")
    assert len(policies) == (stack == "prod")
    for one in policies:
        assert one.inputs["policySettings"]["mode"] == "Prevention"


def test_there_is_no_gateway_where_nobody_outside_calls() -> None:
    recording = web(ingress=None)
    assert recording.of(GATEWAY) == []
    assert recording.result["azure"]["address"] is None
