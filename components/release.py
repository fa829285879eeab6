"""Which services run a second version for the time being: what ``caas up`` tells the program, and nobody else.

A release that moves traffic goes through several applies of the same configuration. What differs between them is no
configuration, so it stands in none: an apply by hand has no second version.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

VARIABLE = "CAAS_CANDIDATES"
"""Service -> instances of its new version, as JSON."""


def candidates() -> Mapping[str, int]:
    """Service -> instances of the new version that is tried beside the one that serves; empty outside a release.

    Raises ValueError where the variable holds anything else.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return {}
    found = json.loads(text)
    if not isinstance(found, dict) or not all(type(count) is int and count > 0 for count in found.values()):
        raise ValueError(f"{VARIABLE} must be a mapping of services to counts above 0, as JSON; it is {text!r}")
    return found
