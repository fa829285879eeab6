"""Rules about who may do what: policies and trust of AWS, roles of Google Cloud and of Azure."""

from policies.iam import azure, google, grants, trust

RULES = (*grants.RULES, *trust.RULES, *google.RULES, *azure.RULES)
