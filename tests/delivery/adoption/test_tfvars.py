"""``caas export tfvars``: names and types that Terraform takes, values that a stack has, and nothing secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import platform
from components.spec import Environment
from delivery import named_file
from delivery.adoption import tfvars
from delivery.adoption.variables import SERVICE, SERVICES, UNTOLD, VARIABLES, declarations
from delivery.errors import DeliveryError
from delivery.exit_codes import Exit
from tests.components import worlds as kubernetes
from tests.components.aws import inventory as aws
from tests.components.azure import inventory as azure
from tests.components.gcp import inventory as gcp
from tests.components.recorder import record

DIGEST = "registry.test/web@sha256:" + "a" * 64
OUTPUTS: dict[str, Any] = {
    "environment": "prod",
    "platform": "aws-ecs",
    "services": {
        "web-shop": {"image": DIGEST, "url": "https://shop.example.com/", "port": 8080.0, "taskDefinition": "arn:t:3"},
        "jobs": {"image": DIGEST, "url": None, "port": 9090.0, "unheardOf": "x"},
    },
    "aws": {"region": "eu-central-1", "account": "123456789012", "cluster": "arn:c", "loadBalancer": None},
}
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:hidden-word"}


def resource(type_: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": type_, "urn": f"urn:pulumi:prod::shop::caas:x:Y${type_}::{name}", **fields}


def said(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The stack itself, as its state holds it."""
    return resource("pulumi:pulumi:Stack", "shop-prod", outputs=outputs)


RESOURCES = [
    resource("aws:ec2/vpc:Vpc", "network-vpc", id="vpc-1"),
    resource("aws:iam/role:Role", "web-role", id="web", outputs={"arn": "arn:r"}),
    resource("aws:iam/role:Role", "old-role", id="old", outputs={"arn": "arn:old"}, delete=True),
    resource("aws:cloudwatch/logGroup:LogGroup", "web-log-group", id="x", outputs={"name": SECRET}),
]


def test_a_stack_s_values() -> None:
    found = tfvars.values([said(OUTPUTS), *RESOURCES])
    assert found.known == {
        "caas_environment": "prod",
        "caas_platform": "aws-ecs",
        "caas_account": "123456789012",
        "caas_region": "eu-central-1",
        "caas_cluster": "arn:c",
        "caas_networks": {"network-vpc": "vpc-1"},
        "caas_identities": {"web-role": "arn:r"},
        "caas_services": {
            "web-shop": {
                "image": DIGEST,
                "url": "https://shop.example.com/",
                "port": 8080,
                "task_definition": "arn:t:3",
            },
            "jobs": {"image": DIGEST, "port": 9090},
        },
    }
    assert found.secret == ("caas_log_groups.web-log-group",)
    assert json.loads(found.text()) == found.known
    assert "hidden-word" not in found.text()


@pytest.mark.parametrize("hidden", ["services.jobs.url", "services.jobs", "services", "aws"])
def test_a_secret_output_is_left_out_and_named(hidden: str) -> None:
    outputs = json.loads(json.dumps(OUTPUTS))
    *above, last = hidden.split(".")
    place = outputs
    for key in above:
        place = place[key]
    place[last] = SECRET
    found = tfvars.values([said(outputs)])
    assert "hidden-word" not in found.text()
    named = {
        "services.jobs.url": "caas_services.jobs.url",
        "services.jobs": "caas_services.jobs",
        "services": "caas_services",
        "aws": "caas_account",
    }[hidden]
    assert named in found.secret


@pytest.mark.parametrize("state", [[], [{"type": "pulumi:pulumi:Stack"}]], ids=["empty", "stopped"])
def test_a_stack_that_was_never_applied(state: list[dict[str, Any]]) -> None:
    with pytest.raises(DeliveryError, match="nothing was ever applied to it") as caught:
        tfvars.values(state)
    assert caught.value.code is Exit.NOT_PROVEN


