"""Who watches an environment's services: a Prometheus and an Alertmanager of its own by prometheus-operator, and what
each service gives them to read.

The documents are made in ``monitoring_objects.py`` and ``monitoring_rules.py``; here they become resources with an
order: the operator (and with it the kinds that it defines) before anything of its kinds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, ServiceAccount
from pulumi_kubernetes.helm.v3 import Release
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from components.base import Component, Transform
from components.kubernetes import monitoring_dashboards as shown
from components.kubernetes import monitoring_objects as objects
from components.kubernetes import monitoring_rules as rules
from components.kubernetes.metadata import SKIP_AWAIT, Scope, field_manager, monitoring_namespace, namespace_name
from components.kubernetes.namespace import closed_namespace
from components.kubernetes.secrets import owned
from components.monitoring import alertmanager
from components.spec.environment import Environment
from components.spec.monitoring import Monitoring
from components.spec.service import Service as ServiceSpec
from components.tags import labels, selector

ACCOUNT = "prometheus"
SECRETS = "receivers"
"""Secret with the values that Alertmanager reads from files."""


@dataclass(frozen=True, kw_only=True)
class MonitoringStackArgs:
    """What monitoring is made of.

    :param spec: Who watches, and who is told.
    :param environment: Whose services: those of its namespace.
    :param secrets: Secret values by their keys in ``caas:secrets``.
    :param namespace: The services' namespace, which exists.
    :param images: Service -> its digest reference: what alerts call the deployment that came before.
    :param transforms: See :class:`components.base.Component`.
    """

    spec: Monitoring
    environment: Environment
    namespace: pulumi.Output[str]
    secrets: Mapping[str, pulumi.Output[str]] = field(default_factory=dict, repr=False)
    images: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    transforms: Sequence[Transform] = ()


class MonitoringStack(Component):
    """A PodMonitor and a PrometheusRule for each service; a Prometheus and an Alertmanager that use them, unless there
    is one that does; dashboards for a Grafana."""

    namespace: pulumi.Output[str] | None
    """Where Prometheus runs; None where one exists already."""

    def __init__(self, name: str, args: MonitoringStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("caas:kubernetes:MonitoringStack", name, opts, args.transforms)
        self._prefix = name
        self._spec = args.spec
        self._environment = args.environment
        self._watched = namespace_name(args.environment)
        self._own = monitoring_namespace(args.environment)
        self._manager = field_manager(args.environment)
        self._labels = {**labels(args.environment, None), **args.spec.labels}

        self.namespace = self._namespace() if self._ours else None
        operator = self._operator(args.secrets)
        after = self.child(depends_on=[operator]) if operator is not None else self.child()
        if self.namespace is not None:
            beside = Scope(self._manager, self.namespace, self._labels)
            told = self._alertmanager(args.secrets, beside, after)
            self._prometheus(args, beside, after, told=told)
            self._policies(beside, told=told)
        for service in args.environment.services:
            self._service(service, args, after)
        self._dashboards(args, after)
        self.finish({"namespace": self.namespace})

    @property
    def _ours(self) -> bool:
        return self._spec.prometheus == "own"

    def _namespace(self) -> pulumi.Output[str]:
        scope = Scope(self._manager, None, labels(self._environment, None))
        return closed_namespace(self._prefix, self._own, scope, self.child())

    def _operator(self, secrets: Mapping[str, pulumi.Output[str]]) -> pulumi.Resource | None:
        """The chart: it defines the kinds before it installs who watches them, and an update brings the kinds anew
        before it (``docs/adr/0031-prometheus-operator.md``)."""
        if self._spec.operator == "existing":
            return None
        password = self._spec.dashboards.password
        grafana = None if password is None else shown.grafana_values(pulumi.Output.secret(secrets[password]))
        return Release(
            f"{self._prefix}-operator",
            name="monitoring",
            chart=objects.CHART,
            version=objects.CHART_VERSION,
            repository_opts={"repo": objects.CHART_REPOSITORY},
            namespace=shown.CHART_NAMESPACE,
            create_namespace=True,
            values={
                **objects.chart_values("monitoring", grafana),
                "crds": {"upgradeJob": {"enabled": True}},
            },
            atomic=True,
            timeout=600,
            # What the plug-in says of the values that it was given is as secret as they are.
            opts=self.child(additional_secret_outputs=["values"]),
        )

    def _custom(
        self, name: str, kind: str, metadata: Any, spec: Any, opts: pulumi.ResourceOptions, version: str = rules.API
    ) -> CustomResource:
        return CustomResource(
            f"{self._prefix}-{name}", api_version=version, kind=kind, metadata=metadata, spec=spec, opts=opts
        )

    def _prometheus(
        self, args: MonitoringStackArgs, beside: Scope, after: pulumi.ResourceOptions, *, told: bool
    ) -> None:
        account = ServiceAccount(
            f"{self._prefix}-account",
            metadata=beside.metadata(ACCOUNT),
            automount_service_account_token=False,
            opts=self.child(),
        )
        self._reader("watched", Scope(self._manager, args.namespace, self._labels))
        self._reader("own", beside)
        if self._spec.remote_write is not None and self._spec.remote_write.token is not None:
            self._secret("remote-write", {"token": args.secrets[self._spec.remote_write.token]}, beside)
        spec = objects.prometheus_spec(
            self._environment, self._spec, account=ACCOUNT, watched=self._watched, own=self._own, told=told
        )
        opts = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(depends_on=[account]))
        self._custom("prometheus", "Prometheus", beside.metadata("prometheus"), spec, opts)
        counts = objects.state_metrics_spec(self._watched, "monitoring", self._spec.scrape_interval)
        metadata = beside.metadata("kube-state-metrics")
        self._custom("counts", "ScrapeConfig", metadata, counts, after, "monitoring.coreos.com/v1alpha1")
        if told and self._spec.receivers.dead_mans_switch is not None:
            switch = rules.switch_spec(self._environment, self._spec)
            self._custom("switch", "PrometheusRule", beside.metadata("dead-mans-switch"), switch, after)

    def _reader(self, which: str, scope: Scope) -> None:
        """Prometheus' right to find whom it asks and tells: in these two namespaces and nowhere else."""
        role = Role(
            f"{self._prefix}-{which}-role",
            metadata=scope.metadata(ACCOUNT),
            rules=objects.reader_rules(own=which == "own"),
            opts=self.child(),
        )
        RoleBinding(
            f"{self._prefix}-{which}-binding",
            metadata=scope.metadata(ACCOUNT),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT},
            subjects=[{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": self._own}],
            opts=self.child(depends_on=[role]),
        )

    def _alertmanager(
        self, secrets: Mapping[str, pulumi.Output[str]], beside: Scope, after: pulumi.ResourceOptions
    ) -> bool:
        """Whether anybody is told. Without a receiver there is no Alertmanager that would swallow alerts."""
        receivers = self._spec.receivers
        if not alertmanager.somebody(receivers):
            return False
        keys = alertmanager.secret_keys(receivers)
        before: list[pulumi.Resource] = []
        if keys:
            before.append(self._secret(SECRETS, {name: secrets[key] for name, key in keys.items()}, beside))
        text = json.dumps(alertmanager.configuration(receivers, SECRETS), indent=2)
        before.append(self._secret("alertmanager-config", {"alertmanager.yaml": text}, beside))
        spec = objects.alertmanager_spec(self._spec, self._environment, secrets=SECRETS if keys else None)
        opts = pulumi.ResourceOptions.merge(after, pulumi.ResourceOptions(depends_on=before))
        self._custom("alertmanager", "Alertmanager", beside.metadata("alertmanager"), spec, opts)
        return True

    def _secret(self, name: str, values: Mapping[str, pulumi.Input[str]], beside: Scope) -> Secret:
        return owned(f"{self._prefix}-{name}", beside, name, pulumi.Output.secret(dict(values)), self.child())

    def _policies(self, beside: Scope, *, told: bool) -> None:
        documents = {"prometheus": objects.prometheus_policy(self._watched, shown.grafana_namespace(self._spec))}
        if told:
            documents["alertmanager"] = objects.alertmanager_policy()
        for name, spec in documents.items():
            NetworkPolicy(f"{self._prefix}-{name}-policy", metadata=beside.metadata(name), spec=spec, opts=self.child())

    def _service(self, service: ServiceSpec, args: MonitoringStackArgs, after: pulumi.ResourceOptions) -> None:
        """What a service gives to read: nothing, where it has no metrics."""
        if service.metrics_path is None:
            return
        own = {**labels(self._environment, service), **self._spec.labels}
        metadata = Scope(self._manager, args.namespace, own).metadata(service.name, annotations={SKIP_AWAIT: "true"})
        monitor = rules.pod_monitor_spec(service, self._spec, selector(self._environment, service))
        self._custom(f"{service.name}-monitor", "PodMonitor", metadata, monitor, after)
        spec = rules.rules_spec(service, self._environment, self._spec)
        image = args.images.get(service.name)
        if image is not None:
            # The one value that a preview may not know: the rest is reviewed before the image is built.
            for texts in rules.texts(spec):
                texts["deployment"] = image
        self._custom(f"{service.name}-rules", "PrometheusRule", metadata, spec, after)

    def _dashboards(self, args: MonitoringStackArgs, after: pulumi.ResourceOptions) -> None:
        """A ConfigMap for each dashboard, and for the environment's Prometheus as a data source, where Grafana's
        sidecar looks; what the chart makes is there before."""
        named = shown.grafana_namespace(self._spec)
        where = pulumi.Output.from_input(named) if named is not None else self.namespace or args.namespace
        scope = Scope(self._manager, where, self._labels)
        annotations = {shown.FOLDER: shown.folder(self._environment, self._spec)}
        for uid, text in shown.texts(self._environment, self._spec).items():
            metadata = scope.metadata(uid, {shown.DASHBOARD: "1"}, annotations)
            ConfigMap(f"{self._prefix}-dashboard-{uid}", metadata=metadata, data={f"{uid}.json": text}, opts=after)
        if shown.declares_source(self._spec):
            uid = shown.source_uid(self._environment)
            text = shown.source(self._environment, self._spec, objects.PORT)
            metadata = scope.metadata(uid, {shown.SOURCE: "1"})
            ConfigMap(f"{self._prefix}-source", metadata=metadata, data={f"{uid}.yaml": text}, opts=after)
