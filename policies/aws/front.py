"""What a load balancer does together with its listeners, their rules and its firewall.

An ARN is unknown in a preview; which resource it will be of is not (``Resource.depends``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from policies.aws.balancer import ACTIONS, BALANCERS, LISTENERS
from policies.reading import asked, tiers_schema, unknown
from policies.rule import (
    UNKNOWN,
    Answer,
    Resource,
    Setting,
    Severity,
    StackRule,
    Undecided,
    Violation,
    items,
    judged,
    read,
)

RULES_OF_LISTENERS = frozenset({"aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule"})
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"

WITH_TLS = ("staging", "prod")
"""Tiers whose environments have a domain and a certificate; dev may do without."""

About = tuple[Resource | None, Answer]


def _to_https(properties: Any, path: tuple[str | int, ...]) -> Iterator[Answer]:
    """Judge one action: it redirects to HTTPS."""
    message = "requests over plain HTTP are not sent on to HTTPS; make the action a redirect with the protocol HTTPS"
    kind = read(properties, *path, "type")
    if kind == "redirect":
        yield from judged(properties, (*path, "redirect", "protocol"), lambda found: found != "HTTPS", message)
    else:
        yield from judged(properties, (*path, "type"), lambda _found: True, message)


def _redirect(resources: tuple[Resource, ...], setting: Setting) -> Iterator[About]:
    plain = set()
    for listener in resources:
        if listener.type in LISTENERS:
            protocol = read(listener.properties, "protocol")
            if protocol is UNKNOWN:
                yield from ((listener, each) for each in asked(setting, [Undecided("protocol")], *WITH_TLS))
            elif protocol == "HTTP":
                plain.add(listener.urn)
                yield from _each_to_https(listener, ACTIONS, setting)
    for rule in resources:
        if rule.type in RULES_OF_LISTENERS and plain.intersection(rule.depends.get("listenerArn", ())):
            yield from _each_to_https(rule, "actions", setting)


def _each_to_https(resource: Resource, actions: str, setting: Setting) -> Iterator[About]:
    for path, _action in items(resource.properties, actions):
        answers = asked(setting, _to_https(resource.properties, path), *WITH_TLS)
        yield from ((resource, answer) for answer in answers)


def _firewall(resources: tuple[Resource, ...], setting: Setting) -> Iterator[About]:
    associations = [each for each in resources if each.type == ASSOCIATION]
    guarded = {urn for each in associations for urn in each.depends.get("resourceArn", ())}
    arns = [read(each.properties, "resourceArn") for each in associations if not each.depends.get("resourceArn")]
    for resource in resources:
        if resource.type in BALANCERS and resource.urn not in guarded:
            answers = _guarded_by_name(resource, arns)
            yield from ((resource, answer) for answer in asked(setting, answers, "staging", "prod"))


def _guarded_by_name(resource: Resource, arns: Collection[Any]) -> Iterator[Answer]:
    """Judge a load balancer that no association depends on: one may name its ARN, which holds its name."""
    name, kind = read(resource.properties, "name"), read(resource.properties, "loadBalancerType")
    if any(f"loadbalancer/app/{name}/" in str(arn) for arn in arns):
        return
    if read(resource.properties, "internal") is True or kind not in (None, "application", UNKNOWN):
        return
    if waiting := unknown(resource.properties, ("internal",), ("loadBalancerType",)):
        yield from waiting
    elif UNKNOWN in arns:
        yield Undecided("arn")
    else:
        yield Violation("no firewall looks at what the world sends; declare an aws.wafv2.WebAclAssociation for it")


STACK_RULES = (
    StackRule(
        id="alb-redirect",
        title="Plain HTTP is sent on to HTTPS and answers nothing else.",
        severity=Severity.HIGH,
        reason="Who comes over plain HTTP stays there, readable for everybody on the way.",
        remedy="Make every action of a listener for HTTP, and of its rules, a redirect to HTTPS.",
        check=_redirect,
        references=("CKV2_AWS_20", "ELB.1"),
        schema=tiers_schema(*WITH_TLS),
    ),
    StackRule(
        id="alb-waf",
        title="A firewall looks at what the world sends to a load balancer.",
        severity=Severity.MEDIUM,
        reason="Known attacks reach the services, which have to be without any fault then.",
        remedy="Declare a web ACL and an aws.wafv2.WebAclAssociation with the load balancer's ARN.",
        check=_firewall,
        references=("CKV2_AWS_28", "ELB.16"),
        schema=tiers_schema("staging", "prod"),
    ),
)
