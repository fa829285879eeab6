"""Rules for the platform `azure-aci`: containers, registry, gateway and what is kept beside them."""

from policies.azure import containers, front, registry

RULES = (*containers.RULES, *registry.RULES, *front.RULES)
