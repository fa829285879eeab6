"""Route 53's zones and records, and certificates of AWS Certificate Manager."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Values
from sandbox.clouds.core.world import GLOBAL
from sandbox.rpc.arguments import UNKNOWN, Failure

HOST = r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?"


TYPES = (
    *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS"),
    *("PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
)
"""Of records."""


def _zone(call: Call) -> dict[str, Any]:
    id_ = f"Z{secrets.token_hex(10).upper()}"
    servers = [f"ns-{index}.awsdns-0{index}.{end}" for index, end in enumerate(("com", "net", "org", "co.uk"))]
    return {
        "id": id_,
        "zoneId": id_,
        "arn": arn(call.scope, "route53", f"hostedzone/{id_}", region="", account=""),
        "nameServers": servers,
        "primaryNameServer": servers[0],
    }


def _keep_records(call: Call) -> None:
    if call.inputs.get("forceDestroy"):
        return
    if any(each.get("zoneId") == call.id for each in call.others(tokens.RECORD, region=GLOBAL)):
        text = "The specified hosted zone contains non-required resource record sets and so cannot be deleted."
        raise CloudError("HostedZoneNotEmpty", text)


def _record(call: Call) -> dict[str, Any]:
    zone = call.the(tokens.HOSTED_ZONE, "id", call.inputs["zoneId"], region=GLOBAL) or {}
    fqdn = _full(call.inputs["name"], zone.get("name", ""))
    return {"id": "_".join([call.inputs["zoneId"], call.inputs["name"], call.inputs["type"]]), "fqdn": fqdn}


def _full(name: str, zone: str) -> str:
    """A name as DNS knows it: one outside of the zone is taken as relative to it, as the plug-in does."""
    name, zone = name.rstrip("."), zone.rstrip(".")
    return name if name == zone or name.endswith(f".{zone}") else f"{name}.{zone}"


def _check_record(inputs: Values) -> Iterator[Failure]:
    alias, values = inputs.get("aliases"), inputs.get("records")
    if alias and values and UNKNOWN not in (alias, values):
        yield Failure("aliases", '"aliases": conflicts with records')
    if not alias and not values:
        yield Failure("records", '"records": one of `aliases,records` must be specified')
    if values and inputs.get("ttl") is None:
        yield Failure("ttl", '"ttl": all of `records,ttl` must be specified')


def _admit_record(call: Call) -> None:
    zone = call.the(tokens.HOSTED_ZONE, "id", call.inputs["zoneId"], region=GLOBAL) or {}
    mine = (call.inputs["zoneId"], _full(call.inputs["name"], zone.get("name", "")), call.inputs["type"])
    for other in call.others(tokens.RECORD, region=GLOBAL):
        taken = (other["zoneId"], other["fqdn"], other["type"]) == mine
        if taken and call.old is None and not call.inputs.get("allowOverwrite"):
            text = f"[Tried to create resource record set [name='{mine[1]}.', type='{mine[2]}'] but it already exists]"
            raise CloudError("InvalidChangeBatch", text)


def _certificate(call: Call) -> dict[str, Any]:
    made = arn(call.scope, "acm", f"certificate/{uuid.uuid4()}")
    hosts = [call.inputs["domainName"], *(call.inputs.get("subjectAlternativeNames") or ())]
    return {
        "id": made,
        "arn": made,
        "status": "PENDING_VALIDATION",
        "type": "AMAZON_ISSUED",
        "domainValidationOptions": [_proof(host) for host in sorted(set(hosts))],
        "subjectAlternativeNames": sorted(set(hosts)),
    }


def _proof(host: str) -> dict[str, str]:
    plain = host.removeprefix("*.")
    name = f"_{secrets.token_hex(16)}.{plain}."
    value = f"_{secrets.token_hex(16)}.validations.aws."
    kind = "CNAME"
    return {
        "domainName": host,
        "resourceRecordName": name,
        "resourceRecordType": kind,
        "resourceRecordValue": value,
    }


def _admit_certificate(call: Call) -> None:
    hosts = {call.inputs["domainName"], *(call.inputs.get("subjectAlternativeNames") or ())}
    if len(call.inputs["domainName"]) > 64:
        text = "The first domain name can be no longer than 64 characters"
        raise CloudError("InvalidDomainValidationOptionsException", text)
    if len(hosts) > 10:
        raise CloudError("LimitExceededException", "The number of names on a certificate is limited to 10.")


def _admit_validation(call: Call) -> None:
    """ACM looks for every proof in the public zones; it waits for ever, and the plug-in gives up."""
    certificate = call.the(tokens.CERTIFICATE, "arn", call.inputs["certificateArn"]) or {}
    for proof in certificate.get("domainValidationOptions") or ():
        wanted = (proof["resourceRecordName"].rstrip("."), proof["resourceRecordType"], proof["resourceRecordValue"])
        answers = [
            (each["fqdn"], each["type"], value)
            for each in call.others(tokens.RECORD, region=GLOBAL)
            for value in each.get("records") or ()
        ]
        if wanted not in answers:
            text = "timeout while waiting for state to become 'ISSUED' (last state: 'PENDING_VALIDATION')"
            raise CloudError("RequestError", text)
    record = call.world.find(tokens.CERTIFICATE, call.scope.region, "arn", call.inputs["certificateArn"])
    if record is not None:
        record["state"]["status"] = "ISSUED"
        call.world.put(tokens.CERTIFICATE, call.scope.region, record["state"]["id"], record)


OF_ZONE = Reference(
    tokens.HOSTED_ZONE, "id", "NoSuchHostedZone", "No hosted zone found with ID: {value}", holds=False, everywhere=True
)

KINDS = (
    Kind(
        tokens.HOSTED_ZONE,
        "Route 53",
        "Hosted Zone",
        _zone,
        computed=("arn", "zoneId", "nameServers", "primaryNameServer"),
        replaces=frozenset({"name", "delegationSetId"}),
        name=Name("name", 255, HOST, "is no domain name", auto=False),
        defaults={"comment": "Managed by Pulumi", "forceDestroy": False},
        unread=frozenset({"forceDestroy"}),
        quota=Quota(500, "TooManyHostedZones", "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER"),
        release=_keep_records,
        everywhere=True,
    ),
    Kind(
        tokens.RECORD,
        "Route 53",
        "Record",
        _record,
        computed=("fqdn",),
        replaces=frozenset({"name", "type", "zoneId", "setIdentifier"}),
        name=Name("name", 255, HOST, "is no domain name", auto=False),
        choices={
            "type": TYPES,
        },
        ranges={"ttl": (0, 2147483647)},
        references={"zoneId": OF_ZONE},
        quota=Quota(10000, "InvalidChangeBatch", "The number of records in zone {zoneId} is limited.", per="zoneId"),
        check=_check_record,
        admit=_admit_record,
        everywhere=True,
    ),
    Kind(
        tokens.CERTIFICATE,
        "ACM",
        "Certificate",
        _certificate,
        computed=("arn", "status", "type", "domainValidationOptions", "subjectAlternativeNames"),
        replaces=frozenset({"domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"}),
        choices={"validationMethod": ("DNS", "EMAIL")},
        held=("ResourceInUseException", "Certificate {id} is in use."),
        quota=Quota(2500, "LimitExceededException", "The maximum number of certificates is {limit}."),
        admit=_admit_certificate,
    ),
    Kind(
        "aws:acm/certificateValidation:CertificateValidation",
        "ACM",
        "Certificate Validation",
        lambda _call: {"id": str(uuid.uuid4())},
        replaces=frozenset({"certificateArn", "validationRecordFqdns"}),
        references={
            "certificateArn": Reference(
                tokens.CERTIFICATE,
                "arn",
                "ResourceNotFoundException",
                "Could not find certificate {value}.",
                holds=False,
            )
        },
        admit=_admit_validation,
    ),
)
