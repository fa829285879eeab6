"""What another tool has made: resources that a simulated cloud has, no stack knows, and a Terraform state names."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delivery.adoption.kinds import KINDS
from tests.projects import Project

TYPES = {kind.token: name for name, kind in reversed(list(KINDS.items()))}
"""Pulumi's type -> Terraform's."""


def forgotten(project: Project) -> list[dict[str, Any]]:
    """Throw the stack away, as if another tool had made what it names; answers what it named."""
    resources: list[dict[str, Any]] = project.state()["resources"]
    state = Path(project.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    shutil.rmtree(state)
    state.mkdir()
    return resources


def terraform_state(resources: list[dict[str, Any]], file: Path, *, module: str = "") -> list[str]:
    """Write the state that Terraform would have of them; the addresses."""
    found = []
    for one in resources:
        if one["type"] in TYPES:
            name = one["urn"].rpartition("::")[2].replace("-", "_")
            attributes = {**snake(one["outputs"]), "id": one["id"]}
            if TYPES[one["type"]] == "aws_cloudwatch_metric_alarm":
                attributes["alarm_name"] = attributes.pop("name")
            found.append(
                {
                    **({"module": module} if module else {}),
                    "mode": "managed",
                    "type": TYPES[one["type"]],
                    "name": name,
                    "instances": [{"attributes": attributes}],
                }
            )
    elsewhere = {"mode": "managed", "type": "aws_route53_record", "name": "www", "instances": [{"attributes": {}}]}
    file.write_text(json.dumps({"version": 4, "terraform_version": "1.11.0", "resources": [*found, elsewhere]}))
    above = f"{module}." if module else ""
    return [f"{above}{one['type']}.{one['name']}" for one in found]


def snake(values: Mapping[str, Any]) -> dict[str, Any]:
    """Names as Terraform has them."""
    return {re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", key): values[key] for key in values}
