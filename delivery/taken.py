"""What an apply meets that exists already, and the way to take it over. Pure.

A create can succeed while its answer is lost: the cloud has the resource, the state does not, and the next apply meets
its name. Whether it is ours nobody can tell from here, since somebody else may have taken the name; so it is not taken
over by itself, but the line that does so is given.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.automation.events import StepEventStateMetadata

_EXISTS = re.compile(
    r"already[ _]?exist|exists already|with the same name|not idempotent|AlreadyOwnedByYou", re.IGNORECASE
)
"""How the clouds say that a name is taken; "Creation of service was not idempotent" is Amazon ECS."""

_AZURE_ID = re.compile(r"/subscriptions/[^\s'\"]+")
"""Azure's plug-in names the resource that it found by its id."""

_IDS: Mapping[str, str] = {
    "aws:cloudwatch/logGroup:LogGroup": "{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "{name}",
    "aws:ecr/repository:Repository": "{name}",
    "aws:ecs/cluster:Cluster": "{name}",
    "aws:ecs/service:Service": "{cluster}/{name}",
    "aws:iam/role:Role": "{name}",
    "aws:kms/alias:Alias": "{name}",
    "aws:s3/bucket:Bucket": "{bucket}",
    "gcp:artifactregistry/repository:Repository": "projects/{project}/locations/{location}/repositories/{repositoryId}",
    "gcp:compute/network:Network": "projects/{project}/global/networks/{name}",
    "gcp:compute/subnetwork:Subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "gcp:container/cluster:Cluster": "projects/{project}/locations/{location}/clusters/{name}",
    "gcp:serviceaccount/account:Account": (
        "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"
    ),
}
"""Resource type -> what it is imported by, out of the inputs that it was to be made with ("Import" on the page of each
resource in the Pulumi Registry). What is not here has an id that its cloud draws."""


def is_taken(message: str) -> bool:
    """Whether a create was refused because something of that name is there."""
    return _EXISTS.search(message) is not None


def identifier(resource: StepEventStateMetadata, message: str, provider: Mapping[str, Any]) -> str | None:
    """What the resource that is there is imported by; None where only its cloud can tell.

    :param provider: The inputs of its provider, whose project and region are its own where it names none.
    """
    if found := _AZURE_ID.search(message):
        return found.group().rstrip(".:,")
    inputs = {**provider, **(resource.inputs or {})}
    texts = {key: value for key, value in inputs.items() if isinstance(value, str) and value}
    given = {key: value.rpartition("/")[2] if value.startswith("arn:") else value for key, value in texts.items()}
    try:
        return _IDS[resource.type].format(**given)
    except KeyError:
        return None


def import_line(resource: StepEventStateMetadata, id_: str, stack: str) -> str:
    """The command that writes a resource into the state as what the program declares under this name."""
    name = resource.urn.rpartition("::")[2]
    command = ["pulumi", "import", resource.type, name, id_, "--stack", stack, "--protect=false"]
    if resource.parent and not resource.parent.endswith(f"::{_stack_name(resource.parent)}"):
        command += ["--parent", f"parent={resource.parent}"]
    provider = _provider(resource)
    if provider and not provider.rpartition("::")[2].startswith("default"):
        command += ["--provider", f"provider={provider}"]
    return shlex.join([*command, "--generate-code=false", "--yes"])


def ways_out(
    failed: Sequence[tuple[StepEventStateMetadata, str]], stored: Sequence[Mapping[str, Any]], stack: str
) -> tuple[str, ...]:
    """A line for each resource whose create met another of its name.

    :param failed: What was to be made, and what was said.
    :param stored: The resources of the state: among them the providers.
    """
    inputs = {one["urn"]: one.get("inputs") or {} for one in stored}
    return tuple(
        _way_out(resource, message, inputs.get(_provider(resource), {}), stack)
        for resource, message in failed
        if is_taken(message)
    )


def _provider(resource: StepEventStateMetadata) -> str:
    return (resource.provider or "").rpartition("::")[0]


def _way_out(resource: StepEventStateMetadata, message: str, provider: Mapping[str, Any], stack: str) -> str:
    id_ = identifier(resource, message, provider)
    what = f"{resource.urn.rpartition('::')[2]} ({resource.type}) exists already, and the state does not know it."
    cause = "If an earlier apply made it and the answer was lost,"
    line = import_line(resource, id_ or "ID", stack)
    how = f"take it over with `{line}`" if id_ else f"look up its ID at the cloud and take it over with `{line}`"
    return f"{what} {cause} {how}, then apply again; if it is somebody else's, remove it, or use another name."


def _stack_name(urn: str) -> str:
    """The name of the stack's own resource, which is every URN's outermost parent: ``<project>-<stack>``."""
    stack, project = urn.split("::")[:2]
    return f"{project}-{stack.rpartition(':')[2]}"
