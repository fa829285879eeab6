"""WAFv2: web ACLs of a region, and what they stand before."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from sandbox.clouds.aws import tokens
from sandbox.clouds.aws.formats import arn
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Kind, Name, Quota, Reference, Unique, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

WORDS = r"[A-Za-z0-9_-]+"

GROUPS = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
}
"""AWS's own rule groups and their capacity units."""

LARGEST = 5000
"""Capacity units of one web ACL."""


def _acl(call: Call) -> dict[str, Any]:
    id_, name = str(uuid.uuid4()), call.inputs["name"]
    where = "regional" if call.inputs["scope"] == "REGIONAL" else "global"
    return {
        "id": id_,
        "arn": arn(call.scope, "wafv2", f"{where}/webacl/{name}/{id_}"),
        "capacity": float(_capacity(call.inputs)),
        "lockToken": str(uuid.uuid4()),
        "applicationIntegrationUrl": "",
    }


def _groups(inputs: Values) -> Iterator[tuple[Values, Values]]:
    for rule in inputs.get("rules") or ():
        group = (rule.get("statement") or {}).get("managedRuleGroupStatement")
        if group:
            yield rule, group


def _capacity(inputs: Values) -> int:
    groups = [GROUPS.get(group["name"], 0) for _, group in _groups(inputs) if group.get("vendorName") == "AWS"]
    own = len(inputs.get("rules") or ()) - len(groups)
    return sum(groups) + 10 * own


def _check_acl(inputs: Values) -> Iterator[Failure]:
    metrics = [inputs.get("visibilityConfig"), *(each.get("visibilityConfig") for each in _rules(inputs))]
    for found in metrics:
        name = found.get("metricName") if isinstance(found, dict) else None
        if isinstance(name, str) and name != UNKNOWN and not re.fullmatch(WORDS, name):
            yield Failure(
                "visibilityConfig.metricName", f"{name!r} must contain only alphanumeric hyphen and underscore"
            )
    action = inputs.get("defaultAction")
    if isinstance(action, dict) and (action.get("allow") is None) == (action.get("block") is None):
        yield Failure("defaultAction", "exactly one of allow and block is expected")


def _rules(inputs: Values) -> list[Any]:
    rules = inputs.get("rules")
    return [each for each in rules if isinstance(each, dict)] if isinstance(rules, list) else []


def _admit_acl(call: Call) -> None:
    rules = call.inputs.get("rules") or ()
    if len({rule["priority"] for rule in rules}) != len(rules):
        text = "Error reason: You have used a priority more than once., field: RULE, parameter: Rules"
        raise CloudError("WAFInvalidParameterException", text)
    for rule, group in _groups(call.inputs):
        if group["vendorName"] == "AWS" and group["name"] not in GROUPS:
            text = f"AWS WAF couldn't find the managed rule group {group['name']}."
            raise CloudError("WAFNonexistentItemException", text)
        if rule.get("action") or not rule.get("overrideAction"):
            text = f"Error reason: a rule group takes an override action, field: RULE, parameter: {rule['name']}"
            raise CloudError("WAFInvalidParameterException", text)
    if _capacity(call.inputs) > LARGEST:
        raise CloudError("WAFLimitsExceededException", f"The web ACL needs more than {LARGEST} capacity units.")


def _admit_association(call: Call) -> None:
    for other in call.others(ASSOCIATION):
        if other["resourceArn"] == call.inputs["resourceArn"]:
            text = f"{call.inputs['resourceArn']} has a web ACL already"
            raise CloudError("WAFAssociatedItemException", text)


ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"

KINDS = (
    Kind(
        tokens.WEB_ACL,
        "WAFV2",
        "Web ACL",
        _acl,
        computed=("arn", "capacity", "lockToken", "applicationIntegrationUrl"),
        volatile=frozenset({"capacity"}),
        replaces=frozenset({"name", "namePrefix", "scope"}),
        name=Name("name", 128, WORDS, "is no valid name: letters, digits, hyphens and underscores only"),
        choices={"scope": ("REGIONAL", "CLOUDFRONT")},
        unique=Unique(
            ("name", "scope"),
            "WAFDuplicateItemException",
            "AWS WAF couldn't perform the operation because some resource in your request is a duplicate",
        ),
        quota=Quota(100, "WAFLimitsExceededException", "The maximum number of web ACLs is {limit}."),
        held=("WAFAssociatedItemException", "AWS WAF couldn't perform the operation because your resource is in use"),
        check=_check_acl,
        admit=_admit_acl,
    ),
    Kind(
        ASSOCIATION,
        "WAFV2",
        "Web ACL Association",
        lambda call: {"id": f"{call.inputs['webAclArn']},{call.inputs['resourceArn']}"},
        replaces=frozenset({"resourceArn", "webAclArn"}),
        references={
            "webAclArn": Reference(
                tokens.WEB_ACL, "arn", "WAFNonexistentItemException", "AWS WAF couldn't find the web ACL {value}"
            ),
            "resourceArn": Reference(
                tokens.LOAD_BALANCER,
                "arn",
                "WAFUnavailableEntityException",
                "AWS WAF couldn't retrieve the resource {value}",
                holds=False,
            ),
        },
        admit=_admit_association,
    ),
)
