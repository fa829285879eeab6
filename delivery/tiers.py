"""By which tier the policy pack judges a stack, for everything that acts on what it will say."""

from __future__ import annotations

from components.spec import NAMESPACE, Environment
from policies import levels


def judged(environment: Environment) -> str:
    """dev, staging or prod: the stricter of the stack's own tier and of what its name says.

    A stack that is named prod is judged as prod whatever ``caas:tier`` says.
    """
    return levels.tier(environment.stack, {f"{NAMESPACE}:tier": environment.tier}, NAMESPACE)
