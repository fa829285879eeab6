"""Rules for the platform `gke`: clusters, nodes and images. What runs in a cluster is judged by policies/kubernetes."""

from policies.gcp import clusters, registry

RULES = (*clusters.RULES, *registry.RULES)
