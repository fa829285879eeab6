"""All that the simulated AWS is made of, and what its provider may be told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.clouds.aws import (
    alerting,
    balancing,
    ecs,
    firewall,
    groups,
    identity,
    naming,
    network,
    registry,
    routing,
    scaling,
    secrets,
    storage,
    watching,
)
from sandbox.clouds.aws.formats import ACCOUNT
from sandbox.clouds.aws.functions import FUNCTIONS
from sandbox.clouds.core.cloud import Definition
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Kind, Scope, Values

ROOMS = (
    alerting,
    balancing,
    ecs,
    firewall,
    groups,
    identity,
    naming,
    network,
    registry,
    routing,
    scaling,
    secrets,
    storage,
    watching,
)

REGION = r"[a-z]{2}(-[a-z]+)+-\d"


def kinds() -> dict[str, Kind]:
    """Every resource type, by its token."""
    return {kind.token: kind for room in ROOMS for kind in room.KINDS}


def configure(inputs: Values, environment: Mapping[str, str]) -> Scope:
    """The provider's scope: account, region and default tags. Credentials are neither asked for nor looked at."""
    values = {key: _plain(value) for key, value in inputs.items()}
    region = values.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region:
        text = "Missing region information. Set aws:region, or AWS_REGION in the environment."
        raise CloudError("region", text)
    if not re.fullmatch(REGION, region):
        raise CloudError("region", f"invalid AWS Region: {region}")
    allowed, forbidden = values.get("allowedAccountIds"), values.get("forbiddenAccountIds") or ()
    if (allowed and ACCOUNT not in allowed) or ACCOUNT in forbidden:
        raise CloudError("allowedAccountIds", f"AWS Account ID not allowed: {ACCOUNT}")
    return Scope(ACCOUNT, region, (values.get("defaultTags") or {}).get("tags") or {})


def _plain(value: Any) -> Any:
    """Over the wire a provider's lists and objects are JSON in a text."""
    if isinstance(value, str) and value[:1] in "[{" and value:
        return json.loads(value)
    return value


DEFINITION = Definition("aws", "pulumi_aws", kinds(), FUNCTIONS, configure)
