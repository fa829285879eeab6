"""The web ACL in front of a load balancer of the environment's own: AWS's managed rules, one that exists, or none.

Rules of one's own belong into an ACL of one's own, named by its ARN.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_aws import wafv2

from components.aws.account import named, settings
from components.spec.environment import Environment

MANAGED = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # It refuses bodies over 8 KB, which are ordinary uploads to many services; so many bodies are only counted.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}
"""AWS's free rule groups -> their rules that only count ("AWS Managed Rules rule groups list", AWS WAF guide)."""


def choice(environment: Environment) -> str:
    """``managed``, ``none`` or an ARN: what is set, or what the tier gets."""
    return settings(environment).waf or ("none" if environment.tier == "dev" else "managed")


def declare(prefix: str, environment: Environment, balancer: pulumi.Output[str], child: pulumi.ResourceOptions) -> None:
    """Put the environment's web ACL in front of a load balancer, by the balancer's ARN."""
    chosen = choice(environment)
    if chosen == "none":
        return
    acl: pulumi.Input[str] = chosen
    if chosen == "managed":
        acl = wafv2.WebAcl(
            f"{prefix}-waf",
            name=named(environment, limit=128),
            description=f"Managed rules before {named(environment)}",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[_rule(index, name, counted) for index, (name, counted) in enumerate(MANAGED.items())],
            visibility_config=_visible(named(environment, limit=128)),
            opts=child,
        ).arn
    wafv2.WebAclAssociation(f"{prefix}-waf-association", resource_arn=balancer, web_acl_arn=acl, opts=child)


def _rule(priority: int, name: str, counted: tuple[str, ...]) -> dict[str, Any]:
    """One of AWS's groups; its rules block, but for those that only count."""
    group: dict[str, Any] = {"name": name, "vendor_name": "AWS"}
    if counted:
        group["rule_action_overrides"] = [{"name": one, "action_to_use": {"count": {}}} for one in counted]
    return {
        "name": name,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {"managed_rule_group_statement": group},
        "visibility_config": _visible(name),
    }


def _visible(metric: str) -> dict[str, Any]:
    """Counted in CloudWatch, with samples of what was decided."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": True}