def test_names_are_terraform_s_and_nobody_else_s() -> None:
    names = [one.name for one in VARIABLES]
    assert len(set(names)) == len(names)
    for name in (*names, *(attribute for attribute, _ in SERVICE.values())):
        # Terraform: letters, digits, underscores and hyphens, not a digit first; the language's style has no hyphen.
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    # Names that Terraform keeps for itself in a module block all lack the prefix.
    assert all(name.startswith("caas_") for name in names)


TYPE = re.compile(r"string|number|bool|map\((?P<of>.*)\)|object\(\{ (?P<fields>.*) \}\)")


def wrong(constraint: str, value: Any, place: str) -> Iterator[str]:
    """What Terraform would find wrong with a value, by its rules for type constraints."""
    match = TYPE.fullmatch(constraint)
    assert match, f"{constraint} is no type constraint of Terraform"
    if match["of"]:
        if not isinstance(value, Mapping):
            yield f"{place} is no map"
            return
        for key, each in value.items():
            yield from wrong(match["of"], each, f"{place}.{key}")
    elif match["fields"]:
        fields = dict(re.findall(r"(\w+) = optional\((\w+)\)", match["fields"]))
        assert len(fields) == match["fields"].count("=")
        for key, each in value.items():
            if key not in fields:
                yield f"{place}.{key} is not declared, and would be dropped"
            else:
                yield from wrong(fields[key], each, f"{place}.{key}")
    elif not isinstance(value, {"string": str, "number": int, "bool": bool}[constraint]):
        yield f"{place} is no {constraint}: {value!r}"


def misfits(known: Mapping[str, Any]) -> list[str]:
    types = {one.name: one.type for one in VARIABLES}
    return [text for name, value in known.items() for text in wrong(types[name], value, name)]


def test_a_value_of_another_type_would_be_found() -> None:
    bad = {"caas_region": 3, "caas_services": {"web": {"port": "80", "portt": 1}}, "caas_networks": "vpc-1"}
    assert misfits(bad) == [
        "caas_region is no string: 3",
        "caas_services.web.port is no number: '80'",
        "caas_services.web.portt is not declared, and would be dropped",
        "caas_networks is no map",
    ]


def outputs_of(environment: Environment) -> dict[str, Any]:
    """What the program exports there, as the engine would store it."""
    found: dict[str, Any] = {}

    def program() -> None:
        secrets = {key: pulumi.Output.secret("hidden-word") for key in environment.secret_keys}
        exported = pulumi.Output.from_input(platform.declare(environment, secrets))
        pulumi.Output.unsecret(exported).apply(found.update)

    record(program, stack_name=environment.stack)
    return found


@pytest.mark.parametrize(
    "environment",
    [kubernetes.environment(), aws.stack("prod"), gcp.stack("prod"), azure.stack("prod")],
    ids=lambda one: one.platform,
)
def test_every_output_of_every_platform_is_told(environment: Environment) -> None:
    outputs = outputs_of(environment)
    told = {path for one in VARIABLES for path in one.outputs}
    paths = {
        f"{name}.{key}" if name in ("aws", "gke", "azure", "kubernetes") else name
        for name, value in outputs.items()
        for key in (value if isinstance(value, dict) else {"": ""})
    }
    assert sorted(paths - told - UNTOLD.keys()) == [], "give it a variable, or say in UNTOLD why it has none"
    assert sorted({key for each in outputs["services"].values() for key in each} - SERVICE.keys()) == []
    assert misfits(tfvars.values([said(outputs)]).known) == []
    assert set(tfvars.values([said(outputs)]).known) >= {"caas_environment", "caas_platform", SERVICES}


def test_declarations() -> None:
    text = declarations()
    assert re.findall(r'^variable "(\w+)" \{$', text, re.MULTILINE) == [one.name for one in VARIABLES]
    assert text.count("{") == text.count("}")
    assert text.count("  default     = ") == len(VARIABLES), "a stack of another platform has no value for it"
    assert (
        "  type        = map(object({ image = optional(string), url = optional(string), port = optional(number)" in text
    )


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"none/x\.json cannot be written: No such file or directory\.") as caught:
        named_file.write(tmp_path / "none/x.json", "{}")
    assert caught.value.code is Exit.BAD_INPUT
