"""A network's ids from the outputs of a Terraform state, put where a person would have written them.

Reads one local file and nothing else. A state in a remote backend is not read here: write its ids, or find the
network by its tags.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from components.spec.aws import ExistingNetwork, TerraformNetwork
from components.spec.environment import Settings
from components.spec.errors import Finding

FORMAT = 4
"""Format of the state that Terraform (0.12 and later) and OpenTofu write."""

PLACE = ("aws", "vpc", "terraform")


def resolved(settings: Settings, directory: Path | None) -> tuple[Settings, list[Finding]]:
    """The settings with the network's ids read from its state, and what is wrong there. Settings that name none, or
    another way to the network beside it, come back as they are."""
    vpc = settings.aws.vpc if settings.aws is not None else None
    if settings.aws is None or vpc is None or vpc.terraform is None or vpc.id is not None or vpc.tags:
        return settings, []
    outputs, wrong = _outputs(vpc.terraform, directory or Path())
    if wrong is not None:
        return settings, [wrong]
    network, findings = _network(vpc, vpc.terraform, outputs)
    if network is None:
        return settings, findings
    return settings.model_copy(update={"aws": settings.aws.model_copy(update={"vpc": network})}), []


def _outputs(spec: TerraformNetwork, directory: Path) -> tuple[Mapping[str, Any], Finding | None]:
    path = (*PLACE, "state")
    try:
        document = json.loads((directory / spec.state).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        limit = "a file that can be read, relative to the directory of Pulumi.yaml"
        return {}, Finding(path, spec.state, limit, "write the path of a terraform.tfstate")
    except ValueError:
        return {}, Finding(path, spec.state, "a Terraform state: JSON", "write the path of a terraform.tfstate")
    if not isinstance(document, Mapping) or document.get("version") != FORMAT:
        limit = f"a Terraform state of format {FORMAT}"
        return {}, Finding(path, spec.state, limit, "write it anew with a present Terraform or OpenTofu")
    outputs = document.get("outputs")
    return (outputs if isinstance(outputs, Mapping) else {}), None


def _network(
    vpc: ExistingNetwork, spec: TerraformNetwork, outputs: Mapping[str, Any]
) -> tuple[ExistingNetwork | None, list[Finding]]:
    """The network by id; None with what is wrong otherwise."""
    found: dict[str, Any] = {}
    findings = []
    for key, field, many in (
        ("vpc", "id", False),
        ("privateSubnets", "private_subnets", True),
        ("publicSubnets", "public_subnets", True),
    ):
        name = getattr(spec, "vpc" if field == "id" else field)
        value = _value(outputs, name)
        if value is None:
            limit = f"the name of an output of {spec.state}; there {_there(outputs)}"
            findings.append(Finding((*PLACE, key), name, limit, "name one of them, or add the output and apply"))
        elif not _fits(field, value):
            kind = "a list of subnet ids" if many else "the id of a VPC"
            limit = f"an output that holds {kind}"
            findings.append(Finding((*PLACE, key), name, limit, "name another output, or correct its value"))
        else:
            found[field] = tuple(value) if many else value
    if findings:
        return None, findings
    return vpc.model_copy(update={**found, "terraform": None}), []


def _value(outputs: Mapping[str, Any], name: str) -> Any:
    output = outputs.get(name)
    return output.get("value") if isinstance(output, Mapping) else None


def _there(outputs: Mapping[str, Any]) -> str:
    return f"are {', '.join(sorted(outputs))}" if outputs else "are none"


def _fits(field: str, value: Any) -> bool:
    """Whether a value is what the same key of the configuration would take."""
    try:
        ExistingNetwork.model_validate_json(json.dumps({field: value}), by_name=True)
    except ValidationError:
        return False
    return True
