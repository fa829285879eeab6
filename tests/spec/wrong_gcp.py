"""Wrong configurations of the platform gke."""

from __future__ import annotations

from typing import Any

from tests.spec.wrong_case import DEV, REMOVE, Case, S

REGION, PROJECT = "europe-west3", "shop-1234"
REGISTRY = f"{REGION}-docker.pkg.dev/{PROJECT}/team"
GCP: dict[str, Any] = {
    "platform": "gke",
    "registry.address": REGISTRY,
    "gcp.project": PROJECT,
    "gcp.region": REGION,
    "gcp.authorizedNetworks.office": "203.0.113.0/24",
}
NETWORK: dict[str, Any] = {
    "gcp.network.name": "shared",
    "gcp.network.subnetwork": "nodes",
    "gcp.network.pods": "pods-a",
    "gcp.network.services": "services-a",
}
POOL = "gcp.nodePools.main"


def setting(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct environment on GKE with a change of its settings."""
    more.setdefault("line", key.rsplit(".", 1)[-1])
    more.setdefault("file", f"Pulumi.{more.get('stack', 'dev')}.yaml")
    # The loader's own rules, the same through the engine: two go that way, which is enough to know it.
    more.setdefault("engine", False)
    return Case(f"gke-{id}", key, limit, remedy, settings={**GCP, **changes}, **more)


def service(id: str, key: str, limit: str, remedy: str, changes: dict[str, Any], **more: Any) -> Case:
    """A correct environment on GKE with a change of its service."""
    more.setdefault("line", key.rsplit(".", 1)[-1])
    more.setdefault("engine", False)
    settings = {**GCP, **more.pop("settings", {})}
    return Case(f"gke-{id}", f"{S}.{key}", limit, remedy, service=changes, settings=settings, **more)


SETTINGS_OF_GKE = [
    Case(
        "gke-settings-missing",
        "gcp",
        "required where the platform is gke",
        "caas:gcp.project",
        settings={"platform": "gke", "registry.address": REGISTRY},
        file=DEV,
    ),
    setting("project", "gcp.project", "the id of a project", "shop-prod-1234", {"gcp.project": "My Shop"}, engine=True),
    setting("region", "gcp.region", "a region of Google Cloud", "europe-west3", {"gcp.region": "europe-west3-a"}),
    setting(
        "registry-elsewhere",
        "registry.address",
        "an address in Artifact Registry",
        REGISTRY,
        {"registry.address": "registry.example.org/team"},
    ),
    setting(
        "registry-of-another-project",
        "registry.address",
        f"a registry in the project {PROJECT}",
        "gcp.repository to existing",
        {"registry.address": f"{REGION}-docker.pkg.dev/other-1234/team"},
    ),
    setting("cidr", "gcp.cidr", "from /12 to /18", "10.20.0.0/16", {"gcp.cidr": "10.0.0.0/20"}),
    setting("cidr-public", "gcp.cidr", "a private range", "10.20.0.0/16", {"gcp.cidr": "8.0.0.0/16"}),
    setting("cidr-and-network", "gcp.cidr", "only one of", "remove cidr", {**NETWORK, "gcp.cidr": "10.0.0.0/16"}),
    setting("network-name", "gcp.network.name", "lower-case", "shared", {**NETWORK, "gcp.network.name": "Shared"}),
    setting("cluster-name", "gcp.cluster", "the name of a cluster", "shared", {"gcp.cluster": "a/b"}),
    setting(
        "cluster-and-mode",
        "gcp.mode",
        "only one of cluster and mode",
        "remove mode",
        {"gcp.cluster": "shared", "gcp.mode": "standard", "gcp.authorizedNetworks": REMOVE},
    ),
    setting(
        "nobody-authorized",
        "gcp.authorizedNetworks",
        "at least one range",
        "203.0.113.0/24",
        {"gcp.authorizedNetworks": REMOVE},
        line="gcp",
    ),
    setting(
        "everybody-authorized",
        "gcp.authorizedNetworks.office",
        "/8 or narrower",
        "203.0.113.0/24",
        {"gcp.authorizedNetworks.office": "0.0.0.0/0"},
    ),
    setting(
        "pools-missing", "gcp.nodePools", "at least one pool", "e2-standard-4", {"gcp.mode": "standard"}, line="gcp"
    ),
    setting("pools-on-autopilot", "gcp.nodePools", "absent in mode autopilot", "standard", {f"{POOL}.minimum": 1}),
    setting(
        "pool-bounds",
        f"{POOL}.minimum",
        "at most maximum, 3",
        "write 3 or less",
        {"gcp.mode": "standard", f"{POOL}.minimum": 4},
    ),
    setting(
        "machine",
        f"{POOL}.machine",
        "a machine type",
        "e2-standard-4",
        {"gcp.mode": "standard", f"{POOL}.machine": "e2"},
    ),
    setting(
        "spot-in-prod",
        f"{POOL}.spot",
        "false in prod",
        "remove it",
        {"gcp.mode": "standard", f"{POOL}.spot": True},
        stack="prod",
    ),
    setting("key", "gcp.kmsKey", "a key in Cloud KMS", "cryptoKeys/K", {"gcp.kmsKey": "key"}),
    setting(
        "key-elsewhere",
        "gcp.kmsKey",
        "a key in the cluster's region",
        "name one in europe-west3",
        {"gcp.kmsKey": f"projects/{PROJECT}/locations/global/keyRings/r/cryptoKeys/k"},
    ),
    setting(
        "kubeconfig",
        "kubernetes.kubeconfig",
        "absent on platform gke",
        "remove it",
        {"kubernetes.kubeconfig": "here"},
    ),
    setting(
        "load-balancer-class",
        "kubernetes.loadBalancer.className",
        "absent on platform gke",
        "remove loadBalancer",
        {"kubernetes.loadBalancer": {"className": "a/b", "sources": ["10.0.0.0/8"]}},
    ),
]

SERVICES_ON_GKE = [
    service(
        "tls-secret",
        "ingress.tlsSecret",
        "Google keeps the certificates",
        "kubernetes.ingressClass",
        {"ingress.tlsSecret": "own"},
        engine=True,
    ),
    Case(
        "gke-storage-class-missing",
        "kubernetes.storageClass",
        "required where a service has a persistent volume (hello)",
        "standard-rwx",
        service={"volumes": {"data": {"path": "/data", "kind": "persistent", "size": 512}}},
        settings=GCP,
        file=DEV,
        engine=False,
    ),
    service(
        "reference-of-google",
        "secrets.KEY.reference",
        "name/key of a Secret",
        "database/password",
        {"secrets": {"KEY": {"reference": "projects/p/secrets/s/versions/1"}}},
    ),
    service("small-on-autopilot", "cpu", "at least 0.05 vCPU", "write 0.05", {"cpu": 0.04}),
    service("much-memory-on-autopilot", "memory", "256 to 1664 MiB for 0.25 vCPU", "mode standard", {"memory": 2048}),
    service("little-memory-on-autopilot", "memory", "256 to 1664 MiB for 0.25 vCPU", "mode standard", {"memory": 128}),
]
