"""What a program declares on Kubernetes, as the manifests that other people's tools read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from components import platform
from components.spec import Environment
from tests.components.recorder import Declared, Recording, record

PREFIX = "kubernetes:"


def recording(environment: Environment) -> Recording:
    """Everything that an environment declares."""

    def program() -> dict[str, Any]:
        values = {key: pulumi.Output.secret(f"value of {key}") for key in environment.secret_keys}
        return platform.declare(environment, values)

    return record(program, stack_name=environment.stack)


def manifests(found: Recording) -> list[dict[str, Any]]:
    """The objects of Kubernetes in the order in which they are declared, without what only Pulumi reads."""
    return list(_objects(found.resources))


def _objects(resources: list[Declared]) -> Iterator[dict[str, Any]]:
    for one in resources:
        if not one.type.startswith(PREFIX) or "apiVersion" not in one.inputs:
            continue
        body = dict(one.inputs)
        metadata = dict(body.get("metadata") or {})
        annotations = {
            key: value
            for key, value in (metadata.get("annotations") or {}).items()
            if not key.startswith("pulumi.com/")
        }
        metadata["annotations"] = annotations
        yield {**body, "metadata": {key: value for key, value in metadata.items() if value}}
