"""Rules over a whole stack: what only two resources together can break, one module for each theme."""

from __future__ import annotations

from policies.stack import access, exposure, services, workloads

STACK_RULES = (
    *workloads.STACK_RULES,
    *access.STACK_RULES,
    *exposure.STACK_RULES,
    *services.STACK_RULES,
)
"""Every rule over a stack but that of tags, which stands in ``policies/environment.py``."""
