"""Resource type -> what Azure's Resource Manager calls it, and the operations that declaring one takes beside reading,
writing and deleting it. Pure data ("Azure permissions").

What says who may do what - definitions of roles, trust in tokens - and what holds everything else is read here and
applied by an administrator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rights:
    """What one type takes."""

    kind: str
    """Such as ``Microsoft.Network/loadBalancers``."""
    more: tuple[str, ...] = ()
    """Operations below the kind that a change takes besides."""
    looks: tuple[str, ...] = ()
    """Further operations, whole, that reading it takes."""
    changed: bool = True
    """Whether a pipeline changes it at all."""


RIGHTS: Mapping[str, Rights] = {
    "azure-native:alertsmanagement:PrometheusRuleGroup": Rights("Microsoft.AlertsManagement/prometheusRuleGroups"),
    "azure-native:authorization:RoleAssignment": Rights("Microsoft.Authorization/roleAssignments"),
    "azure-native:authorization:RoleDefinition": Rights("Microsoft.Authorization/roleDefinitions", changed=False),
    "azure-native:containerinstance:ContainerGroup": Rights(
        "Microsoft.ContainerInstance/containerGroups", ("restart/action", "start/action", "stop/action")
    ),
    "azure-native:containerinstance:ContainerGroupProfile": Rights(
        "Microsoft.ContainerInstance/containerGroupProfiles"
    ),
    "azure-native:containerinstance:NGroup": Rights(
        "Microsoft.ContainerInstance/NGroups",
        ("restart/action", "start/action", "stop/action"),
        ("Microsoft.ContainerInstance/containerGroups/read",),
    ),
    "azure-native:containerregistry:Registry": Rights("Microsoft.ContainerRegistry/registries"),
    "azure-native:logic:Workflow": Rights(
        "Microsoft.Logic/workflows",
        ("triggers/listCallbackUrl/action",),
        ("Microsoft.Logic/workflows/triggers/read",),
    ),
    "azure-native:managedidentity:UserAssignedIdentity": Rights(
        "Microsoft.ManagedIdentity/userAssignedIdentities", ("assign/action",)
    ),
    "azure-native:monitor:ActionGroup": Rights("Microsoft.Insights/actionGroups"),
    "azure-native:monitor:AzureMonitorWorkspace": Rights("Microsoft.Monitor/accounts"),
    "azure-native:monitor:DataCollectionEndpoint": Rights("Microsoft.Insights/dataCollectionEndpoints"),
    "azure-native:monitor:DataCollectionRule": Rights("Microsoft.Insights/dataCollectionRules"),
    "azure-native:monitor:MetricAlert": Rights("Microsoft.Insights/metricAlerts"),
    "azure-native:network:ApplicationGateway": Rights(
        "Microsoft.Network/applicationGateways", ("backendAddressPools/join/action", "backendhealth/action")
    ),
    "azure-native:network:LoadBalancer": Rights(
        "Microsoft.Network/loadBalancers", ("backendAddressPools/join/action", "frontendIPConfigurations/join/action")
    ),
    "azure-native:network:NatGateway": Rights("Microsoft.Network/natGateways", ("join/action",)),
    "azure-native:network:NetworkSecurityGroup": Rights("Microsoft.Network/networkSecurityGroups", ("join/action",)),
    "azure-native:network:PublicIPAddress": Rights("Microsoft.Network/publicIPAddresses", ("join/action",)),
    "azure-native:network:Subnet": Rights("Microsoft.Network/virtualNetworks/subnets", ("join/action",)),
    "azure-native:network:VirtualNetwork": Rights("Microsoft.Network/virtualNetworks", ("join/action",)),
    "azure-native:network:WebApplicationFirewallPolicy": Rights(
        "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
    ),
    "azure-native:operationalinsights:Workspace": Rights(
        "Microsoft.OperationalInsights/workspaces", ("sharedKeys/action",)
    ),
    "azure-native:privatedns:PrivateRecordSet": Rights("Microsoft.Network/privateDnsZones/A"),
    "azure-native:privatedns:PrivateZone": Rights("Microsoft.Network/privateDnsZones", ("join/action",)),
    "azure-native:privatedns:VirtualNetworkLink": Rights("Microsoft.Network/privateDnsZones/virtualNetworkLinks"),
    "azure-native:resources:ResourceGroup": Rights("Microsoft.Resources/subscriptions/resourceGroups", changed=False),
}
"""Every type that a stack on Azure may declare."""

READS = (
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.ContainerInstance/containerGroups/containers/logs/read",
    "Microsoft.ContainerInstance/containerGroups/read",
    "Microsoft.ContainerRegistry/registries/pull/read",
    "Microsoft.Insights/metrics/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
)
"""What `caas` itself looks at whatever is declared, and the pipeline's own identity."""

PUSHES = ("Microsoft.ContainerRegistry/registries/push/write",)
"""What an apply does beside: it pushes images and marks them."""
