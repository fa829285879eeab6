"""Azure Container Registry: no password for all, nobody unnamed, images that are released before they run."""

from __future__ import annotations

from collections.abc import Iterator

from policies.reading import asked, tiers_schema
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, judged, read

REGISTRY = frozenset({"azure-native:containerregistry:Registry"})


def _admin(resource: Resource, _: Setting) -> Iterator[Answer]:
    message = "one password opens everything in it, and tells nobody who used it; set adminUserEnabled to false"
    yield from judged(resource.properties, ("adminUserEnabled",), lambda found: found not in (None, False), message)


def _anonymous(resource: Resource, _: Setting) -> Iterator[Answer]:
    message = "everybody may pull every image; set anonymousPullEnabled to false"
    yield from judged(resource.properties, ("anonymousPullEnabled",), lambda found: found not in (None, False), message)


def _closed(resource: Resource) -> Iterator[Answer]:
    """A registry that only networks of one's own reach: no public access, or none but for those that are named."""
    open_, default = (
        read(resource.properties, *path) for path in (("publicNetworkAccess",), ("networkRuleSet", "defaultAction"))
    )
    if open_ == "Disabled" or default == "Deny":
        return
    message = "the whole world may knock at the registry; set publicNetworkAccess to Disabled, with a private endpoint"
    unknown = ("networkRuleSet", "defaultAction") if default is UNKNOWN else ("publicNetworkAccess",)
    yield from judged(resource.properties, unknown, lambda _found: True, message)


def _network(resource: Resource, setting: Setting) -> Iterator[Answer]:
    yield from asked(setting, _closed(resource), "prod")


def _premium(resource: Resource, policy: str, message: str) -> Iterator[Answer]:
    """Judge a policy that only the premium tier has."""
    tier = read(resource.properties, "sku", "name")
    if tier is UNKNOWN:
        yield Undecided("sku.name")
    elif tier != "Premium":
        yield from judged(resource.properties, ("sku", "name"), lambda _found: True, f"{message} (tier Premium)")
    else:
        yield from judged(
            resource.properties, ("policies", policy, "status"), lambda found: found != "enabled", message
        )


def _quarantine(resource: Resource, setting: Setting) -> Iterator[Answer]:
    message = "an image can be pulled before anybody has looked at it; set policies.quarantinePolicy.status to enabled"
    yield from asked(setting, _premium(resource, "quarantinePolicy", message), "prod")


def _retention(resource: Resource, setting: Setting) -> Iterator[Answer]:
    message = "images without a tag never leave; set policies.retentionPolicy.status to enabled"
    yield from asked(setting, _premium(resource, "retentionPolicy", message), "prod")


RULES = (
    Rule(
        id="acr-no-admin",
        title="A registry has no user for all.",
        severity=Severity.HIGH,
        reason="Its password opens every repository, and nobody can tell who used it.",
        remedy="Leave adminUserEnabled out; give AcrPull and AcrPush to identities.",
        types=REGISTRY,
        check=_admin,
        references=("CKV_AZURE_137",),
    ),
    Rule(
        id="acr-no-anonymous",
        title="Nobody pulls an image unnamed.",
        severity=Severity.HIGH,
        reason="Images hold the program, its faults, and often more than was meant.",
        remedy="Leave anonymousPullEnabled out.",
        types=REGISTRY,
        check=_anonymous,
        references=("CKV_AZURE_138",),
    ),
    Rule(
        id="acr-private-network",
        title="A registry of prod is reached from networks that are named.",
        severity=Severity.MEDIUM,
        reason="A token that got out is of no use to those who cannot reach the registry.",
        remedy="Set publicNetworkAccess to Disabled, or networkRuleSet.defaultAction to Deny.",
        types=REGISTRY,
        check=_network,
        references=("CKV_AZURE_139",),
        schema=tiers_schema("prod"),
    ),
    Rule(
        id="acr-quarantine",
        title="An image of prod is looked at before anybody pulls it.",
        severity=Severity.MEDIUM,
        reason="A known fault runs in prod from the first minute.",
        remedy="Set policies.quarantinePolicy.status to enabled (tier Premium) and let a scanner release images.",
        types=REGISTRY,
        check=_quarantine,
        references=("CKV_AZURE_163", "CKV_AZURE_166"),
        schema=tiers_schema("prod"),
    ),
    Rule(
        id="acr-retention",
        title="Images that nobody needs leave the registry.",
        severity=Severity.LOW,
        reason="Each build leaves one more, with faults that nobody mends and at a price.",
        remedy="Set policies.retentionPolicy.status to enabled (tier Premium).",
        types=REGISTRY,
        check=_retention,
        references=("CKV_AZURE_167",),
        schema=tiers_schema("prod"),
    ),
)
