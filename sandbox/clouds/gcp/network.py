"""Compute Engine's network: networks, subnetworks, routers, NAT, addresses, TLS policies."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Quota, Reference, Unique, Values
from sandbox.clouds.gcp import tokens
from sandbox.clouds.gcp.formats import COMPUTE, LABELS, NAME, labelled, location, now, path, project
from sandbox.rpc.arguments import UNKNOWN, Failure

FOREIGN = r"[a-z]([-a-z0-9]*[a-z0-9])?"
"""A bare name: of something that exists and that the simulation was not told of."""

IN_NETWORK = Reference(
    tokens.NETWORK, "id", "notFound", "The resource '{value}' was not found", everywhere=True, foreign=FOREIGN
)
HELD = ("resourceInUseByAnotherResource", "The resource '{id}' is already being used by another resource")


def _unique(noun: str, *keys: str) -> Unique:
    return Unique(keys, "alreadyExists", f"The resource {noun} '{{value}}' already exists")


def _made(call: Call, *parts: str) -> dict[str, Any]:
    id_ = path(call, *parts, call.inputs["name"])
    return {"id": id_, "project": project(call), "selfLink": f"{COMPUTE}/{id_}", "creationTimestamp": now()}


def _network(call: Call) -> dict[str, Any]:
    made = _made(call, "global", "networks")
    return {**made, "networkId": str(secrets.randbelow(10**18)), "numericId": "", "gatewayIpv4": ""}


def _subnetwork(call: Call) -> dict[str, Any]:
    region = location(call)
    made = _made(call, "regions", region, "subnetworks")
    block = ipaddress.IPv4Network(call.inputs["ipCidrRange"])
    return {**made, "region": region, "gatewayAddress": str(block[1]), "fingerprint": secrets.token_urlsafe(8)}


def blocks(inputs: Values) -> list[str]:
    """Every range of a subnetwork, its own first; unknown ones are left out."""
    further = inputs.get("secondaryIpRanges") or ()
    found = [inputs.get("ipCidrRange"), *(one.get("ipCidrRange") for one in further if isinstance(one, dict))]
    return [one for one in found if isinstance(one, str) and one != UNKNOWN]


def _check_subnetwork(inputs: Values) -> Iterator[Failure]:
    parsed = []
    for text in blocks(inputs):
        try:
            parsed.append(ipaddress.IPv4Network(text))
        except ValueError:
            yield Failure("ipCidrRange", f"{text!r} is not a valid CIDR block")
    for one, other in combinations(parsed, 2):
        if one.overlaps(other):
            yield Failure("secondaryIpRanges", f"{one} overlaps with {other} in the same subnetwork")


def _admit_subnetwork(call: Call) -> None:
    mine = [ipaddress.IPv4Network(one) for one in blocks(call.inputs)]
    for other in call.others(tokens.SUBNETWORK, region="global"):
        if other["network"] != call.inputs["network"]:
            continue
        for text in blocks(other):
            if any(one.overlaps(ipaddress.IPv4Network(text)) for one in mine):
                raise CloudError(
                    "invalid",
                    f"Invalid IPCidrRange: {text} conflicts with existing subnetwork '{other['name']}' in region "
                    f"'{other['region']}'.",
                )


def _router(call: Call) -> dict[str, Any]:
    region = location(call)
    return {**_made(call, "regions", region, "routers"), "region": region}


def _nat(call: Call) -> dict[str, Any]:
    region = location(call)
    id_ = "/".join([project(call), region, call.inputs["router"], call.inputs["name"]])
    return {"id": id_, "project": project(call), "region": region}


def _check_nat(inputs: Values) -> Iterator[Failure]:
    for key, choice, word in (
        ("subnetworks", "sourceSubnetworkIpRangesToNat", "LIST_OF_SUBNETWORKS"),
        ("natIps", "natIpAllocateOption", "MANUAL_ONLY"),
    ):
        if inputs.get(choice) != UNKNOWN and (inputs.get(choice) == word) != bool(inputs.get(key)):
            yield Failure(key, f"is given together with {word}, and only then")


def _address(call: Call) -> dict[str, Any]:
    given = call.inputs.get("address") or f"198.51.100.{secrets.randbelow(250) + 2}"
    return {
        **_made(call, "global", "addresses"),
        **labelled(call),
        "address": given,
        "labelFingerprint": "42WmSpB8rSM=",
    }


def _policy(call: Call) -> dict[str, Any]:
    made = _made(call, "global", "sslPolicies")
    ciphers = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
    return {**made, "enabledFeatures": ciphers, "fingerprint": secrets.token_urlsafe(8)}


KINDS = (
    Kind(
        tokens.NETWORK,
        "Compute Engine",
        "Network",
        _network,
        computed=("project", "selfLink", "networkId", "numericId", "gatewayIpv4"),
        replaces=frozenset({"name", "project", "autoCreateSubnetworks", "description"}),
        name=NAME,
        defaults={"autoCreateSubnetworks": True},
        choices={"routingMode": ("REGIONAL", "GLOBAL")},
        unique=_unique("network", "name"),
        quota=Quota(15, "QUOTA_EXCEEDED", "Quota 'NETWORKS' exceeded.  Limit: {limit}.0 globally."),
        held=HELD,
        everywhere=True,
    ),
    Kind(
        tokens.SUBNETWORK,
        "Compute Engine",
        "Subnetwork",
        _subnetwork,
        computed=("project", "region", "selfLink", "creationTimestamp", "gatewayAddress", "fingerprint"),
        replaces=frozenset({"name", "project", "region", "network", "purpose", "description"}),
        name=NAME,
        references={"network": IN_NETWORK},
        choices={
            "logConfig.metadata": ("EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA", "CUSTOM_METADATA"),
            "logConfig.aggregationInterval": (
                "INTERVAL_5_SEC",
                "INTERVAL_30_SEC",
                "INTERVAL_1_MIN",
                "INTERVAL_5_MIN",
                "INTERVAL_10_MIN",
                "INTERVAL_15_MIN",
            ),
        },
        ranges={"logConfig.flowSampling": (0, 1)},
        unique=_unique("subnetwork", "region", "name"),
        quota=Quota(275, "QUOTA_EXCEEDED", "Quota 'SUBNETWORKS' exceeded.  Limit: {limit}.0 globally."),
        held=HELD,
        check=_check_subnetwork,
        admit=_admit_subnetwork,
        everywhere=True,
    ),
    Kind(
        tokens.ROUTER,
        "Compute Engine",
        "Router",
        _router,
        computed=("project", "region", "selfLink", "creationTimestamp"),
        replaces=frozenset({"name", "project", "region", "network"}),
        name=NAME,
        references={"network": IN_NETWORK},
        unique=_unique("router", "region", "name"),
        held=HELD,
        everywhere=True,
    ),
    Kind(
        "gcp:compute/routerNat:RouterNat",
        "Compute Engine",
        "RouterNat",
        _nat,
        computed=("project", "region"),
        replaces=frozenset({"name", "project", "region", "router"}),
        name=NAME,
        choices={
            "natIpAllocateOption": ("MANUAL_ONLY", "AUTO_ONLY"),
            "sourceSubnetworkIpRangesToNat": (
                "ALL_SUBNETWORKS_ALL_IP_RANGES",
                "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES",
                "LIST_OF_SUBNETWORKS",
            ),
            "logConfig.filter": ("ERRORS_ONLY", "TRANSLATIONS_ONLY", "ALL"),
        },
        references={
            "router": Reference(
                tokens.ROUTER, "name", "notFound", "The resource router '{value}' was not found", everywhere=True
            ),
            "subnetworks.name": Reference(
                tokens.SUBNETWORK,
                "id",
                "notFound",
                "The resource '{value}' was not found",
                everywhere=True,
                foreign=FOREIGN,
            ),
        },
        check=_check_nat,
        everywhere=True,
    ),
    Kind(
        "gcp:compute/globalAddress:GlobalAddress",
        "Compute Engine",
        "GlobalAddress",
        _address,
        computed=("project", "selfLink", "creationTimestamp", "address", "labelFingerprint", *LABELS),
        volatile=frozenset(LABELS),
        replaces=frozenset({"name", "project", "address", "addressType", "ipVersion", "network", "prefixLength"}),
        name=NAME,
        choices={"addressType": ("EXTERNAL", "INTERNAL"), "ipVersion": ("IPV4", "IPV6")},
        unique=_unique("address", "name"),
        everywhere=True,
    ),
    Kind(
        "gcp:compute/sSLPolicy:SSLPolicy",
        "Compute Engine",
        "SslPolicy",
        _policy,
        computed=("project", "selfLink", "creationTimestamp", "enabledFeatures", "fingerprint"),
        replaces=frozenset({"name", "project", "description"}),
        name=NAME,
        choices={
            "minTlsVersion": ("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3"),
            "profile": ("COMPATIBLE", "MODERN", "RESTRICTED", "CUSTOM", "FIPS_202205"),
        },
        unique=_unique("SSL policy", "name"),
        everywhere=True,
    ),
)
