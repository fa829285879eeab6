"""What any Kubernetes can do, and by what."""

from __future__ import annotations

from components.capabilities.answers import Capability, emulated, native, refused

_SHIFTED = "a second Deployment, an HTTPRoute's weights, and `caas up`, which moves them"

KUBERNETES: dict[str, Capability] = {
    "build": native("BuildKit (pulumi-docker-build)"),
    "dedicated-builder": native("BuildxBuilder (pulumi-docker)"),
    "image": native("Deployment"),
    "replicas": native("Deployment"),
    "scaling-cpu": native("HorizontalPodAutoscaler, metrics-server"),
    "scaling-memory": native("HorizontalPodAutoscaler, metrics-server"),
    "scaling-requests": refused("scaling.cpu: the autoscaler has no count of requests without a metrics adapter"),
    "scaling-schedules": refused("scaling.minimum and scaling.maximum: the autoscaler has no clock"),
    "rolling": native("Deployment"),
    "blue-green": emulated(_SHIFTED),
    "canary": emulated(_SHIFTED),
    "linear": emulated(_SHIFTED),
    "hooks": emulated("a pause of `caas up` that `caas continue` ends; no functions"),
    "ingress": native("Ingress and the cluster's controller; or a Service of a load-balancer class for each service"),
    "internal": native("Service"),
    "liveness-command": emulated("liveness over HTTP or TCP, which the kubelet asks from outside"),
    "min-ready": native("Deployment"),
    "egress": native("NetworkPolicy, where the cluster's network enforces it"),
    "scratch": native("emptyDir with a size limit"),
    "persistent": native("PersistentVolumeClaim, ReadWriteMany"),
    "slo-alerts": native("PodMonitor and PrometheusRule of prometheus-operator"),
    "sidecars": native("native sidecar containers"),
    "secret-values": native("immutable Secret"),
    "secret-references": native("Secret by name/key"),
    "workload-identity": native("annotations of the ServiceAccount"),
}
