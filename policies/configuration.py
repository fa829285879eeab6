"""What the engine tells the pack about the stack and its own options, turned into the situation to judge by."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from policies import levels, waivers
from policies.judge import Situation
from policies.levels import Level
from policies.rule import Setting

NAMESPACE = "caas"


class ConfigurationError(Exception):
    """The pack was configured in a way that it refuses. One line, with the way out."""


@dataclass(frozen=True)
class Owner:
    """Who a resource belongs to, by the stack's configuration: what a missing tag may be filled in with."""

    tags: Mapping[str, str] = field(default_factory=dict)
    """owner, cost-centre, environment; those that are known."""
    retention: int | None = None
    """Days that logs are kept."""


def situation(
    stack: str,
    project: str,
    config: Mapping[str, str],
    *,
    preview: bool,
    ids: Collection[str],
    directory: Path = levels.FILE.parent,
) -> Situation:
    """How to judge this stack. Of the configuration a few plain keys are read, and never a secret.

    Raises `DataError` where levels.yaml or waivers.yaml has a fault.
    """
    tier = levels.tier(stack, config, NAMESPACE)
    return Situation(
        setting=Setting(tier=tier, registries=_registries(config)),
        levels=levels.load(ids, directory / levels.FILE.name),
        waivers=waivers.load(ids, directory / waivers.FILE.name),
        today=datetime.now(UTC).date(),
        stack=stack,
        project=project,
        preview=preview,
    )


def _registries(config: Mapping[str, str]) -> tuple[str, ...]:
    """The environment's registry; none where it names none, as a program of its own does."""
    given = _json(config.get(f"{NAMESPACE}:registry", ""))
    address = given.get("address") if isinstance(given, Mapping) else given
    return (address,) if isinstance(address, str) and address else ()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def owner(stack: str, config: Mapping[str, str]) -> Owner:
    """What the configuration says about whose the stack is."""
    known = {
        "environment": stack,
        "owner": config.get(f"{NAMESPACE}:owner"),
        "cost-centre": config.get(f"{NAMESPACE}:costCentre"),
    }
    days = config.get(f"{NAMESPACE}:logRetention", "")
    return Owner({key: text for key, text in known.items() if text}, int(days) if days.isdigit() else None)


@dataclass(frozen=True)
class Chosen:
    """What the operator set with ``--policy-pack-config``: rule -> level, as the engine hands it over."""

    stricter: frozenset[str]
    remediated: frozenset[str]


def chosen(given: Mapping[str, str], announced: Mapping[str, Level], remediable: Collection[str]) -> Chosen:
    """Check what the operator set. A rule may be made stricter or be remediated, never weakened.

    :param given: Rule -> advisory, mandatory, remediate or disabled. The engine fills in what was announced.
    """
    stricter, remediated = set(), set()
    for rule, level in given.items():
        default = announced.get(rule)
        if default is None or level == default.value:
            continue
        if level == "mandatory":
            stricter.add(rule)
        elif level == "remediate" and rule in remediable:
            remediated.add(rule)
        elif level == "remediate":
            known = ", ".join(sorted(remediable)) or "none"
            raise ConfigurationError(f"rule {rule} has no remediation; those that have one: {known}")
        else:
            raise ConfigurationError(
                f"rule {rule} is {default.value} here and cannot be set to {level}; "
                "mend the violation, or waive it by resource in policies/waivers.yaml"
            )
    return Chosen(frozenset(stricter), frozenset(remediated))
