"""The reference of every configuration key, generated from the models: key, meaning, unit, default, limit.

`python -m components.spec.reference` writes it; a test holds that it agrees with the models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from components.spec import fields
from components.spec.checks_names import PLATFORM_NAMES
from components.spec.environment import Settings
from components.spec.errors import NAMESPACE
from components.spec.fields import Shape
from components.spec.pages import Page, head, table, write_all
from components.spec.service import Service

_MODULE = "components.spec.reference"

_INTRODUCTION = """
A key that is not listed here is refused. Numbers are plain numbers in the unit named; text that looks like a
number needs quotes. `<name>` stands for a name of your choice, `[]` for each entry of a list.
"""


def rendered() -> str:
    """The page's text."""
    parts = [head("Configuration", _MODULE) + _INTRODUCTION]
    parts += ["## Services: `Pulumi.yaml`\n", f"Below `config: {NAMESPACE}:services: value:`, one entry per service.\n"]
    parts += [_table(f"{NAMESPACE}:services.<name>", Service)]
    parts += ["## Environments: `Pulumi.<stack>.yaml`\n", "The whole list of what may differ.\n"]
    parts += [_table(f"{NAMESPACE}:", Settings)]
    parts += [
        f"`{NAMESPACE}:secrets` holds encrypted values, one per key: "
        f"`pulumi config set --secret --path '{NAMESPACE}:secrets.KEY'`.\n"
    ]
    parts += ["## Reserved environment variables\n"]
    parts += [table(("name", "why"), ((f"`{name}`", why) for name, why in PLATFORM_NAMES.items()))]
    return "\n".join(parts)


def _table(prefix: str, model: type[BaseModel]) -> str:
    return table(
        ("key", "meaning", "unit", "default", "limit"), (_row(key, shape) for key, shape in _rows(prefix, model))
    )


def _rows(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, Shape]]:
    for key, shape in fields.children(model).items():
        if model is Service and key == "name":
            continue
        place = f"{prefix}{key}" if prefix.endswith(":") else f"{prefix}.{key}"
        yield place, shape
        inner, entry = shape.model, fields.element(shape)
        if inner is None and entry is not None and entry.model is not None:
            inner = entry.model
            place += "[]" if get_origin(shape.annotation) is tuple else ".<name>"
        if inner is not None:
            yield from _rows(place, inner)


def _row(key: str, shape: Shape) -> tuple[str, ...]:
    default = "required" if shape.required else _default(shape.default)
    return f"`{key}`", shape.description or "", shape.unit or "", default, _limit(shape)


def _default(value: Any) -> str:
    if value is None or value == () or value == {} or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value)}`"


def _limit(shape: Shape) -> str:
    low, high = shape.bounds
    if get_origin(shape.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(shape.annotation))
    if low is None:
        return ""
    return f"{low} to {high}" if high is not None else f"at least {low}"


PAGE = Page("configuration.md", _MODULE, rendered)

if __name__ == "__main__":
    write_all((PAGE,))
