"""Who watches the services on Container Instances: an Azure Monitor workspace, the way by which metrics come in, the
objective's rules, and an action group for whoever is told. What is measured comes from each service's collector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from pulumi_azure_native import alertsmanagement, monitor

from components.azure.account import Account, assign, group_name, named, resource_id, settings, tags
from components.azure.alerts import SEVERITIES
from components.base import Component, Transform
from components.monitoring import collector, objectives, receivers
from components.monitoring.objectives import runbooks
from components.monitoring.rules import AlertRule, RecordingRule, RuleGroup
from components.spec.environment import Environment
from components.spec.monitoring import Severity
from components.spec.service import Service

PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
"""The built-in role Monitoring Metrics Publisher: it writes metrics and reads nothing."""

AUDIENCE = "https://monitor.azure.com/.default"
CLIENT, CONFIGURATION = "AZURE_CLIENT_ID", "COLLECTOR_CONFIG"
"""Environment variables of the collector: which identity it is, and what it does."""
COMMAND = ("/otelcol-contrib", f"--config=env:{CONFIGURATION}")
"""Of the OpenTelemetry Collector's contrib image."""

STREAM, ACCOUNT = "Microsoft-PrometheusMetrics", "workspace"
API_VERSION = "2023-04-24"

MOST_RULES = 20
"""Rules of one group ("Azure Monitor managed service for Prometheus rule groups")."""
SHORTEST, LONGEST = 60, 900
"""Seconds between two evaluations of a group."""


def watched(spec: Service, environment: Environment) -> bool:
    """Whether a collector stands beside a service: somebody watches, and there are metrics."""
    return settings(environment).monitoring is not None and spec.metrics_path is not None


