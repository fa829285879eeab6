"""The front: one Application Gateway for the environment, with TLS, web rules, and a way to each service with ingress.

A service's pool is its internal name, so the gateway knows nothing of instances: they come and go without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import network
from pulumi_azure_native.managedidentity import UserAssignedIdentity

from components.azure import paths
from components.azure.account import (
    VAULT_READER,
    Account,
    assign,
    named,
    resource_id,
    role_id,
    settings,
    tags,
)
from components.azure.network import Network
from components.base import Component, Transform
from components.spec.environment import Environment
from components.spec.service import Service

TLS_POLICY = "AppGwSslPolicy20220101S"
"""TLS 1.2 and 1.3, forward secrecy and authenticated encryption only ("Application Gateway TLS policy overview")."""

RULE_SET = {"rule_set_type": "Microsoft_DefaultRuleSet", "rule_set_version": "2.1"}
"""Microsoft's own, the newest that gateways take ("CRS and DRS rule groups")."""

LEAST_UNITS = {"dev": 0, "staging": 1, "prod": 2}
MOST_UNITS = 10
"""Capacity units of the gateway; it scales by itself between them."""


def public(environment: Environment) -> list[Service]:
    """The services that the world may call."""
    return [spec for spec in environment.services if spec.ingress is not None]


def url(service: Service) -> str | None:
    """Where the world finds the service; None without ingress."""
    if service.ingress is None:
        return None
    return f"{'https' if service.ingress.tls else 'http'}://{service.ingress.host}{service.ingress.path}"


def certificates(environment: Environment) -> dict[str, str]:
    """Host -> name of its certificate in the vault, for the hosts with TLS."""
    default = settings(environment).certificate
    found: dict[str, str] = {}
    for spec in public(environment):
        if spec.ingress is not None and spec.ingress.tls:
            found.setdefault(spec.ingress.host or "", spec.ingress.tls_secret or default or "")
    return found


def web_rules(environment: Environment) -> bool:
    """Whether Microsoft's managed rules stand before the services: as set, or as the tier gets."""
    return (settings(environment).waf or ("none" if environment.tier == "dev" else "managed")) == "managed"


@dataclass(frozen=True, kw_only=True)
class FrontArgs:
    """What a front is made of.

    :param environment: Its services say which hosts and paths there are.
    :param account: The resource group that it stands in.
    :param network: Where it stands.
    :param hosts: Service -> its internal name.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    account: Account
    network: Network
    hosts: Mapping[str, str]
    transforms: Sequence[Transform] = ()


class Front(Component):
    """A public gateway: HTTPS where services have TLS, and plain HTTP that leads there."""

    address: pulumi.Output[str]
    """What the services' host names must point to."""

    def __init__(self, name: str, args: FrontArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:Front", name, opts, args.transforms)
        self._prefix, self._args, self._environment = name, args, args.environment
        self._where: dict[str, Any] = {
            "resource_group_name": args.account.group,
            "location": settings(args.environment).location,
            "tags": tags(args.environment),
        }
        self._inside = self.child(depends_on=args.account.made)
        self._zones = list(settings(args.environment).zones) or None
        address = network.PublicIPAddress(
            f"{name}-address",
            public_ip_address_name=named(args.environment, "front"),
            sku={"name": "Standard"},
            public_ip_allocation_method="Static",
            zones=self._zones,
            opts=self._inside,
            **self._where,
        )
        self._gateway(address)
        self.address = address.ip_address.apply(lambda found: found or "")
        self.finish({"address": self.address})

    def _gateway(self, address: network.PublicIPAddress) -> None:
        environment = self._environment
        identity, before = self._identity()
        rules = self._rules()
        kind = "WAF_v2" if rules is not None else "Standard_v2"
        own = resource_id(environment, "Microsoft.Network/applicationGateways", named(environment))
        network.ApplicationGateway(
            f"{self._prefix}-gateway",
            application_gateway_name=named(environment),
            sku={"name": kind, "tier": kind},
            autoscale_configuration={"min_capacity": LEAST_UNITS[environment.tier], "max_capacity": MOST_UNITS},
            zones=self._zones,
            enable_http2=True,
            identity=None if identity is None else {"type": "UserAssigned", "user_assigned_identities": [identity]},
            firewall_policy=None if rules is None else {"id": rules.id},
            gateway_ip_configurations=[{"name": "gateway", "subnet": {"id": self._args.network.gateway}}],
            frontend_ip_configurations=[{"name": paths.WORLD, "public_ip_address": {"id": address.id}}],
            ssl_policy={"policy_type": "Predefined", "policy_name": TLS_POLICY},
            ssl_certificates=[
                {"name": one, "key_vault_secret_id": f"{self._vault()}/secrets/{one}"}
                for one in sorted(set(certificates(environment).values()))
            ]
            or None,
            **paths.documents(own, public(environment), self._args.hosts, certificates(environment)),
            opts=self.child(depends_on=[*self._args.account.made, *before]),
            **self._where,
        )

    def _vault(self) -> str:
        """Where the vault answers."""
        vault = settings(self._environment).vault or ""
        return f"https://{vault.rpartition('/')[2].lower()}.vault.azure.net"

    def _identity(self) -> tuple[pulumi.Output[str] | None, list[pulumi.Resource]]:
        """Who reads the certificates, each of them and nothing else of the vault; nobody where none is served."""
        names = sorted(set(certificates(self._environment).values()))
        if not names:
            return None, []
        identity = UserAssignedIdentity(
            f"{self._prefix}-identity",
            resource_name_=named(self._environment, "front"),
            opts=self._inside,
            **self._where,
        )
        vault = settings(self._environment).vault
        before: list[pulumi.Resource] = [
            assign(
                f"{self._prefix}-reads-{one}",
                self._environment,
                role=role_id(self._environment, VAULT_READER),
                scope=f"{vault}/secrets/{one}",
                principal=identity.principal_id,
                opts=self._inside,
            )
            for one in names
        ]
        return identity.id, before

    def _rules(self) -> network.WebApplicationFirewallPolicy | None:
        if not web_rules(self._environment):
            return None
        return network.WebApplicationFirewallPolicy(
            f"{self._prefix}-rules",
            policy_name=named(self._environment),
            policy_settings={"mode": "Prevention", "state": "Enabled", "request_body_check": True},
            managed_rules={"managed_rule_sets": [RULE_SET]},
            opts=self._inside,
            **self._where,
        )
