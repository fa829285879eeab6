"""What is declared, as values: typed, frozen, validated as a whole before the first resource.

This package imports no Pulumi. `load_environment` turns plain configuration into an `Environment` or raises
`SpecError` with every problem; `read_files` reads the configuration from disk, without an engine. Whatever
declares resources takes these values and belongs elsewhere.
"""

from __future__ import annotations

from typing import Any

from components.spec.aws import Aws
from components.spec.environment import Environment, Kubernetes, Registry, Settings, Tier
from components.spec.errors import NAMESPACE, Problem, Shown, SpecError
from components.spec.files import Source, read_files, read_project
from components.spec.load import load_environment
from components.spec.service import Service


def json_schema() -> dict[str, dict[str, Any]]:
    """File name -> JSON Schema, for editors: see ``schema.py``, which also writes them."""
    # Imported late: a program that declares resources has no use for the schemas.
    from components.spec import schema

    return schema.json_schema()


__all__ = [
    "NAMESPACE",
    "Aws",
    "Environment",
    "Kubernetes",
    "Problem",
    "Registry",
    "Service",
    "Settings",
    "Shown",
    "Source",
    "SpecError",
    "Tier",
    "json_schema",
    "load_environment",
    "read_files",
    "read_project",
]
