"""The platform `kubernetes`: everything that is declared inside any Kubernetes cluster.

Making a cluster does not belong here; GKE, a kubeconfig and the sandbox all end at the same provider.
"""