def with_collector(spec: Service, environment: Environment) -> Service:
    """The service with the collector as one more sidecar; as it is where nobody watches."""
    watch = settings(environment).monitoring
    if watch is None or not watched(spec, environment):
        return spec
    identity = {"managed_identity": {"client_id": f"${{env:{CLIENT}}}"}, "scopes": [AUDIENCE]}
    sender = collector.Sender("azure_auth", identity, detectors=("env",))
    return collector.beside(spec, environment, watch.collector, sender, CONFIGURATION, COMMAND)


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """What watching is made of.

    :param environment: Who is told is read from its ``azure.monitoring`` part.
    :param account: The resource group that it stands in.
    :param secrets: The URLs of webhooks, by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    account: Account
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class Monitoring(Component):
    """An Azure Monitor workspace, an endpoint and a rule by which metrics come in, and whoever is told."""

    workspace: pulumi.Output[str]
    """Id of the workspace."""
    query: pulumi.Output[str]
    """URL that answers Prometheus' questions."""
    endpoint: pulumi.Output[str]
    """URL that takes metrics by remote write."""
    told: Mapping[Severity, pulumi.Output[str]]
    """Severity -> id of the action group that an alert of it calls: one for both, where all are told of both."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:azure:Monitoring", name, opts, args.transforms)
        self._prefix, self._environment = name, args.environment
        self._inside = self.child(depends_on=args.account.made)
        self._where: dict[str, Any] = {"resource_group_name": args.account.group, "tags": tags(args.environment)}
        workspace = monitor.AzureMonitorWorkspace(
            f"{name}-workspace",
            azure_monitor_workspace_name=named(args.environment),
            location=settings(args.environment).location,
            opts=self._inside,
            **self._where,
        )
        self.workspace = workspace.id
        self.query = workspace.metrics.apply(lambda found: found.prometheus_query_endpoint if found else "")
        self._way, self.endpoint = self._way_in()
        self.told = self._action_groups(args)
        self.finish({"workspace": self.workspace, "query": self.query})

    def _way_in(self) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Id of the rule by which metrics come in, and the URL that takes them."""
        location = settings(self._environment).location
        endpoint = monitor.DataCollectionEndpoint(
            f"{self._prefix}-endpoint",
            data_collection_endpoint_name=named(self._environment, "metrics"),
            kind="Linux",
            location=location,
            # Its callers have no private way to Azure Monitor; who may write is the role's business.
            network_acls={"public_network_access": "Enabled"},
            opts=self._inside,
            **self._where,
        )
        rule = monitor.DataCollectionRule(
            f"{self._prefix}-rule",
            data_collection_rule_name=named(self._environment, "metrics"),
            kind="Linux",
            location=location,
            data_collection_endpoint_id=endpoint.id,
            destinations={"monitoring_accounts": [{"account_resource_id": self.workspace, "name": ACCOUNT}]},
            data_flows=[{"streams": [STREAM], "destinations": [ACCOUNT]}],
            opts=self._inside,
            **self._where,
        )
        host = endpoint.metrics_ingestion.apply(lambda found: found.endpoint if found else "")
        path = f"/streams/{STREAM}/api/v1/write?api-version={API_VERSION}"
        return rule.id, pulumi.Output.concat(host, "/dataCollectionRules/", rule.immutable_id, path)

    def _action_groups(self, args: MonitoringArgs) -> dict[Severity, pulumi.Output[str]]:
        watch = settings(args.environment).monitoring
        if watch is None:
            raise ValueError("azure.monitoring is required where somebody watches")
        everybody = receivers.addresses(args.environment, watch.emails, watch.webhooks)
        page, ticket = ([one for one in everybody if which in one.severities] for which in ("page", "ticket"))
        first = self._action_group(args, "tell", "alerts", page).id
        return {
            "page": first,
            "ticket": first if page == ticket else self._action_group(args, "tell-tickets", "tickets", ticket).id,
        }

    def _action_group(
        self, args: MonitoringArgs, which: str, short: str, told: Sequence[receivers.Address]
    ) -> monitor.ActionGroup:
        """:param short: Shown in messages; twelve characters at the most."""
        urls: dict[str, pulumi.Output[str]] = {}
        for one in told:
            if one.protocol == "url":
                urls[one.name] = pulumi.Output.secret(args.secrets[one.value].apply(one.template.format))
        emails = [one.value for one in told if one.protocol == "email"]
        return monitor.ActionGroup(
            f"{self._prefix}-{which}",
            action_group_name=named(args.environment, short),
            group_short_name=short,
            location="Global",
            enabled=True,
            email_receivers=[
                {"name": address, "email_address": address, "use_common_alert_schema": True} for address in emails
            ],
            webhook_receivers=[
                {"name": key, "service_uri": url, "use_common_alert_schema": True} for key, url in urls.items()
            ],
            opts=self._inside,
            **self._where,
        )

    def rules(self, prefix: str, spec: Service, options: pulumi.ResourceOptions) -> None:
        """Declare the rules of one service: what is recorded of it, and who is told of what."""
        whose = collector.subject(spec, self._environment)
        groups = objectives.rule_groups(whose, collector.place(whose), objectives.Links(runbooks(self._environment)))
        for part, group in portions(groups):
            alertsmanagement.PrometheusRuleGroup(
                f"{prefix}-rules-{part}",
                rule_group_name=f"{group.name}-{part}",
                resource_group_name=group_name(self._environment),
                location=settings(self._environment).location,
                scopes=[self.workspace],
                enabled=True,
                interval=duration(min(max(group.interval, SHORTEST), LONGEST)),
                rules=[self._rule(rule) for rule in group.rules],
                tags=tags(self._environment, spec),
                opts=options,
            )

    def _rule(self, rule: RecordingRule | AlertRule) -> alertsmanagement.PrometheusRuleArgs:
        if isinstance(rule, RecordingRule):
            return alertsmanagement.PrometheusRuleArgs(
                record=rule.record, expression=rule.expr, labels=dict(rule.labels), enabled=True
            )
        severity = cast("Severity", rule.labels["severity"])
        return alertsmanagement.PrometheusRuleArgs(
            alert=rule.alert,
            expression=rule.expr,
            for_=duration(rule.hold),
            labels=dict(rule.labels),
            annotations=dict(rule.annotations),
            severity=SEVERITIES[severity],
            resolve_configuration=alertsmanagement.PrometheusRuleResolveConfigurationArgs(
                auto_resolved=True, time_to_resolve="PT10M"
            ),
            actions=[alertsmanagement.PrometheusRuleGroupActionArgs(action_group_id=self.told[severity])],
            enabled=True,
        )

    def admit(self, prefix: str, principal: pulumi.Input[str], options: pulumi.ResourceOptions) -> pulumi.Resource:
        """A service's identity may write metrics by this way, and nothing else."""
        role = resource_id(self._environment, "").partition("/resourceGroups")[0]
        made: pulumi.Resource = assign(
            f"{prefix}-metrics-role",
            self._environment,
            role=f"{role}/providers/Microsoft.Authorization/roleDefinitions/{PUBLISHER}",
            scope=self._way,
            principal=principal,
            opts=options,
        )
        return made

    def directed(self, containers: Sequence[dict[str, Any]], client: pulumi.Input[str]) -> list[dict[str, Any]]:
        """Containers of a group, of which the collector knows who it is and where to write to."""
        more = [{"name": CLIENT, "value": client}, {"name": collector.ENDPOINT, "value": self.endpoint}]
        key = "environment_variables"
        return [{**one, key: [*one[key], *more]} if one["name"] == collector.NAME else one for one in containers]


def portions(groups: Sequence[RuleGroup]) -> Iterator[tuple[int, RuleGroup]]:
    """Groups as large as Azure takes them, numbered from 1; what is recorded stays before who asks for it."""
    number = 0
    for group in groups:
        for start in range(0, len(group.rules), MOST_RULES):
            number += 1
            yield number, RuleGroup(group.name, group.interval, group.rules[start : start + MOST_RULES])


def duration(seconds: int) -> str:
    """Seconds as ISO 8601 has them, in whole minutes: Azure knows no shorter ones."""
    return f"PT{max(1, -(-seconds // 60))}M"
