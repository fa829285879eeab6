"""The flat program's floor on any platform: the resources of a plan, registered one by one with plain values.

``PLAN`` is what `pulumi preview --json` said of the real program. No component, no typed class, nothing worked out: no
program that declares the same can do less.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pulumi

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How a value that is not known yet looks in the plan; as plain text here, which costs no more."""


class Resource(pulumi.CustomResource):
    """Any resource."""

    def __init__(self, type_: str, name: str, properties: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        super().__init__(type_, name, properties, options)


def main() -> None:
    """Register everything, providers first: the others name them."""
    providers: dict[str, pulumi.ProviderResource] = {}
    for one in json.loads(Path(os.environ["PLAN"]).read_text(encoding="utf-8")):
        type_, name, inputs = one["type"], one["name"], one["inputs"]
        if type_.startswith("pulumi:providers:"):
            inputs = {key: value for key, value in inputs.items() if not key.startswith("__")}
            providers[one["urn"]] = pulumi.ProviderResource(type_.rpartition(":")[2], name, inputs)
        else:
            Resource(type_, name, inputs, pulumi.ResourceOptions(provider=providers.get(one["provider"])))


main()
