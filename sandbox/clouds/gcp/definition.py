"""All that the simulated Google Cloud is made of, and what its provider may be told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.clouds.core.cloud import Definition
from sandbox.clouds.core.errors import CloudError
from sandbox.clouds.core.model import Kind, Scope, Values
from sandbox.clouds.core.world import GLOBAL, World
from sandbox.clouds.gcp import cluster, front, identity, network, registry, tokens

ROOMS = (cluster, front, identity, network, registry)

PROJECT = r"[a-z][a-z0-9-]{4,28}[a-z0-9]"
REGION = r"[a-z]+-[a-z]+\d{1,2}"


def kinds() -> dict[str, Kind]:
    """Every resource type, by its token."""
    return {kind.token: kind for room in ROOMS for kind in room.KINDS}


def configure(inputs: Values, environment: Mapping[str, str]) -> Scope:
    """The provider's scope: project, region and default labels. Credentials are neither asked for nor looked at."""
    values = {key: _plain(value) for key, value in inputs.items()}
    project = values.get("project") or environment.get("GOOGLE_CLOUD_PROJECT") or ""
    region = values.get("region") or environment.get("GOOGLE_CLOUD_REGION") or ""
    if not re.fullmatch(PROJECT, project):
        raise CloudError("project", f"invalid or missing project: {project!r}; set gcp:project")
    if region and not re.fullmatch(REGION, region):
        raise CloudError("region", f"invalid region: {region!r}")
    return Scope(project, region, labels=values.get("defaultLabels") or {})


def _plain(value: Any) -> Any:
    """Over the wire a provider's lists and objects are JSON in a text."""
    return json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


def _get_cluster(world: World, scope: Scope, inputs: Values) -> dict[str, Any]:
    """A cluster that exists."""
    where = inputs.get("location") or scope.region
    for record in world.all(tokens.CLUSTER, GLOBAL).values():
        state = record["state"]
        if (state["name"], state["location"]) == (inputs["name"], where):
            return {**state, "masterAuths": [state["masterAuth"]]}
    project = inputs.get("project") or scope.account
    raise CloudError("notFound", f"projects/{project}/locations/{where}/clusters/{inputs['name']} not found", 404)


FUNCTIONS = {"gcp:container/getCluster:getCluster": _get_cluster}

DEFINITION = Definition(
    "gcp",
    "pulumi_gcp",
    kinds(),
    FUNCTIONS,
    configure,
    throttled=("rateLimitExceeded", "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'"),
    unavailable=("backendError", "The service is currently unavailable."),
)
