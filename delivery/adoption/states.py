"""Reads what Terraform has made: the output of ``terraform show -json``, or the state itself.

Attributes may hold secrets. They are compared and never shown, but for what a resource is called.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delivery.errors import DeliveryError
from delivery.exit_codes import Exit

FORMAT = 4
"""The format of a state that is understood; Terraform and OpenTofu write no other since 2019."""


@dataclass(frozen=True)
class Made:
    """One resource that Terraform has in its state."""

    address: str
    """``module.shop.aws_ecs_service.web["eu"]``."""
    type: str
    attributes: Mapping[str, Any] = field(repr=False)


def read(path: Path) -> tuple[Made, ...]:
    """Every managed resource, in the file's order. DeliveryError where the file is none of the two."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refused(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise _refused(f"{path} is no JSON.") from error
    if not isinstance(content, dict):
        raise _refused(f"{path} is no state of Terraform.")
    if "planned_values" in content:
        raise _refused(f"{path} is a plan: what it would make does not exist yet.")
    try:
        if "format_version" in content:
            return tuple(_shown((content.get("values") or {}).get("root_module") or {}))
        if content.get("version") == FORMAT:
            return tuple(_stored(content["resources"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise _refused(f"{path} is a state that has been changed by hand ({type(error).__name__}: {error}).") from error
    raise _refused(f"{path} is no state of Terraform of format {FORMAT}.")


def _refused(message: str) -> DeliveryError:
    return DeliveryError(message, Exit.BAD_INPUT, remedy="`terraform show -json > FILE` writes one that is understood.")


def _shown(module: Mapping[str, Any]) -> Iterator[Made]:
    for one in module.get("resources") or ():
        if one["mode"] == "managed" and "deposed_key" not in one:
            yield Made(one["address"], one["type"], one.get("values") or {})
    for child in module.get("child_modules") or ():
        yield from _shown(child)


def _stored(resources: list[Mapping[str, Any]]) -> Iterator[Made]:
    for one in resources:
        if one["mode"] != "managed":
            continue
        above = f"{one['module']}." if one.get("module") else ""
        for instance in one["instances"]:
            if "deposed" not in instance:
                key = f"[{json.dumps(instance['index_key'])}]" if instance.get("index_key") is not None else ""
                address = f"{above}{one['type']}.{one['name']}{key}"
                yield Made(address, one["type"], instance.get("attributes") or {})
