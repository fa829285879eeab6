"""The JSON Schemas of Pulumi.yaml's services and of Pulumi.<stack>.yaml, generated from the models.

An editor completes and checks the files with them. `python -m components.spec.schema` writes them; a test
holds that they agree with the models.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from components.spec.base import DNS_LABEL, KEY_OF_SECRET, Frozen
from components.spec.environment import Settings
from components.spec.errors import NAMESPACE
from components.spec.pages import Page, write_all
from components.spec.service import Service

PROJECT_SCHEMA = "Pulumi.schema.json"
STACK_SCHEMA = "Pulumi.stack.schema.json"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, dict[str, Any]]:
    """File name -> schema: for the project's file and for a stack's file."""
    return {PROJECT_SCHEMA: _project(), STACK_SCHEMA: _stack()}


def rendered(name: str) -> str:
    """A schema as it stands on disk."""
    return json.dumps(json_schema()[name], indent=2) + "\n"


PAGES = tuple(Page(name, "components.spec.schema", partial(rendered, name)) for name in (PROJECT_SCHEMA, STACK_SCHEMA))


def _project() -> dict[str, Any]:
    service, definitions = _parts(Service)
    # The name is the key that the service stands under.
    del service["properties"]["name"]
    service["required"].remove("name")
    services = {
        "type": "object",
        "description": "The services, stated once for all environments.",
        "patternProperties": {DNS_LABEL: {"$ref": "#/$defs/Service"}},
        "additionalProperties": False,
        "minProperties": 1,
    }
    entry = {"anyOf": [_only("value", services), _only("default", services)]}
    config = {"type": "object", "properties": {f"{NAMESPACE}:services": entry}}
    return {
        "$schema": _DIALECT,
        "title": "Pulumi.yaml of this project",
        "type": "object",
        "required": ["name", "runtime"],
        "properties": {
            "name": {"type": "string", "pattern": DNS_LABEL, "maxLength": 40},
            "config": config,
        },
        "$defs": {"Service": service, **definitions},
    }


def _stack() -> dict[str, Any]:
    settings, definitions = _parts(Settings)
    properties = {f"{NAMESPACE}:{key}": value for key, value in settings["properties"].items()}
    secure = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
    properties[f"{NAMESPACE}:secrets"] = {
        "type": "object",
        "description": f"Secrets: set each with `pulumi config set --secret --path '{NAMESPACE}:secrets.KEY'`.",
        "patternProperties": {KEY_OF_SECRET: {**secure, "additionalProperties": False}},
        "additionalProperties": False,
    }
    config = {
        "type": "object",
        "properties": properties,
        "required": [f"{NAMESPACE}:{key}" for key in settings["required"]],
        # Other namespaces are the engine's and the providers'; in this one nothing else may stand.
        "patternProperties": {f"^{NAMESPACE}:(?!({'|'.join([*settings['properties'], 'secrets'])})$)": False},
    }
    return {
        "$schema": _DIALECT,
        "title": "Pulumi.<stack>.yaml: what may differ from one environment to the next",
        "type": "object",
        "required": ["config"],
        "properties": {"config": config},
        "$defs": definitions,
    }


def _only(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {key: schema}, "required": [key]}


def _parts(model: type[Frozen]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A model's schema, and those of its parts."""
    schema = model.model_json_schema(by_alias=True)
    return schema, schema.pop("$defs", {})


if __name__ == "__main__":
    write_all(PAGES)
