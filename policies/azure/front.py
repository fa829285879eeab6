"""What stands before containers of Azure, and what is kept beside them: gateway, network rules, storage, keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.reading import asked, elements, filled, number, tiers_schema
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Rule,
    Setting,
    Severity,
    Undecided,
    Violation,
    dotted,
    items,
    judged,
    read,
)

GATEWAY = frozenset({"azure-native:network:ApplicationGateway"})
FIREWALL = frozenset({"azure-native:network:WebApplicationFirewallPolicy"})
GROUP, SINGLE = "azure-native:network:NetworkSecurityGroup", "azure-native:network:SecurityRule"
STORAGE = frozenset({"azure-native:storage:StorageAccount"})
VAULT = frozenset({"azure-native:keyvault:Vault"})

STRONG = ("AppGwSslPolicy20170401S", "AppGwSslPolicy20220101", "AppGwSslPolicy20220101S")
"""Predefined policies without TLS 1.0 and 1.1 ("Application Gateway TLS policy overview")."""

WORLD = ("*", "Internet", "0.0.0.0/0", "::/0", "Any")
SOURCES = ("sourceAddressPrefix", "sourceAddressPrefixes")
PORTS = ("destinationPortRange", "destinationPortRanges")
OPEN = (80, 443)
"""Ports that may answer the world."""


def _tls12(resource: Resource, _: Setting) -> Iterator[Answer]:
    name, kind = read(resource.properties, "sslPolicy", "policyName"), ("sslPolicy", "minProtocolVersion")
    if name is UNKNOWN:
        yield Undecided("sslPolicy.policyName")
    elif name not in STRONG:
        message = "it admits TLS 1.0 and 1.1; set sslPolicy.policyName to AppGwSslPolicy20220101S"
        yield from judged(resource.properties, kind, lambda found: found not in ("TLSv1_2", "TLSv1_3"), message)


def _redirects(resource: Resource) -> Iterator[Answer]:
    """A listener for plain HTTP has one rule, and it redirects."""
    redirected = [
        read(rule, "httpListener", "id")
        for _path, rule in items(resource.properties, "requestRoutingRules")
        if read(rule, "redirectConfiguration", "id") is not None
    ]
    names = [_last(identity) for identity in redirected]
    for path, listener in items(resource.properties, "httpListeners"):
        protocol, name = read(listener, "protocol"), read(listener, "name")
        if protocol is UNKNOWN or name is UNKNOWN:
            yield Undecided(dotted(*path))
        elif protocol == "Http" and name not in names:
            if UNKNOWN in redirected:
                yield Undecided("requestRoutingRules")
            else:
                text = f"listener {name} answers over plain HTTP; redirect it to one with HTTPS"
                yield Violation(text, dotted(*path))


def _https(resource: Resource, setting: Setting) -> Iterator[Answer]:
    """Environments of dev may do without a certificate, and so without HTTPS."""
    yield from asked(setting, _redirects(resource), "staging", "prod")


def _last(identity: Any) -> str:
    """The name at the end of a resource id."""
    return str(identity).rpartition("/")[2]


def _guarded(resource: Resource, setting: Setting) -> Iterator[Answer]:
    answers = judged(
        resource.properties,
        ("firewallPolicy", "id"),
        lambda found: not filled(found),
        "no firewall looks at what the world sends; set firewallPolicy, with the tier WAF_v2",
    )
    yield from asked(setting, answers, "staging", "prod")


def _prevention(resource: Resource, _: Setting) -> Iterator[Answer]:
    of = ("policySettings",)
    message = "the firewall is off; set policySettings.state to Enabled"
    yield from judged(resource.properties, (*of, "state"), lambda found: found == "Disabled", message)
    message = "the firewall only writes down what it finds; set policySettings.mode to Prevention"
    yield from judged(resource.properties, (*of, "mode"), lambda found: found != "Prevention", message)


def _open(resource: Resource, _: Setting) -> Iterator[Answer]:
    if resource.type == SINGLE:
        yield from _open_rule(resource.properties, "sourceAddressPrefix")
    for path, rule in items(resource.properties, "securityRules"):
        yield from _open_rule(rule, dotted(*path))


def _open_rule(rule: Any, at: str) -> Iterator[Answer]:
    access, direction = read(rule, "access"), read(rule, "direction")
    sources = [each for key in SOURCES for _at, each in elements(rule, key)]
    ports = [each for key in PORTS for _at, each in elements(rule, key)]
    if access == "Deny" or direction == "Outbound":
        return
    if any(value is UNKNOWN for value in (rule, access, direction, *sources, *ports)):
        yield Undecided(at)
    elif any(source in WORLD for source in sources):
        shut = [str(port) for port in ports if number(port) not in OPEN]
        if shut:
            text = f"the world reaches port {', '.join(shut)}; name networks, or let only 80 and 443 in"
            yield Violation(text, at)


def _storage(resource: Resource, _: Setting) -> Iterator[Answer]:
    message = "everybody can be let in to a container of it; set allowBlobPublicAccess to false"
    yield from judged(resource.properties, ("allowBlobPublicAccess",), lambda found: found is not False, message)
    message = "it admits TLS 1.0 and 1.1; set minimumTlsVersion to TLS1_2"
    tls = ("TLS1_2", "TLS1_3")
    yield from judged(resource.properties, ("minimumTlsVersion",), lambda found: found not in tls, message)
    message = "it answers over plain HTTP; set enableHttpsTrafficOnly to true"
    yield from judged(resource.properties, ("enableHttpsTrafficOnly",), lambda found: found is False, message)
    message = "its keys open everything in it; set allowSharedKeyAccess to false and give roles"
    yield from judged(resource.properties, ("allowSharedKeyAccess",), lambda found: found is not False, message)


def _vault(resource: Resource, _: Setting) -> Iterator[Answer]:
    of = ("properties",)
    message = "a key that is deleted is gone with everything that it encrypts; set enablePurgeProtection to true"
    yield from judged(resource.properties, (*of, "enablePurgeProtection"), lambda found: found is not True, message)
    message = "who may read it is written in the vault and not in roles; set enableRbacAuthorization to true"
    yield from judged(resource.properties, (*of, "enableRbacAuthorization"), lambda found: found is not True, message)


RULES = (
    Rule(
        id="appgw-tls12",
        title="An Application Gateway speaks TLS 1.2 at the least.",
        severity=Severity.HIGH,
        reason="TLS 1.0 and 1.1 are broken and forbidden by every standard that counts.",
        remedy="Set sslPolicy: Predefined, AppGwSslPolicy20220101S.",
        types=GATEWAY,
        check=_tls12,
        references=("CKV_AZURE_218",),
    ),
    Rule(
        id="appgw-https",
        title="An Application Gateway answers over HTTPS and redirects what comes over plain HTTP.",
        severity=Severity.HIGH,
        reason="Over plain HTTP everybody on the way reads passwords and sessions, and can change the answer.",
        remedy="Give each listener for Http a rule with a redirectConfiguration to one for Https.",
        types=GATEWAY,
        check=_https,
        references=("CKV_AZURE_217",),
        schema=tiers_schema("staging", "prod"),
    ),
    Rule(
        id="appgw-waf",
        title="A firewall looks at what the world sends to an Application Gateway.",
        severity=Severity.MEDIUM,
        reason="Known attacks reach the services, which have to be without any fault then.",
        remedy="Set firewallPolicy and the tier WAF_v2.",
        types=GATEWAY,
        check=_guarded,
        references=("CKV_AZURE_120",),
        schema=tiers_schema("staging", "prod"),
    ),
    Rule(
        id="azure-waf-prevention",
        title="A firewall refuses what it finds.",
        severity=Severity.MEDIUM,
        reason="A firewall that only writes down has let the attack through.",
        remedy="Set policySettings.mode to Prevention.",
        types=FIREWALL,
        check=_prevention,
        references=("CKV_AZURE_122",),
    ),
    Rule(
        id="azure-nsg-open",
        title="The world reaches ports 80 and 443 and no other.",
        severity=Severity.HIGH,
        reason="Whatever listens there is found within minutes, and guessed at from then on.",
        remedy="Name networks or a service tag as the source.",
        types=frozenset({GROUP, SINGLE}),
        check=_open,
        references=("CKV_AZURE_9", "CKV_AZURE_10", "CKV_AZURE_77"),
    ),
    Rule(
        id="azure-storage-closed",
        title="A storage account is reached over TLS, by those who have a role.",
        severity=Severity.HIGH,
        reason="Files that everybody reads, and keys that open all of them, are how most data gets out.",
        remedy="Set allowBlobPublicAccess and allowSharedKeyAccess to false, minimumTlsVersion to TLS1_2.",
        types=STORAGE,
        check=_storage,
        references=("CKV_AZURE_3", "CKV_AZURE_44", "CKV_AZURE_59", "CKV2_AZURE_40"),
    ),
    Rule(
        id="azure-vault-protected",
        title="A Key Vault keeps what is deleted for a while, and is opened by roles.",
        severity=Severity.MEDIUM,
        reason="Without its keys nobody ever reads again what they encrypt.",
        remedy="Set enablePurgeProtection and enableRbacAuthorization to true.",
        types=VAULT,
        check=_vault,
        references=("CKV_AZURE_110", "CKV_AZURE_42"),
    ),
)
