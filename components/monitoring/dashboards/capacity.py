"""A cluster's room: what its nodes have, what is promised away, what is really used, and who wants more."""

from __future__ import annotations

from components.monitoring.dashboards.document import Document, build
from components.monitoring.dashboards.links import DashboardLinks
from components.monitoring.dashboards.panels import BYTES, CORES, COUNT, RATE, SHARE, Panel, figure, graph

_USED_CPU = f'rate(container_cpu_usage_seconds_total{{container!=""}}[{RATE}])'
_USED_MEMORY = 'container_memory_working_set_bytes{container!=""}'
_TIGHT = ((0.8, "orange"), (0.95, "red"))


def capacity(links: DashboardLinks) -> Document:
    """The dashboard of the cluster in which an environment's services run. Asks cAdvisor and kube-state-metrics."""
    return build(
        "Cluster capacity",
        "capacity",
        links,
        {"Room": _room(), "CPU and memory": _resources(), "Workloads": _workloads()},
    )


def _room() -> list[Panel]:
    return [
        _share("CPU requested", "cpu", "Share of the nodes' CPU that is promised to pods: full at 1."),
        _share("Memory requested", "memory", "Share of the nodes' memory that is promised to pods: full at 1."),
        figure(
            "Pods",
            "Share of the pods that the nodes take.",
            SHARE,
            'sum(kube_pod_info) / sum(kube_node_status_allocatable{resource="pods"})',
            steps=_TIGHT,
        ),
        figure(
            "Nodes ready",
            "Share of the nodes that take work.",
            SHARE,
            'sum(kube_node_status_condition{condition="Ready",status="true"}) / count(kube_node_info)',
            steps=((1.0, "green"),),
            lowest="red",
        ),
        figure(
            "Pods that wait",
            "Pods for which no node has room, or that cannot start.",
            COUNT,
            'sum(kube_pod_status_phase{phase="Pending"})',
            steps=((1.0, "red"),),
        ),
    ]


def _share(title: str, resource: str, description: str) -> Panel:
    requested = f'sum(kube_pod_container_resource_requests{{resource="{resource}"}})'
    return figure(
        title,
        description,
        SHARE,
        f'{requested} / sum(kube_node_status_allocatable{{resource="{resource}"}})',
        steps=_TIGHT,
    )


def _resources() -> list[Panel]:
    return [
        _against("CPU", "vCPU", CORES, "cpu", f"sum({_USED_CPU})"),
        _against("Memory", "memory", BYTES, "memory", f"sum({_USED_MEMORY})"),
        graph(
            "CPU by namespace",
            "vCPU that each namespace uses.",
            CORES,
            {"{{namespace}}": f"sum by (namespace) ({_USED_CPU})"},
            stacked=True,
        ),
        graph(
            "Memory by namespace",
            "Memory that each namespace uses and cannot give back.",
            BYTES,
            {"{{namespace}}": f"sum by (namespace) ({_USED_MEMORY})"},
            stacked=True,
        ),
    ]


def _against(title: str, what: str, unit: str, resource: str, used: str) -> Panel:
    return graph(
        title,
        f"The nodes' {what} that pods may have, that is promised to them, and that they use.",
        unit,
        {
            "allocatable": f'sum(kube_node_status_allocatable{{resource="{resource}"}})',
            "requested": f'sum(kube_pod_container_resource_requests{{resource="{resource}"}})',
            "used": used,
        },
    )


def _workloads() -> list[Panel]:
    return [
        graph(
            "Instances missing",
            "Instances that a Deployment wants and that are not ready.",
            COUNT,
            {
                "{{namespace}}/{{deployment}}": "kube_deployment_spec_replicas "
                "- on (namespace, deployment) kube_deployment_status_replicas_available"
            },
        ),
        graph(
            "Autoscalers: share of the maximum",
            "Instances that an autoscaler wants, of those that it may have: at 1 it wants more than it gets.",
            SHARE,
            {
                "{{namespace}}/{{horizontalpodautoscaler}}": "kube_horizontalpodautoscaler_status_desired_replicas "
                "/ on (namespace, horizontalpodautoscaler) kube_horizontalpodautoscaler_spec_max_replicas"
            },
            limit=1.0,
        ),
        graph(
            "Restarts",
            "Containers that were started again within an hour.",
            COUNT,
            {"{{namespace}}": "sum by (namespace) (increase(kube_pod_container_status_restarts_total[1h]))"},
        ),
    ]
