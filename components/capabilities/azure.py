"""What Azure Container Instances can do, and by what."""

from __future__ import annotations

from components.capabilities.answers import Capability, emulated, native, refused

_ELSE = "rollout.strategy rolling, or platform kubernetes or aws-ecs"
_WEIGHED = f"{_ELSE}: Application Gateway weighs versions in a preview only"
"""docs/adr/0025-azure-one-version-at-a-time.md"""

AZURE_ACI: dict[str, Capability] = {
    "build": native("BuildKit (pulumi-docker-build), Azure Container Registry"),
    "dedicated-builder": native("BuildxBuilder (pulumi-docker)"),
    "image": native("container group profile"),
    "replicas": native("NGroup, which keeps so many container groups"),
    "scaling-cpu": emulated("metric alert, and a workflow that writes the NGroup's count"),
    "scaling-memory": emulated("metric alert, and a workflow that writes the NGroup's count"),
    "scaling-requests": refused("scaling.cpu: container groups count no requests"),
    "scaling-schedules": refused("scaling.minimum and scaling.maximum: the NGroup has no clock"),
    "rolling": native("NGroup, update by replacement in batches over the zones"),
    "blue-green": refused(f"{_ELSE}: exchanging a pool of the gateway is not built"),
    "canary": refused(_WEIGHED),
    "linear": refused(_WEIGHED),
    "hooks": refused("a step of the delivery pipeline before and after `caas up`"),
    "ingress": native("Application Gateway with certificates from a Key Vault"),
    "internal": emulated("internal load balancer and private zone: http://<service>.<project>-<stack>.internal"),
    "liveness-command": native("liveness probe of the container"),
    "min-ready": native("NGroup, pause between two batches"),
    "egress": emulated("security group of the containers' subnet: what one service may call, all may"),
    "scratch": native("emptyDir"),
    "persistent": refused("a database or object store: Container Instances mounts Azure Files for root alone"),
    "slo-alerts": native("Azure Monitor's managed Prometheus and a collector beside each service (azure.monitoring)"),
    "sidecars": native("containers of the same group"),
    "secret-values": native("secure variables"),
    "secret-references": refused("secrets.NAME.config, or let the service read its vault as its own identity"),
    "workload-identity": refused(
        "the service's own managed identity: give roles to the identity <project>-<stack>-<service>"
    ),
}
