"""The simulated Google Cloud: project and network, registry, clusters, certificates and records."""
