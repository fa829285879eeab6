"""What the simulated Azure refuses and how it writes its identifiers; every type is the installed SDK's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi_azure_native
import pytest

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.definition import DEFINITION, ROOMS, configure
from sandbox.clouds.core.checks import normalised, wrong
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Kind, Scope
from sandbox.clouds.core.schema import Sdk
from sandbox.clouds.start import cloud
from tests.sandbox.clouds.test_catalogue import exists

SDK = Sdk(Path(pulumi_azure_native.__file__).parent)
SUBSCRIPTION = "12345678-1234-9876-4563-123456789012"
SCOPE = Scope(SUBSCRIPTION, "westeurope")
KINDS = sorted(DEFINITION.kinds.values(), key=lambda kind: kind.token)
ACR_PULL = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/" + (
    "7f951dda-4ed3-4680-a7ca-43fe172d538d"
)
G = {"resourceGroupName": "shop"}


class Desk:
    """Somebody who asks the cloud for one thing after the other."""

    def __init__(self, directory: Path) -> None:
        self.cloud = cloud("azure", directory)

    def check(self, token: str, /, **inputs: Any) -> list[str]:
        """What the plug-in itself finds wrong."""
        kind = DEFINITION.kinds[token]
        given = normalised(kind, inputs, {}, "it", b"seed")
        return [f"{each.path}: {each.reason}" for each in wrong(kind, SDK.resource(token), given)]

    def create(self, token: str, /, **inputs: Any) -> dict[str, Any]:
        """Make one; its state."""
        kind = DEFINITION.kinds[token]
        given = normalised(kind, inputs, {}, "it", b"seed")
        assert wrong(kind, SDK.resource(token), given) == []
        return self.cloud.create(kind, "it", SCOPE, given)[1]

    def delete(self, token: str, state: dict[str, Any]) -> None:
        """Take one away."""
        self.cloud.delete(DEFINITION.kinds[token], "it", SCOPE, state["id"], state)

    def group(self) -> dict[str, Any]:
        """The resource group of all that follows."""
        return self.create(tokens.GROUP, **G)

    def network(self, **changes: Any) -> dict[str, Any]:
        """A network with a subnet for containers; the subnet."""
        self.group()
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        self.create(tokens.NETWORK, **G, virtualNetworkName="net", addressSpace=space)
        return self.subnet(**changes)

    def subnet(self, **changes: Any) -> dict[str, Any]:
        """A further subnet of that network."""
        usual = {
            "virtualNetworkName": "net",
            "subnetName": "containers",
            "addressPrefix": "10.0.128.0/17",
            "delegations": [{"name": "c", "serviceName": "Microsoft.ContainerInstance/containerGroups"}],
        }
        return self.create(tokens.SUBNET, **G, **{**usual, **changes})

    def profile(self, name: str = "web-1", image: str = "shop.azurecr.io/web@sha256:1", **more: Any) -> dict[str, Any]:
        """A profile with one container."""
        return self.create(tokens.PROFILE, **G, **profile(name, image=image), **more)

    def ngroup(self, subnet: dict[str, Any], made: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Two groups of a profile in a subnet."""
        return self.create(tokens.NGROUP, **G, **{**ngroup(subnet, made), **changes})


def profile(name: str = "web-1", **container: Any) -> dict[str, Any]:
    """The arguments of a profile."""
    size = {"requests": {"cpu": 1.0, "memoryInGB": 1.0}}
    one = {"name": "web", "image": "i", "resources": size, **container}
    return {"containerGroupProfileName": name, "osType": "Linux", "containers": [one]}


