"""The services' host names in Route 53: records that lead to the load balancer, and a certificate that is proven there.

Only where the environment names a zone; otherwise DNS and certificates are somebody else's.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import acm, route53

from components.aws.account import settings
from components.spec.environment import Environment

TTL = 60
"""Seconds for which the answer that proves a name may be remembered."""


def hosts(environment: Environment) -> list[str]:
    """Host names of all services with ingress; sorted, each once."""
    return sorted({one.ingress.host for one in environment.services if one.ingress and one.ingress.host})


def names(environment: Environment) -> list[str]:
    """Host names that a certificate has to be made for, the shortest first; empty where one is named."""
    aws = settings(environment)
    if aws.zone is None or aws.certificate is not None or aws.load_balancer is not None:
        return []
    bare = [one.ingress for one in environment.services if one.ingress and one.ingress.tls]
    found = {one.host for one in bare if one.tls_secret is None and one.host is not None}
    return sorted(found, key=lambda host: (len(host), host))


def declare_records(
    prefix: str,
    environment: Environment,
    target: pulumi.Output[str],
    target_zone: pulumi.Output[str],
    child: pulumi.ResourceOptions,
) -> None:
    """An alias for each host name, to a load balancer by its own name and the zone of that."""
    zone = settings(environment).zone
    if zone is None:
        return
    for host in hosts(environment):
        route53.Record(
            f"{prefix}-record-{host}",
            zone_id=zone,
            name=host,
            type="A",
            aliases=[{"name": target, "zone_id": target_zone, "evaluate_target_health": True}],
            opts=child,
        )


def declare_certificate(
    prefix: str, environment: Environment, child: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """ARN of a certificate for all names that need one, once it is issued; None where none is needed."""
    zone, wanted = settings(environment).zone, names(environment)
    if zone is None or not wanted:
        return None
    certificate = acm.Certificate(
        f"{prefix}-certificate",
        domain_name=wanted[0],
        subject_alternative_names=wanted[1:] or None,
        validation_method="DNS",
        opts=child,
    )
    proofs = [_proof(prefix, zone, host, certificate, child) for host in wanted]
    validation = acm.CertificateValidation(
        f"{prefix}-certificate-validation",
        certificate_arn=certificate.arn,
        validation_record_fqdns=[one.fqdn for one in proofs],
        opts=child,
    )
    arn: pulumi.Output[str] = validation.certificate_arn
    return arn


def _proof(
    prefix: str, zone: str, host: str, certificate: acm.Certificate, child: pulumi.ResourceOptions
) -> route53.Record:
    """The record by which AWS sees that a name is ours."""

    def asked(key: str) -> pulumi.Output[str]:
        options: pulumi.Output[Sequence[object]] = certificate.domain_validation_options
        return options.apply(lambda found: _of(found, host, key))

    return route53.Record(
        f"{prefix}-proof-{host}",
        zone_id=zone,
        name=asked("resource_record_name"),
        type=asked("resource_record_type"),
        records=[asked("resource_record_value")],
        ttl=TTL,
        # Another environment may prove the same name: the record is the same for all of an account.
        allow_overwrite=True,
        opts=child,
    )


def _of(options: Sequence[object], host: str, key: str) -> str:
    """One value of the proof for a name; AWS lists the names in no order."""
    return str(next(getattr(one, key) for one in options if getattr(one, "domain_name", None) == host))
