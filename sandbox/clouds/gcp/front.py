"""Certificate Manager and Cloud DNS."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.core.model import Call, Kind, Reference, Unique, Values
from sandbox.clouds.gcp import tokens
from sandbox.clouds.gcp.formats import LABELS, NAME, labelled, now, path, project
from sandbox.rpc.arguments import UNKNOWN, Failure

HELD = ("FAILED_PRECONDITION", "can't delete resource '{id}': it is in use")


def _made(call: Call, *parts: str) -> dict[str, Any]:
    """What every resource of Certificate Manager has. Ours are global."""
    where = call.inputs.get("location") or "global"
    return {
        "id": path(call, "locations", where, *parts, call.inputs["name"]),
        "project": project(call),
        **labelled(call),
    }


def _authorization(call: Call) -> dict[str, Any]:
    domain = call.inputs["domain"]
    record = {
        "name": f"_acme-challenge.{domain}.",
        "type": "CNAME",
        "data": f"{secrets.token_hex(8)}.{secrets.randbelow(20)}.authorize.certificatemanager.goog.",
    }
    return {**_made(call, "dnsAuthorizations"), "dnsResourceRecords": [record]}


def _certificate(call: Call) -> dict[str, Any]:
    return {**_made(call, "certificates"), "sanDnsnames": (call.inputs.get("managed") or {}).get("domains") or []}


def _check_certificate(inputs: Values) -> Iterator[Failure]:
    if (inputs.get("managed") is None) == (inputs.get("selfManaged") is None):
        yield Failure("managed", "exactly one of managed and selfManaged must be given")


def _entry(call: Call) -> dict[str, Any]:
    return {
        **_made(call, "certificateMaps", call.inputs["map"], "certificateMapEntries"),
        "createTime": now(),
        "updateTime": now(),
        "state": "ACTIVE",
    }


def _check_entry(inputs: Values) -> Iterator[Failure]:
    if (inputs.get("hostname") is None) == (inputs.get("matcher") is None):
        yield Failure("hostname", "exactly one of hostname and matcher must be given")


def _record(call: Call) -> dict[str, Any]:
    parts = (call.inputs["managedZone"], "rrsets", call.inputs["name"], call.inputs["type"])
    return {"id": path(call, "managedZones", *parts), "project": project(call)}


def _check_record(inputs: Values) -> Iterator[Failure]:
    name = str(inputs.get("name", UNKNOWN))
    if UNKNOWN not in name and not name.endswith("."):
        yield Failure("name", f"{name!r}: the name of a record set ends with a dot")


KINDS = (
    Kind(
        tokens.AUTHORIZATION,
        "Certificate Manager",
        "DnsAuthorization",
        _authorization,
        computed=("project", "dnsResourceRecords", *LABELS),
        volatile=frozenset(LABELS),
        replaces=frozenset({"name", "domain", "location", "project", "type"}),
        name=NAME,
        unique=Unique(("name",), "ALREADY_EXISTS", "Resource '{value}' already exists"),
        held=HELD,
        everywhere=True,
    ),
    Kind(
        tokens.CERTIFICATE,
        "Certificate Manager",
        "Certificate",
        _certificate,
        computed=("project", "sanDnsnames", *LABELS),
        volatile=frozenset(LABELS),
        replaces=frozenset({"name", "location", "managed", "project", "scope"}),
        name=NAME,
        references={
            "managed.dnsAuthorizations": Reference(
                tokens.AUTHORIZATION, "id", "NOT_FOUND", "DnsAuthorization {value} not found", everywhere=True
            )
        },
        unique=Unique(("name",), "ALREADY_EXISTS", "Resource '{value}' already exists"),
        held=HELD,
        check=_check_certificate,
        everywhere=True,
    ),
    Kind(
        tokens.CERTIFICATE_MAP,
        "Certificate Manager",
        "CertificateMap",
        lambda call: {**_made(call, "certificateMaps"), "createTime": now(), "updateTime": now(), "gclbTargets": []},
        computed=("project", "createTime", "updateTime", "gclbTargets", *LABELS),
        volatile=frozenset(LABELS),
        replaces=frozenset({"name", "project"}),
        name=NAME,
        unique=Unique(("name",), "ALREADY_EXISTS", "Resource '{value}' already exists"),
        held=HELD,
        everywhere=True,
    ),
    Kind(
        "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry",
        "Certificate Manager",
        "CertificateMapEntry",
        _entry,
        computed=("project", "createTime", "updateTime", "state", *LABELS),
        volatile=frozenset(LABELS),
        replaces=frozenset({"name", "map", "hostname", "matcher", "project"}),
        name=NAME,
        references={
            "map": Reference(
                tokens.CERTIFICATE_MAP, "name", "NOT_FOUND", "CertificateMap {value} not found", everywhere=True
            ),
            "certificates": Reference(
                tokens.CERTIFICATE, "id", "NOT_FOUND", "Certificate {value} not found", everywhere=True
            ),
        },
        unique=Unique(("map", "hostname"), "ALREADY_EXISTS", "An entry for hostname '{value}' already exists"),
        check=_check_entry,
        everywhere=True,
    ),
    Kind(
        tokens.RECORD_SET,
        "Cloud DNS",
        "RecordSet",
        _record,
        computed=("project",),
        replaces=frozenset({"managedZone", "name", "project", "type"}),
        ranges={"ttl": (0, 2147483647)},
        unique=Unique(
            ("managedZone", "type", "name"),
            "alreadyExists",
            "The resource 'entity.change.additions[0]' named '{value}' already exists",
        ),
        check=_check_record,
        everywhere=True,
    ),
)
"""A managed zone belongs to somebody else: records are written into any."""
