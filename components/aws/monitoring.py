"""Who watches the services on ECS: a workspace of Amazon Managed Service for Prometheus, its Alertmanager, a topic for
whoever is told, and a dashboard of CloudWatch. What is measured comes from the collector beside each service.

The rules are those of every platform (``components/monitoring/objectives.py``); here they only get a place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_aws import amp, sns

from components.aws import dashboard
from components.aws.account import named, place, settings, tags
from components.aws.iam import Statement, allow, document, topic_policy
from components.base import Component, Transform
from components.monitoring import collector, objectives, receivers
from components.monitoring.alertmanager import TOGETHER, page_silences_ticket
from components.monitoring.objectives import runbooks
from components.monitoring.rules import document as rule_document
from components.spec.aws import Watch
from components.spec.environment import Environment
from components.spec.service import Service

TOPIC_LIMIT, ALIAS_LIMIT = 256, 100
"""Characters of the names of a topic, and of a workspace."""

CONFIGURATION = "AOT_CONFIG_CONTENT"
"""Environment variable from which the AWS Distro for OpenTelemetry takes its configuration."""


def watched(spec: Service, environment: Environment) -> bool:
    """Whether a collector stands beside a service: somebody watches, and there are metrics."""
    return settings(environment).monitoring is not None and spec.metrics_path is not None


def with_collector(spec: Service, environment: Environment) -> Service:
    """The service with the collector as one more sidecar; as it is where nobody watches."""
    watch = settings(environment).monitoring
    if watch is None or not watched(spec, environment):
        return spec
    sender = collector.Sender(
        "sigv4auth", {"region": place(environment).region, "service": "aps"}, detectors=("env", "ecs")
    )
    return collector.beside(spec, environment, watch.collector, sender, CONFIGURATION)


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """What watching is made of.

    :param environment: Who is told is read from its ``aws.monitoring`` part.
    :param key: ARN of the key that encrypts what the topic holds.
    :param secrets: The URLs of webhooks, by their keys in ``caas:secrets``.
    :param transforms: See :class:`components.base.Component`.
    """

    environment: Environment
    key: pulumi.Input[str]
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    transforms: Sequence[Transform] = ()


class Monitoring(Component):
    """A workspace of Amazon Managed Service for Prometheus with its Alertmanager, and the topic that it tells."""

    workspace: pulumi.Output[str]
    """ARN of the workspace."""
    endpoint: pulumi.Output[str]
    """URL under which it takes metrics (``api/v1/remote_write``) and answers questions (``api/v1/query``)."""
    topic: pulumi.Output[str]
    """ARN of the topic that hears of every alert."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:aws:Monitoring", name, opts, args.transforms)
        watch = settings(args.environment).monitoring
        if watch is None:
            raise ValueError("aws.monitoring is required where somebody watches")
        self._prefix, self._environment = name, args.environment
        region = place(args.environment).region
        self._page = (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/{named(args.environment)}"
        )
        workspace = amp.Workspace(
            f"{name}-workspace", alias=named(args.environment, limit=ALIAS_LIMIT), opts=self.child()
        )
        self.workspace, self._workspace_id, self.endpoint = workspace.arn, workspace.id, workspace.prometheus_endpoint
        self.topic = self._topic(watch, args)
        amp.AlertManagerDefinition(
            f"{name}-alertmanager",
            workspace_id=workspace.id,
            definition=self.topic.apply(lambda topic: alertmanager(topic, region)),
            opts=self.child(),
        )
        self.finish({"workspace": self.workspace, "endpoint": self.endpoint, "topic": self.topic})

    def _topic(self, watch: Watch, args: MonitoringArgs) -> pulumi.Output[str]:
        if watch.topic is not None:
            return pulumi.Output.from_input(watch.topic)
        topic = sns.Topic(
            f"{self._prefix}-topic",
            name=named(args.environment, "alerts", limit=TOPIC_LIMIT),
            kms_master_key_id=args.key,
            opts=self.child(),
        )
        statements = topic_policy(place(args.environment), topic.arn, self.workspace)
        sns.TopicPolicy(f"{self._prefix}-topic-policy", arn=topic.arn, policy=document(*statements), opts=self.child())
        for one in receivers.addresses(args.environment, watch.emails, watch.webhooks):
            plain = one.protocol == "email"
            sns.TopicSubscription(
                f"{self._prefix}-tell-{one.name}",
                topic=topic.arn,
                protocol="email" if plain else "https",
                endpoint=one.value if plain else _url(one, args.secrets),
                filter_policy=filter_policy(one),
                opts=self.child(),
            )
        arn: pulumi.Output[str] = topic.arn
        return arn

    def rules(self, prefix: str, spec: Service, options: pulumi.ResourceOptions) -> None:
        """Declare the rules of one service: what is recorded of it, and who is told of what."""
        whose = collector.subject(spec, self._environment)
        groups = objectives.rule_groups(
            whose, collector.place(whose), objectives.Links(runbooks(self._environment), self._page)
        )
        amp.RuleGroupNamespace(
            f"{prefix}-rules",
            name=spec.name,
            workspace_id=self._workspace_id,
            # JSON is YAML, and the same text on every machine.
            data=json.dumps(rule_document(groups), indent=1, sort_keys=True),
            tags=tags(self._environment, spec),
            opts=options,
        )

    def dashboard(self, services: Sequence[dashboard.Shown]) -> None:
        """Declare the dashboard of all services."""
        where = place(self._environment)
        dashboard.declare_dashboard(
            f"{self._prefix}-dashboard", named(self._environment), where.region, services, self.child()
        )

    def write_statements(self) -> list[Statement]:
        """What a service's collector may do: write to this workspace, and not even read what it wrote."""
        return [allow(["aps:RemoteWrite"], [self.workspace])]

    def directed(self, containers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Containers of a task, of which the collector knows where to write to."""
        url = pulumi.Output.concat(self.endpoint, "api/v1/remote_write")
        variable = {"name": collector.ENDPOINT, "value": url}
        return [
            {**one, "environment": [*one["environment"], variable]} if one["name"] == collector.NAME else one
            for one in containers
        ]


def _url(one: receivers.Address, secrets: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    url: pulumi.Output[str] = secrets[one.value].apply(one.template.format)
    return pulumi.Output.secret(url)


def filter_policy(one: receivers.Address) -> str | None:
    """Which messages of the topic reach somebody: those of the severities; None for all.

    What CloudWatch's alarms say has no severity. They take a version back, so they are for whoever gets pages.
    """
    if one.severities == receivers.EVERY:
        return None
    taken: list[Any] = sorted(one.severities)
    return json.dumps({"severity": [*taken, {"exists": False}] if "page" in taken else taken})


def alertmanager(topic: str, region: str) -> str:
    """The definition of the workspace's Alertmanager: everything goes to the topic, pages first.

    There is no receiver without an address, and a ticket is silent while the same service pages.
    """
    configuration = {
        "route": {
            "receiver": "topic",
            "group_by": TOGETHER,
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [
                {
                    "matchers": ['severity="page"'],
                    "receiver": "topic",
                    "group_wait": "10s",
                    "repeat_interval": "1h",
                }
            ],
        },
        "inhibit_rules": [page_silences_ticket()],
        "receivers": [
            {
                "name": "topic",
                "sns_configs": [
                    {
                        "topic_arn": topic,
                        "sigv4": {"region": region},
                        "send_resolved": True,
                        "subject": "{{ .Status }}: {{ .CommonLabels.alertname }} {{ .CommonLabels.service }}",
                        "attributes": {"severity": "{{ .CommonLabels.severity }}"},
                    }
                ],
            }
        ],
    }
    return json.dumps({"alertmanager_config": json.dumps(configuration, indent=1)})
