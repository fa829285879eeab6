"""Application Load Balancers, one resource at a time: TLS, logs, headers, deletion, health checks.

What needs several resources together (redirects, firewalls) is in ``front.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.reading import asked, filled, shown, tiers_schema
from policies.rule import UNKNOWN, Answer, Resource, Rule, Setting, Severity, Undecided, items, judged, read

LISTENERS = frozenset({"aws:lb/listener:Listener", "aws:alb/listener:Listener"})
BALANCERS = frozenset({"aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"})
TARGETS = frozenset({"aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup"})

TLS12 = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)-")
"""Policies without TLS 1.0 and 1.1 ("Security policies for your Application Load Balancer", User Guide)."""

ACTIONS = "defaultActions"


def _https(resource: Resource, _: Setting) -> Iterator[Answer]:
    protocol = read(resource.properties, "protocol")
    if protocol is UNKNOWN:
        yield Undecided("protocol")
    elif protocol == "HTTP":
        for path, _action in items(resource.properties, ACTIONS):
            yield from judged(
                resource.properties,
                (*path, "type"),
                lambda found: found not in ("redirect", "fixed-response"),
                "requests are forwarded as they came, over plain HTTP; forward over HTTPS, redirect here",
            )


def _tls12(resource: Resource, _: Setting) -> Iterator[Answer]:
    protocol = read(resource.properties, "protocol")
    if protocol is UNKNOWN:
        yield Undecided("protocol")
    elif protocol in ("HTTPS", "TLS"):
        yield from judged(
            resource.properties,
            ("sslPolicy",),
            lambda found: not TLS12.match(str(found)),
            lambda found: (
                f"{shown(found, 'the default policy')} admits TLS 1.0 and 1.1; write "
                "ELBSecurityPolicy-TLS13-1-2-2021-06 or a stricter one"
            ),
        )


def _logs(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("accessLogs", "enabled"),
        lambda found: found is not True,
        "nobody knows who asked for what; set accessLogs.enabled to true and name a bucket",
    )


def _headers(resource: Resource, _: Setting) -> Iterator[Answer]:
    """Only an application load balancer reads HTTP."""
    kind = read(resource.properties, "loadBalancerType")
    if kind is UNKNOWN:
        yield Undecided("loadBalancerType")
    elif kind in (None, "application"):
        yield from judged(
            resource.properties,
            ("dropInvalidHeaderFields",),
            lambda found: found is not True,
            "header fields that are no HTTP reach the services; set dropInvalidHeaderFields to true",
        )


def _desync(resource: Resource, _: Setting) -> Iterator[Answer]:
    yield from judged(
        resource.properties,
        ("desyncMitigationMode",),
        lambda found: found not in (None, "defensive", "strictest"),
        lambda found: f"requests that two servers read differently are let through ({found}); write defensive",
    )


def _deletion(resource: Resource, setting: Setting) -> Iterator[Answer]:
    message = "one wrong step takes the way in, and its address, away; set enableDeletionProtection to true"
    answers = judged(resource.properties, ("enableDeletionProtection",), lambda found: found is not True, message)
    yield from asked(setting, answers, "prod")


def _health(resource: Resource, _: Setting) -> Iterator[Answer]:
    protocol = read(resource.properties, "protocol")
    message = "instances that do not answer keep getting requests; set healthCheck.enabled to true"
    yield from judged(resource.properties, ("healthCheck", "enabled"), lambda found: found is False, message)
    if protocol is UNKNOWN:
        yield Undecided("protocol")
    elif protocol in ("HTTP", "HTTPS"):
        yield from judged(
            resource.properties,
            ("healthCheck", "path"),
            lambda found: not filled(found),
            "whether an instance is well is asked of /, which any program answers; name the path of its health check",
        )


RULES = (
    Rule(
        id="alb-https",
        title="A load balancer forwards what came over TLS only.",
        severity=Severity.HIGH,
        reason="Over plain HTTP everybody on the way reads passwords and sessions, and can change the answer.",
        remedy="Forward on a listener with HTTPS and a certificate; redirect on port 80.",
        types=LISTENERS,
        check=_https,
        references=("CKV_AWS_2", "CKV_AWS_378", "ELB.18"),
    ),
    Rule(
        id="alb-tls12",
        title="A load balancer speaks TLS 1.2 at the least.",
        severity=Severity.HIGH,
        reason="TLS 1.0 and 1.1 are broken and forbidden by every standard that counts.",
        remedy="Set sslPolicy to ELBSecurityPolicy-TLS13-1-2-2021-06 or a stricter one.",
        types=LISTENERS,
        check=_tls12,
        references=("CKV_AWS_103", "ELB.17"),
    ),
    Rule(
        id="alb-access-logs",
        title="A load balancer logs every request.",
        severity=Severity.MEDIUM,
        reason="After an attack nobody can tell what was asked for, and by whom.",
        remedy="Set accessLogs, with a bucket.",
        types=BALANCERS,
        check=_logs,
        references=("CKV_AWS_91", "ELB.5"),
    ),
    Rule(
        id="alb-drop-headers",
        title="A load balancer drops header fields that are no HTTP.",
        severity=Severity.MEDIUM,
        reason="Two servers that read such a field differently can be played against each other.",
        remedy="Set dropInvalidHeaderFields to true.",
        types=BALANCERS,
        check=_headers,
        references=("CKV_AWS_131", "ELB.4"),
    ),
    Rule(
        id="alb-desync",
        title="A load balancer refuses requests that two servers read differently.",
        severity=Severity.MEDIUM,
        reason="A second request hidden in the first one passes the firewall unseen.",
        remedy="Set desyncMitigationMode to defensive or strictest.",
        types=BALANCERS,
        check=_desync,
        references=("CKV_AWS_328", "ELB.12"),
    ),
    Rule(
        id="alb-deletion-protection",
        title="A load balancer cannot be deleted by mistake.",
        severity=Severity.MEDIUM,
        reason="With it go the address that the world knows and every service behind it.",
        remedy="Set enableDeletionProtection to true.",
        types=BALANCERS,
        check=_deletion,
        references=("CKV_AWS_150", "ELB.6"),
        schema=tiers_schema("prod"),
    ),
    Rule(
        id="tg-healthcheck",
        title="A target group asks each instance whether it is well.",
        severity=Severity.HIGH,
        reason="Otherwise requests go to instances that cannot answer, and a bad version looks like a good one.",
        remedy="Set healthCheck.path to what the service answers when it is ready.",
        types=TARGETS,
        check=_health,
        references=("CKV_AWS_261",),
    ),
)
