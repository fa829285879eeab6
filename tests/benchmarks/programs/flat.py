"""What a person would write by hand for ``SERVICES`` services: the same resources, and nothing around them.

The benchmark compares every property with what the components declare, so this is kept equal by a failure. Component
resources, which nobody needs who writes by hand, are not declared.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import SecurityContextArgsDict
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

COUNT = int(os.environ["SERVICES"])
DIGEST = "a" * 64
OWN = {"pulumi.com/patchFieldManager": "caas-caas-staging"}
OBSERVED = {**OWN, "pulumi.com/skipAwait": "true"}
COMMON = {
    "app.kubernetes.io/managed-by": "pulumi",
    "app.kubernetes.io/part-of": "caas",
    "caas.cost-centre": "benchmarks",
    "caas.environment": "staging",
    "caas.owner": "benchmarks",
    "caas.tier": "staging",
}
SECURITY: SecurityContextArgsDict = {
    "allow_privilege_escalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "read_only_root_filesystem": True,
}

KUBECONFIG = os.environ["KUBECONFIG"]

provider = kubernetes.Provider("cluster-provider", kubeconfig=KUBECONFIG, upsert_existing_objects=True)
inside = pulumi.ResourceOptions(provider=provider)
pod_security = {}
for mode in ("enforce", "audit", "warn"):
    pod_security[f"pod-security.kubernetes.io/{mode}"] = "restricted"
    pod_security[f"pod-security.kubernetes.io/{mode}-version"] = "latest"
made = kubernetes.core.v1.Namespace(
    "cluster-namespace",
    metadata={"name": "caas-staging", "labels": {**COMMON, **pod_security}, "annotations": OWN},
    opts=inside,
)
namespace = made.metadata.apply(lambda known: known.name)
kubernetes.networking.v1.NetworkPolicy(
    "cluster-default-deny",
    metadata={"name": "default-deny", "namespace": namespace, "labels": COMMON, "annotations": OWN},
    spec={
        "pod_selector": {},
        "policy_types": ["Ingress", "Egress"],
        "egress": [
            {
                "to": [{"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
            }
        ],
    },
    opts=inside,
)

services = {}
for number in range(COUNT):
    name = f"service-{number:03}"
    selector = {"app.kubernetes.io/instance": f"caas-staging-{name}", "app.kubernetes.io/name": name}
    labels = {**COMMON, **selector}
    image = f"registry.example.com/{name}@sha256:{DIGEST}"
    metadata: ObjectMetaArgsDict = {"name": name, "namespace": namespace, "labels": labels, "annotations": OWN}
    observed: ObjectMetaArgsDict = {"name": name, "namespace": namespace, "labels": labels, "annotations": OBSERVED}
    account = kubernetes.core.v1.ServiceAccount(
        f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=inside
    )
    policy = kubernetes.networking.v1.NetworkPolicy(
        f"{name}-policy",
        metadata=metadata,
        spec={
            "pod_selector": {"match_labels": selector},
            "policy_types": ["Ingress", "Egress"],
            "ingress": [
                {
                    "from_": [
                        {"pod_selector": {}},
                        {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "ingress"}}},
                        {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "monitoring"}}},
                    ],
                    "ports": [{"protocol": "TCP", "port": 8080}],
                }
            ],
            "egress": [{"to": [{"pod_selector": {}}]}],
        },
        opts=inside,
    )
    deployment = kubernetes.apps.v1.Deployment(
        f"{name}-deployment",
        metadata={
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "annotations": {**OWN, "pulumi.com/timeoutSeconds": "310"},
        },
        spec={
            "selector": {"match_labels": selector},
            "min_ready_seconds": 0,
            "progress_deadline_seconds": 300,
            "revision_history_limit": 5,
            "strategy": {
                "type": "RollingUpdate",
                "rolling_update": {"max_surge": "100%", "max_unavailable": "0%"},
            },
            "template": {
                "metadata": {"labels": {**labels, "caas/digest": DIGEST[:12]}},
                "spec": {
                    "automount_service_account_token": False,
                    "containers": [
                        {
                            "name": name,
                            "image": image,
                            "image_pull_policy": "IfNotPresent",
                            "env": [{"name": "GREETING", "value": "Hello"}, {"name": "PORT", "value": "8080"}],
                            "lifecycle": {"pre_stop": {"sleep": {"seconds": 5}}},
                            "ports": [{"name": "http", "container_port": 8080, "protocol": "TCP"}],
                            "readiness_probe": {
                                "http_get": {"path": "/ready", "port": 8080, "scheme": "HTTP"},
                                "period_seconds": 15,
                                "timeout_seconds": 5,
                                "failure_threshold": 3,
                                "success_threshold": 1,
                            },
                            "liveness_probe": {
                                "tcp_socket": {"port": 8080},
                                "period_seconds": 30,
                                "timeout_seconds": 5,
                                "failure_threshold": 3,
                                "success_threshold": 1,
                            },
                            "startup_probe": {
                                "http_get": {"path": "/ready", "port": 8080, "scheme": "HTTP"},
                                "period_seconds": 10,
                                "timeout_seconds": 5,
                                "failure_threshold": 12,
                                "success_threshold": 1,
                            },
                            "resources": {
                                "limits": {"memory": "256Mi", "ephemeral-storage": "192Mi"},
                                "requests": {"cpu": "250m", "memory": "256Mi", "ephemeral-storage": "192Mi"},
                            },
                            "security_context": SECURITY,
                            "volume_mounts": [{"name": "tmp", "mount_path": "/tmp", "read_only": False}],
                        }
                    ],
                    "enable_service_links": False,
                    "security_context": {
                        "fs_group": 10001,
                        "fs_group_change_policy": "OnRootMismatch",
                        "run_as_group": 10001,
                        "run_as_non_root": True,
                        "run_as_user": 10001,
                        "seccomp_profile": {"type": "RuntimeDefault"},
                    },
                    "service_account_name": name,
                    "termination_grace_period_seconds": 60,
                    "topology_spread_constraints": [
                        {
                            "label_selector": {"match_labels": selector},
                            "match_label_keys": ["pod-template-hash"],
                            "max_skew": 1,
                            "topology_key": key,
                            "when_unsatisfiable": "ScheduleAnyway",
                        }
                        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
                    ],
                    "volumes": [{"name": "tmp", "empty_dir": {"size_limit": "64Mi"}}],
                },
            },
        },
        opts=pulumi.ResourceOptions(
            provider=provider,
            depends_on=[account, policy],
            custom_timeouts=pulumi.CustomTimeouts(create="310s", update="310s", delete="310s"),
        ),
    )
    kubernetes.core.v1.Service(
        f"{name}-service",
        metadata=observed,
        spec={
            "type": "ClusterIP",
            "selector": selector,
            "ports": [{"name": "http", "port": 80, "target_port": "http", "protocol": "TCP"}],
        },
        opts=inside,
    )
    kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
        f"{name}-autoscaler",
        metadata=metadata,
        spec={
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": name},
            "min_replicas": 2,
            "max_replicas": 4,
            "metrics": [
                {
                    "type": "ContainerResource",
                    "container_resource": {
                        "container": name,
                        "name": "cpu",
                        "target": {"type": "Utilization", "average_utilization": 70},
                    },
                }
            ],
            "behavior": {
                "scale_up": {
                    "stabilization_window_seconds": 0,
                    "select_policy": "Max",
                    "policies": [
                        {"type": "Percent", "value": 100, "period_seconds": 60},
                        {"type": "Pods", "value": 4, "period_seconds": 60},
                    ],
                },
                "scale_down": {
                    "stabilization_window_seconds": 300,
                    "select_policy": "Max",
                    "policies": [{"type": "Percent", "value": 50, "period_seconds": 60}],
                },
            },
        },
        opts=inside,
    )
    kubernetes.policy.v1.PodDisruptionBudget(
        f"{name}-disruption-budget",
        metadata=metadata,
        spec={
            "max_unavailable": 1,
            "selector": {"match_labels": selector},
            "unhealthy_pod_eviction_policy": "AlwaysAllow",
        },
        opts=inside,
    )
    kubernetes.networking.v1.Ingress(
        f"{name}-ingress",
        metadata=observed,
        spec={
            "rules": [
                {
                    "host": f"{name}.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "path_type": "Prefix",
                                "backend": {"service": {"name": name, "port": {"name": "http"}}},
                            }
                        ]
                    },
                }
            ],
            "tls": [{"hosts": [f"{name}.example.com"]}],
        },
        opts=inside,
    )
    services[name] = {
        "image": image,
        "url": f"https://{name}.example.com/",
        "namespace": namespace,
        "deployment": deployment.metadata.apply(lambda known: known.name),
        "port": 8080,
        "minimum": 2,
        "maximum": 4,
        "healthPath": "/ready",
    }

pulumi.export("environment", "staging")
pulumi.export("platform", "kubernetes")
pulumi.export("services", services)
pulumi.export("kubernetes", {"kubeconfig": KUBECONFIG, "context": None, "ingressEndpoint": None})
