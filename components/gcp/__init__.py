"""Google Kubernetes Engine: registry, network, cluster and front of an environment; what runs in the cluster is
declared by ``components/kubernetes``."""
