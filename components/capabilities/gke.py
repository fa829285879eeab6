"""What Google Kubernetes Engine can do, and by what: Kubernetes' own answers, and where Google's differ."""

from __future__ import annotations

from components.capabilities.answers import Capability, native, refused
from components.capabilities.kubernetes import KUBERNETES

GKE: dict[str, Capability] = {
    **KUBERNETES,
    "blue-green": refused("rollout.strategy rolling"),
    "canary": refused("rollout.strategy rolling"),
    "linear": refused("rollout.strategy rolling"),
    "hooks": refused("a step of the delivery pipeline before and after `caas up`"),
    "build": native("BuildKit (pulumi-docker-build), Artifact Registry repository"),
    "ingress": native("Gateway of GKE with a managed certificate; Ingress where there is no TLS or a class is named"),
    "egress": native("NetworkPolicy, enforced by Dataplane V2"),
    "persistent": native("PersistentVolumeClaim, ReadWriteMany, on Filestore (storageClass standard-rwx)"),
    "slo-alerts": native("Google Cloud Managed Service for Prometheus (gcp.monitoring), or prometheus-operator"),
    "workload-identity": native("Workload Identity: annotation iam.gke.io/gcp-service-account, and its IAM binding"),
}
