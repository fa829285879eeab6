"""Azure Container Instances: resource group, registry, network, container groups kept at a count, and the gateway in
front of them."""
