"""Wrong configurations of the platform azure-aci."""

from __future__ import annotations

from typing import Any

from tests.spec.wrong_case import DEV, REMOVE, Case, S

SUBSCRIPTION, REGISTRY = "12345678-1234-9876-4563-123456789012", "shopteam.azurecr.io"
GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
HOME = f"{GROUPS}/nets/providers/Microsoft.Network/virtualNetworks/shared/subnets"
OTHER = f"{GROUPS}/nets/providers/Microsoft.Network/virtualNetworks/other/subnets"
AZURE: dict[str, Any] = {
    "platform": "azure-aci",
    "registry.address": REGISTRY,
    "azure.subscription": SUBSCRIPTION,
    "azure.location": "westeurope",
    "azure.vault": f"{GROUPS}/keys/providers/Microsoft.KeyVault/vaults/shop-keys",
    "azure.certificate": "wildcard",
}
NETWORK: dict[str, Any] = {
    "azure.network.containers": f"{HOME}/containers",
    "azure.network.front": f"{HOME}/front",
    "azure.network.gateway": f"{HOME}/gateway",
}
HELPER = f"{REGISTRY}/helper@sha256:" + "b" * 64


def setting(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct environment on Azure with a change of its settings."""
    more.setdefault("line", key.rsplit(".", 1)[-1])
    more.setdefault("file", f"Pulumi.{more.get('stack', 'dev')}.yaml")
    # The loader's own rules, the same through the engine: two go that way, which is enough to know it.
    more.setdefault("engine", False)
    laid = {key: value for key, value in {**AZURE, **changes}.items() if value is not REMOVE}
    return Case(f"azure-{id}", key, limit, remedy, settings=laid, **more)


def service(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct environment on Azure with a change of its service."""
    more.setdefault("line", key.rsplit(".", 1)[-1])
    more.setdefault("engine", False)
    return Case(f"azure-{id}", f"{S}.{key}", limit, remedy, service=changes, settings=AZURE, **more)


SETTINGS_OF_AZURE = [
    Case(
        "azure-settings-missing",
        "azure",
        "required where the platform is azure-aci",
        "caas:azure.location",
        settings={"platform": "azure-aci", "registry.address": REGISTRY},
        file=DEV,
        engine=False,
    ),
    setting(
        "subscription",
        "azure.subscription",
        "the id of a subscription",
        "az account show",
        {"azure.subscription": "My Subscription"},
        engine=True,
    ),
    setting("location", "azure.location", "a location of Azure", "westeurope", {"azure.location": "West Europe"}),
    setting(
        "resource-group", "azure.resourceGroup", "at most 90 characters", "shop-prod", {"azure.resourceGroup": "a/b"}
    ),
    setting(
        "registry-elsewhere",
        "registry.address",
        "an address of a container registry on Azure",
        "shopteam.azurecr.io",
        {"registry.address": "registry.example.org/team"},
    ),
    setting(
        "registry-id",
        "azure.registry",
        "the id of a container registry",
        "Microsoft.ContainerRegistry",
        {"azure.registry": "shopteam"},
    ),
    setting(
        "registry-of-another-name",
        "azure.registry",
        "the registry that registry.address names, shopteam",
        "the same registry",
        {"azure.registry": f"{GROUPS}/b/providers/Microsoft.ContainerRegistry/registries/other"},
    ),
    setting(
        "quarantine-of-another",
        "azure.quarantine",
        "absent where the registry exists",
        "remove azure.registry",
        {
            "azure.registry": f"{GROUPS}/b/providers/Microsoft.ContainerRegistry/registries/shopteam",
            "azure.quarantine": True,
        },
    ),
    setting("cidr", "azure.cidr", "from /12 to /20", "10.20.0.0/16", {"azure.cidr": "10.0.0.0/24"}),
    setting("cidr-public", "azure.cidr", "a private range", "10.20.0.0/16", {"azure.cidr": "8.0.0.0/16"}),
    setting("cidr-and-network", "azure.cidr", "only one of", "remove cidr", {**NETWORK, "azure.cidr": "10.0.0.0/16"}),
    setting(
        "subnet",
        "azure.network.containers",
        "the id of a subnet",
        "virtualNetworks",
        {**NETWORK, "azure.network.containers": "containers"},
    ),
    setting(
        "subnet-of-another-network",
        "azure.network.front",
        "the same virtual network",
        "name a subnet of shared",
        {**NETWORK, "azure.network.front": f"{OTHER}/front"},
    ),
    setting(
        "gateway-subnet-missing",
        "azure.network.gateway",
        "required where a service has ingress (hello)",
        "azure.network.gateway",
        {**NETWORK, "azure.network.gateway": REMOVE},
        line="network",
    ),
    setting("zone-twice", "azure.zones", "each zone once", '["1", "2", "3"]', {"azure.zones": ["1", "1"]}),
    setting("one-zone-in-prod", "azure.zones", "two zones", "has zones", {"azure.zones": ["1"]}, stack="prod"),
    setting("short-log", "logRetention", "30 to 730 days", "write 30", {"logRetention": 7}),
    setting("vault", "azure.vault", "the id of a Key Vault", "Microsoft.KeyVault", {"azure.vault": "shop-keys"}),
    setting(
        "vault-missing",
        "azure.vault",
        "required where a service is served over TLS (hello)",
        "azure.certificate",
        {"azure.vault": REMOVE},
        line="azure",
    ),
    setting(
        "certificate-missing",
        "azure.certificate",
        "no tlsSecret of its own (hello)",
        "azure.certificate",
        {"azure.certificate": REMOVE},
        line="azure",
    ),
    setting(
        "certificate",
        "azure.certificate",
        "the name of a certificate",
        "wildcard-example",
        {"azure.certificate": "a/b"},
    ),
    setting("waf", "azure.waf", "one of: managed, none", "write one of these", {"azure.waf": "strict"}),
]

SERVICES_ON_AZURE = [
    service(
        "persistent",
        "volumes",
        "does not offer persistent volume",
        "a database or object store",
        {"volumes": {"data": {"path": "/data", "kind": "persistent", "size": 512}}},
        engine=True,
    ),
    service(
        "tls-secret",
        "ingress.tlsSecret",
        "the name of a certificate in the vault",
        "www-example-com",
        {"ingress.tlsSecret": "tls/own"},
    ),
    Case(
        "azure-two-certificates-of-one-host",
        "services.shop.ingress.tlsSecret",
        "one certificate for hello.example.org",
        "name the same in both",
        settings=AZURE,
        more={"shop": {"ingress.host": "hello.example.org", "ingress.path": "/shop", "ingress.tlsSecret": "own"}},
        line="tlsSecret",
        engine=False,
    ),
    service(
        "image-elsewhere",
        "image",
        "an image in shopteam.azurecr.io",
        "az acr import",
        {"build": REMOVE, "image": "registry.example.org/hello@sha256:" + "0" * 64},
    ),
    service(
        "sidecar-elsewhere",
        "sidecars.helper.image",
        "an image in shopteam.azurecr.io",
        "az acr import",
        {"sidecars": {"helper": {"image": HELPER.replace(REGISTRY, "registry.example.org")}}},
    ),
    service("cpu", "cpu", "at most 4 vCPU", "more instances", {"cpu": 8}),
    service("memory", "memory", "at most 16 GB", "more instances", {"memory": 32768}),
    service(
        "startup",
        "health.startup.path",
        "the readiness path",
        "remove it",
        {"health.startup": {"path": "/started"}},
        line="path",
    ),
    service("args", "args", "together with command", "entry point into command", {"args": ["serve"]}),
    service(
        "sidecar-args",
        "sidecars.helper.args",
        "together with command",
        "entry point into command",
        {"sidecars": {"helper": {"image": HELPER, "args": ["serve"]}}},
    ),
]
