"""What is handed to pulumi-aws has the shape of its own types: no unknown key, no missing one, at any depth.

The SDK checks the names of a resource's arguments, but nothing of what stands inside them; a misspelt key would only
be found by the provider, at the first preview.
"""

from __future__ import annotations

import importlib
import re
import sys
import typing
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from tests.components.aws.worlds import EXISTING_VPC, declared, full, web

NAMED = {"zone": "Z0123456789ABCDEFGHIJ", "certificate": None, "waf": "managed"}
"""Names in DNS and a certificate."""


def snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def hints_of(thing: Any) -> dict[str, Any]:
    """The types of a function's or a dictionary's parts; ``pulumi.Input`` speaks of ``Output`` without its module."""
    return typing.get_type_hints(thing, {**vars(sys.modules[thing.__module__]), "Output": pulumi.Output, "T": Any})


def dictionaries(annotation: Any) -> list[Any]:
    """The typed dictionaries in a type."""
    if typing.is_typeddict(annotation):
        return [annotation]
    return [found for part in typing.get_args(annotation) for found in dictionaries(part)]


def faults(value: Any, annotation: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from faults(one, annotation, f"{path}[{index}]")
    elif isinstance(value, dict) and (kinds := dictionaries(annotation)):
        hints = hints_of(kinds[0])
        given = {snake(key): inner for key, inner in value.items()}
        for key in sorted(set(given) - set(hints)):
            yield f"{path}: {key} is unknown"
        for key in sorted(kinds[0].__required_keys__ - set(given)):
            yield f"{path}: {key} is missing"
        for key in sorted(set(given) & set(hints)):
            yield from faults(given[key], hints[key], f"{path}.{key}")


def sdk_class(type_: str) -> Any:
    """The class of ``aws:ecs/service:Service``."""
    _, place, name = type_.split(":")
    return getattr(importlib.import_module(f"pulumi_aws.{place.partition('/')[0]}"), name)


@pytest.mark.parametrize(
    "recording", [declared(full()), web(aws={"vpc": EXISTING_VPC, "spot": 50}, stack="dev"), web(aws=NAMED)]
)
def test_every_argument_has_the_sdk_s_shape(recording: Any) -> None:
    found, judged = [], 0
    for one in recording.resources:
        if not one.type.startswith("aws:"):
            continue
        hints = hints_of(sdk_class(one.type)._internal_init)
        for key, value in one.inputs.items():
            judged += isinstance(value, dict | list)
            found += list(faults(value, hints[snake(key)], f"{one.name}.{snake(key)}"))
    assert judged > 10
    assert found == []


def test_faults_are_found() -> None:
    hints = hints_of(sdk_class("aws:ecs/service:Service")._internal_init)
    network = hints["network_configuration"]
    assert list(faults({"subnets": [], "asignPublicIp": False}, network, "n")) == ["n: asign_public_ip is unknown"]
    assert list(faults({}, network, "n")) == ["n: subnets is missing"]
    connect = {"enabled": True, "services": [{"portNam": "x"}]}
    assert list(faults(connect, hints["service_connect_configuration"], "c")) == [
        "c.services[0]: port_nam is unknown",
        "c.services[0]: port_name is missing",
    ]