def ngroup(subnet: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an NGroup."""
    home = {"subnetIds": [{"id": subnet["id"]}]}
    return {
        "ngroupsName": "web",
        "zones": ["1", "2"],
        "elasticProfile": {"desiredCount": 2.0},
        "updateProfile": {"updateMode": "Rolling"},
        "containerGroupProfiles": [{"resource": {"id": made["id"]}, "containerGroupProperties": home}],
    }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_no_type_is_described_twice() -> None:
    assert len(DEFINITION.kinds) == sum(len(room.KINDS) for room in ROOMS) >= 22


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.token)
def test_type_is_the_sdks(kind: Kind) -> None:
    schema = SDK.resource(kind.token)
    paths = {*kind.defaults, *kind.choices, *kind.ranges, *kind.documents, *kind.references}
    paths |= {kind.name.key} if kind.name else set()
    assert sorted(path for path in paths if not exists(schema.inputs, path)) == []
    # A location is given with most types, and with some it cannot be.
    assert kind.replaces - {"location"} <= schema.inputs.properties.keys()
    assert set(kind.computed) - schema.outputs == set()
    assert kind.volatile | kind.shaped <= set(kind.computed)
    assert kind.everywhere
    for reference in kind.references.values():
        assert reference.kind in DEFINITION.kinds
        assert reference.everywhere


@pytest.mark.parametrize("token", sorted(DEFINITION.functions))
def test_functions_are_the_sdks(token: str) -> None:
    assert SDK.function(token)


def test_unknown_values_pass_every_check(desk: Desk) -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    for kind in KINDS:
        inputs = dict.fromkeys(SDK.resource(kind.token).inputs.properties, unknown)
        found = [one for one in desk.check(kind.token, **inputs) if "needs a container" not in one]
        assert found == [], kind.token


def test_identifiers_are_written_as_azure_writes_them(desk: Desk) -> None:
    subnet = desk.network()
    home = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers"
    assert subnet["id"] == f"{home}/Microsoft.Network/virtualNetworks/net/subnets/containers"
    registry = desk.create(tokens.REGISTRY, **G, registryName="shopTeam", sku={"name": "Standard"})
    assert registry["loginServer"] == "shopteam.azurecr.io"
    made = desk.profile()
    assert made["id"] == f"{home}/Microsoft.ContainerInstance/containerGroupProfiles/web-1"
    zone = desk.create(tokens.ZONE, **G, privateZoneName="shop.internal")
    assert zone["id"] == f"{home}/Microsoft.Network/privateDnsZones/shop.internal"
    record = {"privateZoneName": "shop.internal", "relativeRecordSetName": "web", "recordType": "A"}
    assert desk.create(tokens.RECORD, **G, **record)["fqdn"] == "web.shop.internal."


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (tokens.NETWORK, {"nmae": "a"}, "nmae: Unsupported argument"),
        (tokens.SUBNET, {}, "resourceGroupName: Missing required argument"),
        (tokens.GROUP, {"resourceGroupName": "a/b"}, "is not a valid resource name"),
        (tokens.REGISTRY, {**G, "registryName": "no-dash", "sku": {"name": "Basic"}}, "is not a valid resource name"),
        (tokens.REGISTRY, {**G, "registryName": "shopteam", "sku": {"name": "Large"}}, 'one of ["Classic", "Basic"'),
        (
            tokens.REGISTRY,
            {
                **G,
                "registryName": "shopteam",
                "sku": {"name": "Standard"},
                "policies": {"retentionPolicy": {"status": "enabled"}},
            },
            "available for the Premium SKU only",
        ),
        (tokens.PROFILE, {**G, **profile(resources={"requests": {"cpu": 0.5, "memoryInGB": 1.0}})}, "from 1 to 4"),
        (tokens.PROFILE, {**G, **profile(resources={"requests": {"cpu": 1.0, "memoryInGB": 1.25}})}, "tenths of a GB"),
        (tokens.PROFILE, {**G, **profile(readinessProbe={"periodSeconds": 5.0})}, "exactly one of exec and httpGet"),
        (
            tokens.PROFILE,
            {**G, **profile(environmentVariables=[{"name": "A", "value": "1", "secureValue": "2"}])},
            "A has 2 values",
        ),
        (tokens.CALLED, {**G, "groupShortName": "a-name-too-long", "enabled": True}, "at most 12 characters"),
        (
            tokens.ASSIGNMENT,
            {"roleAssignmentName": "mine", "scope": "/", "principalId": "x", "roleDefinitionId": ACR_PULL},
            "is not a GUID",
        ),
        (
            tokens.ASSIGNMENT,
            {"scope": "/", "principalId": "x", "roleDefinitionId": ACR_PULL, "condition": "((a)"},
            "a condition has the version 2.0",
        ),
        (
            tokens.ASSIGNMENT,
            {"scope": "/", "principalId": "x", "roleDefinitionId": ACR_PULL, "condition": "((a)"},
            "condition is invalid",
        ),
        (
            tokens.ROLE,
            {"scope": "/", "permissions": [{"dataActions": ["read"]}]},
            "permissions[0].dataActions: 'read' does not match",
        ),
        (
            tokens.CONTAINERS,
            {**G, "containerGroupName": "logs", "osType": "Linux", "containers": []},
            "needs a container",
        ),
        (
            tokens.ALERT,
            {
                **G,
                "scopes": ["x"],
                "severity": 3.0,
                "enabled": True,
                "evaluationFrequency": "PT2M",
                "windowSize": "PT1M",
                "criteria": {"odata_type": "x"},
            },
            "expected evaluationFrequency to be one of",
        ),
        (
            tokens.RULES,
            {
                **G,
                "securityRules": [
                    {
                        "name": name,
                        "priority": 100.0,
                        "direction": "Inbound",
                        "access": "Allow",
                        "protocol": "*",
                        "sourceAddressPrefix": "*",
                        "destinationAddressPrefix": "*",
                        "destinationPortRange": "*",
                    }
                    for name in ("a", "b")
                ],
            },
            "a and b have the same priority",
        ),
    ],
)
def test_what_the_plugin_itself_refuses(desk: Desk, token: str, inputs: dict[str, Any], expected: str) -> None:
    assert expected in "; ".join(desk.check(token, **inputs))


def test_a_subnet_lies_in_its_network_and_beside_the_others(desk: Desk) -> None:
    desk.network()
    with pytest.raises(CloudError, match="NetcfgInvalidSubnet"):
        desk.subnet(subnetName="b", addressPrefix="10.1.0.0/24")
    with pytest.raises(CloudError, match="NetcfgSubnetRangesOverlap"):
        desk.subnet(subnetName="b", addressPrefix="10.0.200.0/24")


def test_containers_need_their_subnet(desk: Desk) -> None:
    subnet = desk.network(delegations=[])
    with pytest.raises(CloudError, match="SubnetNotDelegated"):
        desk.ngroup(subnet, desk.profile())


def test_nothing_is_made_in_a_group_that_is_not_there(desk: Desk) -> None:
    with pytest.raises(CloudError, match="ResourceGroupNotFound"):
        desk.profile()


def test_what_others_need_is_not_deleted(desk: Desk) -> None:
    subnet = desk.network()
    made = desk.profile()
    desk.ngroup(subnet, made)
    with pytest.raises(CloudError, match="ContainerGroupProfileInUse"):
        desk.delete(tokens.PROFILE, made)
    with pytest.raises(CloudError, match="InUseSubnetCannotBeDeleted"):
        desk.delete(tokens.SUBNET, subnet)
    with pytest.raises(CloudError, match="ResourceGroupNotEmpty"):
        desk.delete(tokens.GROUP, {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop", **G})


def test_an_image_is_pulled_by_an_identity_that_may(desk: Desk) -> None:
    subnet = desk.network()
    registry = desk.create(tokens.REGISTRY, **G, registryName="shopteam", sku={"name": "Standard"})
    who = desk.create(tokens.IDENTITY, **G, resourceName="web")
    login = [{"server": "shopteam.azurecr.io", "identity": who["id"]}]
    made = desk.profile(image="shopteam.azurecr.io/web@sha256:1", imageRegistryCredentials=login)
    identity = {"type": "UserAssigned", "userAssignedIdentities": [who["id"]]}
    with pytest.raises(CloudError, match="InaccessibleImage"):
        desk.ngroup(subnet, made, identity=identity)
    role = {
        "roleAssignmentName": "00000000-0000-0000-0000-000000000001",
        "scope": registry["id"],
        "roleDefinitionId": ACR_PULL,
    }
    with pytest.raises(CloudError, match="PrincipalNotFound"):
        desk.create(tokens.ASSIGNMENT, **role, principalId="00000000-0000-0000-0000-000000000002")
    desk.create(tokens.ASSIGNMENT, **role, principalId=who["principalId"])
    group = desk.ngroup(subnet, made, identity=identity)
    assert group["identity"]["userAssignedIdentities"][who["id"]]["principalId"] == who["principalId"]


def test_a_container_group_of_its_own_runs_in_its_subnet_as_an_identity_that_may_pull(desk: Desk) -> None:
    subnet, closed = desk.network(), desk.subnet(subnetName="front", addressPrefix="10.0.1.0/24", delegations=[])
    registry = desk.create(tokens.REGISTRY, **G, registryName="shopteam", sku={"name": "Standard"})
    who = desk.create(tokens.IDENTITY, **G, resourceName="logs")
    given = {
        "containerGroupName": "logs",
        "osType": "Linux",
        "containers": profile(image="shopteam.azurecr.io/f@sha256:1")["containers"],
        "subnetIds": [{"id": subnet["id"]}],
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [who["id"]]},
        "imageRegistryCredentials": [{"server": "shopteam.azurecr.io", "identity": who["id"]}],
    }
    with pytest.raises(CloudError, match=r"InaccessibleImage.*'logs'"):
        desk.create(tokens.CONTAINERS, **G, **given)
    role = {"roleAssignmentName": "00000000-0000-0000-0000-000000000001", "roleDefinitionId": ACR_PULL}
    desk.create(tokens.ASSIGNMENT, **role, scope=registry["id"], principalId=who["principalId"])
    with pytest.raises(CloudError, match="SubnetNotDelegated"):
        desk.create(tokens.CONTAINERS, **G, **{**given, "subnetIds": [{"id": closed["id"]}]})
    group = desk.create(tokens.CONTAINERS, **G, **given)
    assert group["id"].endswith("/providers/Microsoft.ContainerInstance/containerGroups/logs")
    assert group["instanceView"]["state"] == "Running"
    assert group["identity"]["userAssignedIdentities"][who["id"]]["principalId"] == who["principalId"]
    with pytest.raises(CloudError, match="InUseSubnetCannotBeDeleted"):
        desk.delete(tokens.SUBNET, subnet)


def test_an_identity_believes_a_subject_once_and_no_pattern(desk: Desk) -> None:
    desk.group()
    desk.create(tokens.IDENTITY, **G, resourceName="pipeline")
    believed = {**G, "resourceName": "pipeline", "issuer": "https://git.example.org", "audiences": ["caas-apply"]}
    one = {"federatedIdentityCredentialResourceName": "main", "subject": "repo:team/shop:environment:prod"}
    made = desk.create(tokens.TRUST, **believed, **one)
    assert made["id"].endswith("/userAssignedIdentities/pipeline/federatedIdentityCredentials/main")
    with pytest.raises(CloudError, match="already exists for this Managed Identity"):
        desk.create(tokens.TRUST, **believed, **{**one, "federatedIdentityCredentialResourceName": "again"})
    assert "wildcard" in str(desk.check(tokens.TRUST, **{**believed, **one, "subject": "repo:team/*"}))
    assert "exactly one" in str(desk.check(tokens.TRUST, **{**believed, **one, "audiences": ["a", "b"]}))


def test_a_subscription_is_needed() -> None:
    with pytest.raises(CloudError, match="invalid or missing subscription"):
        configure({"location": "westeurope"}, {})
    assert configure({}, {"ARM_SUBSCRIPTION_ID": SUBSCRIPTION}).account == SUBSCRIPTION
