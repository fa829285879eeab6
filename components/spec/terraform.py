"""A network's ids from the outputs of a Terraform state, put where a person would have written them.

Reads a local file by itself. A state that is kept elsewhere is read by whom the loader is given
(``components/terraform.py`` in the program); where it is given nobody, the network stays named by its state, so that a
description is validated with no credentials.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from components.spec.aws import ExistingNetwork
from components.spec.azure import AzureNetwork
from components.spec.environment import Settings
from components.spec.errors import Finding, Shown
from components.spec.gcp import GcpNetwork
from components.spec.terraform_state import Backend, LocalState, TerraformState

FORMAT = 4
"""Format of the state that Terraform (0.12 and later) and OpenTofu write."""

BACKENDS = ("state", "s3", "gcs", "azurerm", "http", "hcp")


@dataclass(frozen=True)
class Outputs:
    """What a state says of the outputs that were asked for, and what others are called. Their values stay behind."""

    names: frozenset[str]
    values: Mapping[str, Any] = field(repr=False)
    sensitive: frozenset[str] = frozenset()

    @classmethod
    def of(cls, outputs: Mapping[str, Any], wanted: frozenset[str]) -> Outputs:
        """From a state's own outputs, each a mapping with a value, and whether it is sensitive."""
        marked = {name for name, one in outputs.items() if isinstance(one, Mapping) and one.get("sensitive")}
        values = {
            name: one["value"]
            for name, one in outputs.items()
            if name in wanted and name not in marked and isinstance(one, Mapping) and "value" in one
        }
        return cls(frozenset(outputs), values, frozenset(marked))


class Unreadable(Exception):
    """A state that cannot be read: what would have to be there, and the way out."""

    def __init__(self, limit: str, remedy: str) -> None:
        self.limit, self.remedy = limit, remedy
        super().__init__(limit)


Reader = Callable[[Backend, frozenset[str]], Outputs]
"""Reads the outputs of these names from a state that is not a local file. Raises `Unreadable`."""


def parsed(text: str, wanted: frozenset[str]) -> Outputs:
    """The outputs of these names in a state's text. Raises `Unreadable`."""
    try:
        document = json.loads(text)
    except ValueError:
        raise Unreadable("a Terraform state: JSON", "name the state that Terraform writes, terraform.tfstate") from None
    if not isinstance(document, Mapping) or document.get("version") != FORMAT:
        remedy = "write it anew with a present Terraform or OpenTofu"
        raise Unreadable(f"a Terraform state of format {FORMAT}", remedy)
    outputs = document.get("outputs")
    return Outputs.of(outputs if isinstance(outputs, Mapping) else {}, wanted)


def resolved(settings: Settings, directory: Path | None, reader: Reader | None) -> tuple[Settings, list[Finding]]:
    """The settings with the network's ids read from its state, and what is wrong there. Settings that name none, or
    another way to the network beside it, come back as they are."""
    findings: list[Finding] = []
    for read in (_aws, _gcp, _azure):
        settings, wrong = read(settings, _Source(directory or Path(), reader))
        findings += wrong
    return settings, findings


