"""Azure Monitor's managed Prometheus: workspaces, the way by which metrics come in, and groups of rules."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.clouds.azure import tokens
from sandbox.clouds.azure.formats import grouped, made, refer
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Call, Values
from sandbox.rpc.arguments import UNKNOWN, Failure

MOST_RULES = 20
_INTERVAL = re.compile(r"PT(\d+)M")
RULE_KEYS = {
    "actions",
    "alert",
    "annotations",
    "enabled",
    "expression",
    "for",
    "labels",
    "record",
    "resolveConfiguration",
    "severity",
}


def _workspace(call: Call) -> dict[str, Any]:
    own = call.inputs["azureMonitorWorkspaceName"]
    where = f"https://{own}-{secrets.token_hex(2)}.{call.inputs['location']}.prometheus.monitor.azure.com"
    known = (call.old or {}).get("metrics")
    metrics = known or {"internalId": f"mac_{secrets.token_hex(16)}", "prometheusQueryEndpoint": where}
    return made(call, "Microsoft.Monitor/accounts", own, accountId=secrets.token_hex(16), metrics=metrics)


def _endpoint(call: Call) -> dict[str, Any]:
    own = call.inputs["dataCollectionEndpointName"]
    known = (call.old or {}).get("metricsIngestion")
    where = f"https://{own}-{secrets.token_hex(2)}.{call.inputs['location']}-1.metrics.ingest.monitor.azure.com"
    return made(call, "Microsoft.Insights/dataCollectionEndpoints", own, metricsIngestion=known or {"endpoint": where})


def _rule(call: Call) -> dict[str, Any]:
    known = (call.old or {}).get("immutableId")
    own = call.inputs["dataCollectionRuleName"]
    return made(
        call,
        "Microsoft.Insights/dataCollectionRules",
        own,
        immutableId=known or f"dcr-{secrets.token_hex(16)}",
    )


def _admit_rule(call: Call) -> None:
    accounts = (call.inputs.get("destinations") or {}).get("monitoringAccounts") or ()
    for account in accounts:
        if call.the(tokens.METRICS, "id", account["accountResourceId"], region="global") is None:
            raise CloudError("InvalidPayload", f"The workspace {account['accountResourceId']} was not found.", 400)
    known = {account["name"] for account in accounts}
    for flow in call.inputs.get("dataFlows") or ():
        for destination in flow.get("destinations") or ():
            if destination not in known:
                raise CloudError("InvalidPayload", f"'DataFlows' names no known destination: {destination}", 400)


def _group(call: Call) -> dict[str, Any]:
    return made(call, "Microsoft.AlertsManagement/prometheusRuleGroups", call.inputs["ruleGroupName"])


def _check_group(inputs: Values) -> Iterator[Failure]:
    interval = inputs.get("interval")
    if interval not in (None, UNKNOWN):
        found = _INTERVAL.fullmatch(str(interval))
        if found is None or not 1 <= int(found[1]) <= 15:
            yield Failure("interval", f"expected PT1M to PT15M, got {interval}")
    rules = inputs.get("rules")
    if not isinstance(rules, list):
        return
    if len(rules) > MOST_RULES:
        yield Failure("rules", f"at most {MOST_RULES} rules in a group, got {len(rules)}")
    for place, rule in enumerate(rules):
        if isinstance(rule, Mapping):
            yield from (Failure(f"rules[{place}].{key}", text) for key, text in _faults(rule))


def _faults(rule: Values) -> Iterator[tuple[str, str]]:
    for key in sorted(rule.keys() - RULE_KEYS):
        yield key, "is not expected here"
    if ("record" in rule) == ("alert" in rule):
        yield "alert", "a rule has exactly one of record and alert"
    if "record" in rule:
        for key in sorted(rule.keys() & {"actions", "annotations", "for", "severity"}):
            yield key, "is for alerts only"
    hold = rule.get("for")
    if hold not in (None, UNKNOWN) and not re.fullmatch(r"PT\d+M", str(hold)):
        yield "for", f"expected whole minutes such as PT5M, got {hold}"


KINDS = (
    grouped(
        tokens.METRICS,
        "Monitor",
        "AzureMonitorWorkspace",
        _workspace,
        "azureMonitorWorkspaceName",
        computed=("provisioningState", "accountId", "metrics"),
    ),
    grouped(
        tokens.ENDPOINT,
        "Monitor",
        "DataCollectionEndpoint",
        _endpoint,
        "dataCollectionEndpointName",
        computed=("provisioningState", "metricsIngestion"),
        choices={"kind": ("Linux", "Windows")},
    ),
    grouped(
        tokens.WAY_IN,
        "Monitor",
        "DataCollectionRule",
        _rule,
        "dataCollectionRuleName",
        computed=("provisioningState", "immutableId"),
        references={"dataCollectionEndpointId": refer(tokens.ENDPOINT)},
        admit=_admit_rule,
    ),
    grouped(
        "azure-native:alertsmanagement:PrometheusRuleGroup",
        "AlertsManagement",
        "PrometheusRuleGroup",
        _group,
        "ruleGroupName",
        references={"scopes": refer(tokens.METRICS), "rules.actions.actionGroupId": refer(tokens.CALLED)},
        check=_check_group,
    ),
)
