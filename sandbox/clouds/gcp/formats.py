"""Identifiers as Google Cloud writes them, and what most of its types share."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from sandbox.clouds.core.model import Call, Name

LABELS = ("effectiveLabels", "pulumiLabels")
"""Outputs of what has labels: the provider's own among them."""

COMPUTE = "https://www.googleapis.com/compute/v1"

NAME = Name("name", 63, r"[a-z]([-a-z0-9]*[a-z0-9])?", "must match regex '^(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)$'")


def project(call: Call) -> str:
    """The resource's own project, or the provider's."""
    return str(call.inputs.get("project") or call.scope.account)


def location(call: Call) -> str:
    """The resource's own location or region, or the provider's region."""
    return str(call.inputs.get("location") or call.inputs.get("region") or call.scope.region)


def path(call: Call, *parts: str) -> str:
    """``projects/<project>/<part>/…``."""
    return "/".join(["projects", project(call), *parts])


def labelled(call: Call, key: str = "labels") -> dict[str, Any]:
    """The labels that a resource has in truth; ``key`` is where its own are given."""
    return {output: {**call.scope.labels, **(call.inputs.get(key) or {})} for output in LABELS}


def now() -> str:
    """A time stamp."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number(digits: int) -> str:
    """A number that means nothing."""
    return str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))
