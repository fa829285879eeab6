"""What a program declares, without the engine, as the rules see it: every world of the components, judged whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pulumi

from components import platform
from components.spec import Environment
from policies import catalogue, levels, waivers
from policies.judge import Finding, Judge, Kind, Situation
from policies.rule import UNKNOWN, Resource, Setting
from policies.values import UNKNOWNS
from tests.components.recorder import Declared, record


def declared(environment: Environment, *, preview: bool = False) -> tuple[Resource, ...]:
    """Every resource of an environment, components included."""

    def program() -> Mapping[str, Any]:
        values = {key: pulumi.Output.secret(f"value of {key}") for key in environment.secret_keys}
        return platform.declare(environment, values)

    recording = record(program, preview=preview, stack_name=environment.stack)
    return tuple(_resource(one) for one in recording.resources)


def _resource(one: Declared) -> Resource:
    return Resource(one.type, one.name, _known(one.inputs), one.urn, one.parent or None, one.made_from)


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner) for inner in value]
    return UNKNOWN if isinstance(value, str) and value in UNKNOWNS else value


@cache
def _data() -> tuple[catalogue.Catalogue, levels.Levels]:
    rules = catalogue.load()
    return rules, levels.load(rules.ids)


@cache
def waived(platform_name: str) -> waivers.Waivers:
    """What the environments of a platform are meant to break; the project's own list where it has none."""
    path = Path(__file__).parent / "waivers" / f"{platform_name}.yaml"
    return waivers.load(_data()[0].ids, path if path.exists() else waivers.FILE)


def attested(resources: Iterable[Resource]) -> dict[str, Any]:
    """What a pipeline says of every image that it built: signed, known, and without a critical hole."""
    digests = {digest for one in resources for digest in re.findall(r"sha256:[0-9a-f]{64}", repr(one.properties))}
    return {digest: {"signed": True, "sbom": True, "critical": 0} for digest in digests}


def judged(
    environment: Environment,
    resources: tuple[Resource, ...],
    *,
    preview: bool = False,
    attestations: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """What the pack says of them, in this environment, with the project's own levels.

    :param attestations: Of the images; all of them are well where it is left out.
    """
    rules, levels_ = _data()
    known = attested(resources) if attestations is None else attestations
    situation = Situation(
        setting=Setting(environment.tier, (environment.registry.address,)),
        levels=levels_,
        waivers=waived(environment.platform),
        today=datetime.now(UTC).date(),
        stack=environment.stack,
        project="caas",
        preview=preview,
        options={"image-attested": {"attestations": known}},
    )
    judge = Judge(rules, situation)
    return [*(finding for one in resources for finding in judge.resource(one)), *judge.stack(resources)]


def violations(findings: Iterable[Finding]) -> list[str]:
    """What is neither waived nor undecided: rule, resource and message."""
    kept = [one for one in findings if one.kind is Kind.VIOLATION]
    return [f"{one.rule} {one.urn.split('::', 2)[-1]}: {one.message}" for one in kept]
