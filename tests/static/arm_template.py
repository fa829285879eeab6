"""What a program declares on Azure, as the template that Azure Resource Manager would read: what other people's tools
read.

azure-native is made from Azure's own API, so a resource's properties are the template's, one level up: what an API
calls ``properties`` is laid flat there, and is folded again here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.components.recorder import Declared, Recording

TYPES = {
    "alertsmanagement:PrometheusRuleGroup": "Microsoft.AlertsManagement/prometheusRuleGroups",
    "authorization:RoleAssignment": "Microsoft.Authorization/roleAssignments",
    "authorization:RoleDefinition": "Microsoft.Authorization/roleDefinitions",
    "containerinstance:ContainerGroup": "Microsoft.ContainerInstance/containerGroups",
    "containerinstance:ContainerGroupProfile": "Microsoft.ContainerInstance/containerGroupProfiles",
    "containerinstance:NGroup": "Microsoft.ContainerInstance/nGroups",
    "containerregistry:Registry": "Microsoft.ContainerRegistry/registries",
    "logic:Workflow": "Microsoft.Logic/workflows",
    "managedidentity:UserAssignedIdentity": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "monitor:ActionGroup": "Microsoft.Insights/actionGroups",
    "monitor:AzureMonitorWorkspace": "Microsoft.Monitor/accounts",
    "monitor:DataCollectionEndpoint": "Microsoft.Insights/dataCollectionEndpoints",
    "monitor:DataCollectionRule": "Microsoft.Insights/dataCollectionRules",
    "monitor:MetricAlert": "Microsoft.Insights/metricAlerts",
    "network:ApplicationGateway": "Microsoft.Network/applicationGateways",
    "network:LoadBalancer": "Microsoft.Network/loadBalancers",
    "network:NatGateway": "Microsoft.Network/natGateways",
    "network:NetworkSecurityGroup": "Microsoft.Network/networkSecurityGroups",
    "network:PublicIPAddress": "Microsoft.Network/publicIPAddresses",
    "network:Subnet": "Microsoft.Network/virtualNetworks/subnets",
    "network:VirtualNetwork": "Microsoft.Network/virtualNetworks",
    "network:WebApplicationFirewallPolicy": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
    "operationalinsights:Workspace": "Microsoft.OperationalInsights/workspaces",
    "privatedns:PrivateRecordSet": "Microsoft.Network/privateDnsZones/A",
    "privatedns:PrivateZone": "Microsoft.Network/privateDnsZones",
    "privatedns:VirtualNetworkLink": "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "resources:ResourceGroup": "Microsoft.Resources/resourceGroups",
}

TOP = ("identity", "kind", "location", "sku", "tags", "zones")
"""Keys that stand beside ``properties``; of an Application Gateway the sku stands inside."""

FOLDED = {
    "backendAddressPools",
    "backendHttpSettingsCollection",
    "containers",
    "delegations",
    "frontendIPConfigurations",
    "frontendPorts",
    "gatewayIPConfigurations",
    "httpListeners",
    "loadBalancingRules",
    "pathRules",
    "probes",
    "redirectConfigurations",
    "requestRoutingRules",
    "securityRules",
    "sslCertificates",
    "urlPathMaps",
}
"""Lists whose entries have a name and, beside it, ``properties``."""

PREFIX = "azure-native:"


def template(recording: Recording) -> dict[str, Any]:
    """A template that creates everything of Azure."""
    mine = [one for one in recording.resources if one.type.startswith(PREFIX)]
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [_resource(one) for one in mine],
    }


def _resource(one: Declared) -> dict[str, Any]:
    kind = TYPES[one.type.removeprefix(PREFIX)]
    inside = kind.endswith("applicationGateways")
    top = {key: one.inputs[key] for key in TOP if key in one.inputs and not (inside and key == "sku")}
    rest = {key: value for key, value in one.inputs.items() if key not in top and key != "resourceGroupName"}
    return {"type": kind, "apiVersion": "2024-05-01", "name": one.name, **top, "properties": _folded(rest)}


def _folded(value: Any) -> Any:
    if isinstance(value, list):
        return [_folded(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {key: [_part(one) for one in inner] if key in FOLDED else _folded(inner) for key, inner in value.items()}


def _part(value: Any) -> Any:
    if not isinstance(value, Mapping) or "name" not in value:
        return _folded(value)
    return {"name": value["name"], "properties": _folded({key: one for key, one in value.items() if key != "name"})}
