"""Rules about what is declared inside a Kubernetes cluster, one module for each theme."""

from __future__ import annotations

from policies.kubernetes import access, networks, pods, workloads

RULES = (*pods.RULES, *workloads.RULES, *networks.RULES, *access.RULES)