@dataclass(frozen=True)
class _Source:
    directory: Path
    reader: Reader | None

    def outputs(self, backend: Backend, wanted: frozenset[str]) -> Outputs | None:
        """None where nobody is there who reads this one."""
        if not isinstance(backend, LocalState):
            return None if self.reader is None else self.reader(backend, wanted)
        try:
            text = (self.directory / backend.path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            limit = "a file that can be read, relative to the directory of Pulumi.yaml"
            raise Unreadable(limit, "write the path of a terraform.tfstate") from None
        return parsed(text, wanted)


@dataclass(frozen=True)
class _Wanted:
    """One value of a network: what it is called in the settings, what its output is called, and what it must be."""

    place: tuple[str, ...]
    model: type[BaseModel]
    field: str
    output: str
    kind: str

    def fault(self, found: Outputs, where: str) -> Finding | None:
        if self.output in found.sensitive:
            limit = "an output that is not sensitive: what it holds becomes part of Pulumi's state, readable"
            return Finding(
                self.place, self.output, limit, "remove sensitive from the output and apply, or name another"
            )
        if found.values.get(self.output) is None:
            limit = f"the name of an output of {where}; there {_there(found)}"
            return Finding(self.place, self.output, limit, "name one of them, or add the output and apply")
        if not self._fits(found.values[self.output]):
            limit = f"an output that holds {self.kind}"
            return Finding(self.place, self.output, limit, "name another output, or correct its value")
        return None

    def _fits(self, value: Any) -> bool:
        """Whether a value is what the same key of the configuration would take."""
        try:
            self.model.model_validate_json(json.dumps({self.field: value}), by_name=True)
        except ValidationError as error:
            keys = {self.field, self.model.model_fields[self.field].alias}
            return not any(detail["loc"][:1] and detail["loc"][0] in keys for detail in error.errors())
        return True


def _read(
    spec: TerraformState, place: tuple[str, ...], wanted: list[_Wanted], source: _Source
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The values by their fields; None where they are not known, with what is wrong."""
    backends = dict(spec.backends())
    if len(backends) != 1:
        known = f"exactly one of {', '.join(BACKENDS[:-1])} and {BACKENDS[-1]}"
        there = f"there are {' and '.join(backends)}" if backends else "there is none"
        remedy = f"keep one of {' and '.join(backends)}" if backends else "say where the state is kept"
        return None, [Finding(place, Shown.HIDDEN, f"{known}; {there}", remedy)]
    ((key, backend),) = backends.items()
    try:
        found = source.outputs(backend, frozenset(one.output for one in wanted))
    except Unreadable as error:
        value = backend.path if isinstance(backend, LocalState) else Shown.HIDDEN
        return None, [Finding((*place, key), value, error.limit, error.remedy)]
    if found is None:
        return None, []
    where = backend.path if isinstance(backend, LocalState) else f"the state in {key}"
    faults = [fault for one in wanted if (fault := one.fault(found, where)) is not None]
    if faults:
        return None, faults
    values = {one.field: found.values[one.output] for one in wanted}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}, []


def _there(found: Outputs) -> str:
    return f"are {', '.join(sorted(found.names))}" if found.names else "are none"


def _aws(settings: Settings, source: _Source) -> tuple[Settings, list[Finding]]:
    vpc = settings.aws.vpc if settings.aws is not None else None
    if settings.aws is None or vpc is None or vpc.terraform is None or vpc.id is not None or vpc.tags:
        return settings, []
    place, spec = ("aws", "vpc", "terraform"), vpc.terraform
    subnets = "a list of subnet ids"
    wanted = [
        _Wanted((*place, "vpc"), ExistingNetwork, "id", spec.vpc, "the id of a VPC"),
        _Wanted((*place, "privateSubnets"), ExistingNetwork, "private_subnets", spec.private_subnets, subnets),
        _Wanted((*place, "publicSubnets"), ExistingNetwork, "public_subnets", spec.public_subnets, subnets),
    ]
    found, faults = _read(spec, place, wanted, source)
    if found is None:
        return settings, faults
    network = vpc.model_copy(update={**found, "terraform": None})
    return settings.model_copy(update={"aws": settings.aws.model_copy(update={"vpc": network})}), []


def _gcp(settings: Settings, source: _Source) -> tuple[Settings, list[Finding]]:
    gcp = settings.gcp
    if gcp is None or gcp.terraform is None or gcp.network is not None:
        return settings, []
    place, spec = ("gcp", "terraform"), gcp.terraform
    wanted = [
        _Wanted((*place, "name"), GcpNetwork, "name", spec.name, "the name of a network"),
        _Wanted((*place, "subnetwork"), GcpNetwork, "subnetwork", spec.subnetwork, "the name of a subnetwork"),
        _Wanted((*place, "pods"), GcpNetwork, "pods", spec.pods, "the name of a secondary range"),
        _Wanted((*place, "services"), GcpNetwork, "services", spec.services, "the name of a secondary range"),
    ]
    found, faults = _read(spec, place, wanted, source)
    if found is None:
        return settings, faults
    network = GcpNetwork.model_validate_json(json.dumps(found), by_name=True)
    made = gcp.model_copy(update={"network": network, "terraform": None})
    return settings.model_copy(update={"gcp": made}), []


def _azure(settings: Settings, source: _Source) -> tuple[Settings, list[Finding]]:
    azure = settings.azure
    if azure is None or azure.terraform is None or azure.network is not None:
        return settings, []
    place, spec = ("azure", "terraform"), azure.terraform
    outputs: Iterator[tuple[str, str]] = (
        (name, output) for name in ("containers", "front", "gateway") if (output := getattr(spec, name)) is not None
    )
    wanted = [_Wanted((*place, name), AzureNetwork, name, output, "the id of a subnet") for name, output in outputs]
    found, faults = _read(spec, place, wanted, source)
    if found is None:
        return settings, faults
    network = AzureNetwork.model_validate_json(json.dumps(found), by_name=True)
    made = azure.model_copy(update={"network": network, "terraform": None})
    return settings.model_copy(update={"azure": made}), []
