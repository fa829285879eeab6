"""What of the sandbox can be left out, by a variable of the environment."""

from __future__ import annotations

import os

from sandbox.errors import SandboxError

MONITORING = "CAAS_SANDBOX_MONITORING"
"""``off`` leaves out what watches and what keeps logs; ``on`` is the default."""


def monitoring() -> bool:
    """Whether monitoring and logging run.

    Raises:
        SandboxError: the variable says something else than on or off.
    """
    value = os.environ.get(MONITORING) or "on"
    if value not in ("on", "off"):
        raise SandboxError(f"{MONITORING} is {value!r}: write on or off.")
    return value == "on"
